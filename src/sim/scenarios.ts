/** The built-in drills (PRODUCT.md, Drills): what happens in each, and when. */
import type { SeededRandom } from "../base/random.ts";
import type { Config } from "../config/config.ts";
import { CALM } from "./network.ts";
import type { GuardName } from "./guards.ts";
import { drawMood } from "./moods.ts";
import { GOOD_MOOD } from "./provider.ts";
import { chance, draw, drawLog, drawPlan } from "./swarm.ts";
import type { Step } from "./world_faults.ts";

/** One drill. */
export interface Scenario {
  readonly name: string;
  /** One line for people. */
  readonly about: string;
  readonly durationMs: number;
  /** Leaders and targets must be replaced within the budget: true where each fault stands alone. */
  readonly timed: boolean;
  /** Faults from a settled cluster on; `random` draws where a drill leaves something open. */
  readonly steps: (config: Config, random: SeededRandom, durationMs: number) => readonly Step[];
  /** Virtual time before the first fault, ms; 0 = the faults meet a cold start. */
  readonly settleMs?: number;
}

const SECOND = 1000;

/** Long enough for every quarantine, first verdict and publish. */
export const SETTLE_MS = 15 * SECOND;

/** A moment that no timer of the cluster knows of. */
function about(random: SeededRandom, ms: number): number {
  return ms + random.next() * 2 * SECOND;
}

function others(config: Config): number[] {
  return config.cluster.nodes.map((node) => node.id);
}

const forEver = Infinity;

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "primary-down",
    about: "the active target dies: once refusing, once hanging; it comes back",
    durationMs: 120 * SECOND,
    timed: true,
    steps: (_config, random) => [
      {
        atMs: about(random, 2 * SECOND),
        fault: { kind: "target", target: "active", trouble: "refuses", forMs: 30 * SECOND },
      },
      {
        atMs: about(random, 60 * SECOND),
        fault: { kind: "target", target: "active", trouble: "hangs", forMs: 30 * SECOND },
      },
    ],
  },
  {
    name: "primary-flaps",
    about: "the first target goes down and up, faster than anyone can follow",
    durationMs: 90 * SECOND,
    timed: false,
    steps: (_config, random) =>
      Array.from({ length: 20 }, (_, i): Step => ({
        atMs: about(random, (2 + 3 * i) * SECOND),
        fault: {
          kind: "target",
          target: 0,
          trouble: draw(random, ["refuses", "errors", "hangs"] as const),
          forMs: 300 + random.next() * 2000,
        },
      })),
  },
  {
    name: "leader-crash",
    about: "the leader's process dies and starts again, twice",
    durationMs: 90 * SECOND,
    timed: true,
    steps: (_config, random) => [
      {
        atMs: about(random, 2 * SECOND),
        fault: { kind: "crash", who: "leader", downMs: 10 * SECOND, disk: "kept", inTurn: false },
      },
      {
        atMs: about(random, 45 * SECOND),
        fault: { kind: "crash", who: "leader", downMs: 10 * SECOND, disk: "lost", inTurn: false },
      },
    ],
  },
  {
    name: "leader-pause",
    about: "the leader is stopped for 5 s (a frozen VM) and goes on where it was, while its target dies",
    durationMs: 90 * SECOND,
    timed: true,
    steps: (_config, random) => [
      { atMs: about(random, 2 * SECOND), fault: { kind: "pause", who: "leader", forMs: 5 * SECOND } },
      {
        atMs: about(random, 45 * SECOND),
        fault: { kind: "target", target: "active", trouble: "refuses", forMs: 20 * SECOND },
      },
      { atMs: about(random, 46 * SECOND), fault: { kind: "pause", who: "leader", forMs: 3 * SECOND } },
    ],
  },
  {
    name: "az-outage",
    about: "the first zone is gone: its nodes, and its targets with them",
    durationMs: 120 * SECOND,
    timed: true,
    steps: (config, random) => [{
      atMs: about(random, 2 * SECOND),
      fault: { kind: "zone", zone: config.cluster.nodes[0]?.zone ?? "", forMs: 50 * SECOND },
    }],
  },
  {
    name: "partition",
    about: "the leader is cut off from the others, then a minority",
    durationMs: 120 * SECOND,
    timed: true,
    steps: (config, random) => [
      {
        atMs: about(random, 2 * SECOND),
        fault: { kind: "isolate", who: "leader", way: "both", forMs: 20 * SECOND },
      },
      {
        atMs: about(random, 60 * SECOND),
        fault: {
          kind: "partition",
          nodes: others(config).slice(0, Math.floor((others(config).length - 1) / 2)),
          oneWay: false,
          forMs: 20 * SECOND,
        },
      },
    ],
  },
  {
    name: "one-way-partition",
    about: "the leader hears nobody, then nobody hears it",
    durationMs: 120 * SECOND,
    timed: true,
    steps: (_config, random) => [
      {
        atMs: about(random, 2 * SECOND),
        fault: { kind: "isolate", who: "leader", way: "in", forMs: 20 * SECOND },
      },
      {
        atMs: about(random, 60 * SECOND),
        fault: { kind: "isolate", who: "leader", way: "out", forMs: 20 * SECOND },
      },
    ],
  },
  {
    name: "packet-loss",
    about: "30 % of all datagrams are lost, and the active target dies",
    durationMs: 90 * SECOND,
    timed: true,
    steps: (_config, random) => [
      {
        atMs: SECOND,
        fault: { kind: "weather", weather: { ...CALM, loss: 0.3, duplicate: 0.02 }, forMs: forEver },
      },
      {
        atMs: about(random, 30 * SECOND),
        fault: { kind: "target", target: "active", trouble: "refuses", forMs: 30 * SECOND },
      },
    ],
  },
  {
    name: "clock-drift",
    about: "clocks run apart and wall clocks jump by hours, and the leader dies",
    durationMs: 90 * SECOND,
    timed: true,
    steps: (config, random) => [
      ...others(config).map((id): Step => ({
        atMs: about(random, 2 * SECOND),
        fault: { kind: "wall-clock", who: id, byMs: (random.next() - 0.5) * 4 * 3600 * SECOND },
      })),
      {
        atMs: about(random, 20 * SECOND),
        fault: { kind: "crash", who: "leader", downMs: 10 * SECOND, disk: "kept", inTurn: false },
      },
    ],
  },
  {
    name: "rolling-restart",
    about: "every node is restarted, one after the other",
    durationMs: 120 * SECOND,
    timed: true,
    steps: (config, random) =>
      others(config).toReversed().map((id, i): Step => ({
        atMs: about(random, (2 + 15 * i) * SECOND),
        fault: { kind: "stop", who: id, downMs: 2 * SECOND },
      })),
  },
  {
    name: "cold-start",
    about: "all nodes start at once, without memory, with a target down",
    durationMs: 60 * SECOND,
    timed: false,
    settleMs: 0,
    steps: () => [{ atMs: 0, fault: { kind: "target", target: 0, trouble: "refuses", forMs: 30 * SECOND } }],
  },
  {
    name: "dns-api-down",
    about: "the DNS provider fails every call while the active target dies",
    durationMs: 150 * SECOND,
    timed: false,
    steps: (_config, random) => [
      {
        atMs: 2 * SECOND,
        fault: { kind: "provider", mood: { ...GOOD_MOOD, failing: 1 }, forMs: 40 * SECOND },
      },
      {
        atMs: about(random, 5 * SECOND),
        fault: { kind: "target", target: "active", trouble: "refuses", forMs: 100 * SECOND },
      },
    ],
  },
  {
    name: "dns-api-slow",
    about: "the DNS provider takes seconds, applies writes late and twice, while leaders come and go",
    durationMs: 150 * SECOND,
    timed: false,
    steps: (_config, random) => [
      {
        atMs: 2 * SECOND,
        fault: {
          kind: "provider",
          mood: { latencyMs: 1200, failing: 0.1, late: 0.3, lateMs: 8000, twice: 0.3, limited: 0.1 },
          forMs: 80 * SECOND,
        },
      },
      {
        atMs: about(random, 5 * SECOND),
        fault: { kind: "target", target: "active", trouble: "refuses", forMs: 20 * SECOND },
      },
      {
        atMs: about(random, 9 * SECOND),
        fault: { kind: "crash", who: "leader", downMs: 8 * SECOND, disk: "kept", inTurn: false },
      },
      {
        atMs: about(random, 40 * SECOND),
        fault: { kind: "target", target: "active", trouble: "hangs", forMs: 20 * SECOND },
      },
    ],
  },
  {
    name: "all-down",
    about: "every target is down, then one comes back, then the other",
    durationMs: 120 * SECOND,
    timed: false,
    steps: (_config, random) => [
      {
        atMs: about(random, 2 * SECOND),
        fault: { kind: "target", target: 0, trouble: "refuses", forMs: 60 * SECOND },
      },
      {
        atMs: about(random, 2 * SECOND),
        fault: { kind: "target", target: 1, trouble: "hangs", forMs: 30 * SECOND },
      },
    ],
  },
  {
    name: "chaos",
    about: "faults of every kind, as the seed draws them",
    durationMs: 60 * SECOND,
    timed: false,
    settleMs: 0,
    steps: drawChaos,
  },
];

