/** The built-in drills (PRODUCT.md, Drills): what happens in each, and when. */
import type { SeededRandom } from "../base/random.ts";
import type { Config } from "../config/config.ts";
import type { Command } from "../node/events.ts";
import { CALM } from "./network.ts";
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

/** A moment that no timer of the cluster knows of, ms. */
export function about(random: SeededRandom, ms: number): number {
  return ms + random.next() * 2 * SECOND;
}

/** Ids of all nodes. */
export function nodeIds(config: Config): number[] {
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
          nodes: nodeIds(config).slice(0, Math.floor((nodeIds(config).length - 1) / 2)),
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
      ...nodeIds(config).map((id): Step => ({
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
      nodeIds(config).toReversed().map((id, i): Step => ({
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
  const steps: Step[] = drawPlan(random, { nodes: nodeIds(config), leaseMs, durationMs }).map((
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
  if (chance(random, 0.3)) steps.push(...drawCommands(config, random, durationMs));
  return steps;
}

/** What operators might do in the midst of it. */
function drawCommands(config: Config, random: SeededRandom, durationMs: number): Step[] {
  const steps: Step[] = [];
  for (let at = random.next() * 10 * SECOND; at < durationMs; at += (0.5 + random.next()) * 12 * SECOND) {
    const { name: service, targets } = draw(random, config.services);
    const target = draw(random, targets).name;
    const command = draw(
      random,
      [
        { kind: "switch", service, target, dryRun: false },
        { kind: "unpin", service },
        { kind: "drain", service, target },
        { kind: "undrain", service, target },
        { kind: "step-down" },
      ] as const satisfies readonly Command[],
    );
    steps.push({ atMs: at, fault: { kind: "command", who: draw(random, nodeIds(config)), command } });
  }
  return steps;
}

/** Finds a built-in drill. */
export function findScenario(name: string): Scenario | null {
  return SCENARIOS.find((scenario) => scenario.name === name) ?? null;
}
