/** The drills of `simulate --without`. */
import type { SeededRandom } from "../base/random.ts";
import type { Config } from "../config/config.ts";
import type { GuardName } from "./guards.ts";
import { CALM } from "./network.ts";
import { GOOD_MOOD } from "./provider.ts";
import { about, nodeIds, type Scenario } from "./scenarios.ts";
import type { Step } from "./world_faults.ts";

const SECOND = 1000;

/** For each guard, the drill that needs it most: with the guard nothing breaks, without it something does. */
export const GUARD_SCENARIOS: Readonly<Record<GuardName, Scenario>> = {
  lease: guardScenario("lease", "the leader is cut off and goes on working", (_config, random) => [
    {
      atMs: about(random, 2 * SECOND),
      fault: { kind: "isolate", who: "leader", way: "both", forMs: 15 * SECOND },
    },
  ]),
  quarantine: guardScenario(
    "quarantine",
    "a voter restarts within the lease that it has granted",
    drawRestarts,
  ),
  quorum: guardScenario(
    "quorum",
    "the leader's network is slow, others want the lease",
    (_config, random) => [
      {
        atMs: about(random, 2 * SECOND),
        fault: { kind: "isolate", who: "leader", way: "both", forMs: 5 * SECOND },
      },
      {
        atMs: about(random, 10 * SECOND),
        fault: { kind: "weather", weather: { ...CALM, loss: 0.5 }, forMs: 15 * SECOND },
      },
    ],
  ),
  fence: guardScenario("fence", "writes arrive late, after the next leader's", drawLateWrites),
  observers: guardScenario(
    "observers",
    "one zone does not reach the active target, all others do",
    (config, random) => [
      {
        atMs: about(random, 2 * SECOND),
        fault: {
          kind: "unreachable",
          target: "active",
          zones: [config.cluster.nodes.at(-1)?.zone ?? ""],
          forMs: 30 * SECOND,
        },
      },
    ],
  ),
};

function guardScenario(guard: GuardName, text: string, steps: Scenario["steps"]): Scenario {
  return { name: `needs-${guard}`, about: text, durationMs: 60 * SECOND, timed: false, steps };
}

/** Half of the others lose the first node, the leader; then the rest restarts and does not hear it any more. */
function drawRestarts(config: Config, random: SeededRandom): Step[] {
  const { leaseMs } = config.election;
  const ids = nodeIds(config);
  const cut = ids.slice(1).filter((_, i) => i % 2 === 0);
  const rest = ids.slice(1).filter((_, i) => i % 2 === 1);
  return Array.from({ length: 6 }, (_, round): Step[] => {
    const atMs = about(random, (2 + 9 * round) * SECOND);
    const strikeMs = atMs + leaseMs * (0.9 + 0.3 * random.next());
    return [
      ...cut.flatMap((id): Step[] => [
        { atMs, fault: { kind: "cut", from: ids[0] ?? 1, to: id, forMs: leaseMs * 4 } },
        { atMs, fault: { kind: "cut", from: id, to: ids[0] ?? 1, forMs: leaseMs * 4 } },
      ]),
      ...rest.map((id): Step => ({
        atMs: strikeMs,
        fault: { kind: "crash", who: id, downMs: 1, disk: "kept", inTurn: false },
      })),
      ...rest.map((id): Step => ({
        atMs: strikeMs,
        fault: { kind: "cut", from: ids[0] ?? 1, to: id, forMs: leaseMs * 4 },
      })),
    ];
  }).flat();
}

function drawLateWrites(_config: Config, random: SeededRandom): Step[] {
  const mood = { ...GOOD_MOOD, late: 0.5, lateMs: 8 * SECOND };
  return [
    { atMs: 0, fault: { kind: "provider", mood, forMs: 55 * SECOND } },
    ...Array.from({ length: 8 }, (_, i): Step[] => [
      {
        atMs: about(random, 6 * i * SECOND),
        fault: { kind: "target", target: "active", trouble: "refuses", forMs: 5 * SECOND },
      },
      { atMs: about(random, (6 * i + 2) * SECOND), fault: { kind: "step-down" } },
    ]).flat(),
  ];
}