/** Faults of machines, network, targets and providers, each seed another mixture. */
function drawChaos(config: Config, random: SeededRandom, durationMs: number): Step[] {
  const { leaseMs } = config.election;
  const steps: Step[] = drawPlan(random, { nodes: others(config), leaseMs, durationMs }).map((
    { atMs, fault },
  ) => ({ atMs, fault }));
  const zones = [...new Set(config.cluster.nodes.map((node) => node.zone))];
  const most = Math.max(...config.services.map((service) => service.targets.length), 1);
  if (chance(random, 0.7)) {
    const everyMs = drawLog(random, 2 * SECOND, 20 * SECOND);
    for (let at = everyMs * random.next(); at < durationMs; at += everyMs * (0.5 + random.next())) {
      const target = chance(random, 0.5) ? "active" : Math.floor(random.next() * most);
      const forMs = drawLog(random, 200, 20 * SECOND);
      steps.push({
        atMs: at,
        fault: chance(random, 0.6)
          ? { kind: "target", target, trouble: draw(random, ["refuses", "hangs", "errors"] as const), forMs }
          : { kind: "unreachable", target, zones: zones.filter(() => chance(random, 0.4)), forMs },
      });
    }
  }
  if (chance(random, 0.5)) {
    for (let at = random.next() * 10 * SECOND; at < durationMs; at += 15 * SECOND) {
      steps.push({
        atMs: at,
        fault: { kind: "provider", mood: drawMood(random), forMs: drawLog(random, SECOND, 15 * SECOND) },
      });
    }
  }
  return steps;
}

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
  const ids = others(config);
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

/** Finds a built-in drill. */
export function findScenario(name: string): Scenario | null {
  return SCENARIOS.find((scenario) => scenario.name === name) ?? null;
}
