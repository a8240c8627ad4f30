/** Swarm testing: each seed draws which faults exist in its world, and how hard they strike (Groce et al. 2012). */
import type { NodeId } from "../base/id.ts";
import type { SeededRandom } from "../base/random.ts";
import type { Fault, Planned, Who } from "./faults.ts";

/** What one seed's faults look like. */
export interface SwarmOptions {
  readonly nodes: readonly NodeId[];
  readonly leaseMs: number;
  readonly durationMs: number;
  /** Faults of the whole network begin with the world and last through the fault phase. */
  readonly loss?: number;
}

/** Draws one number between `low` and `high`, each factor as likely as another. */
export function drawLog(random: SeededRandom, low: number, high: number): number {
  return low * (high / low) ** random.next();
}

export function draw<T>(random: SeededRandom, from: readonly T[]): T {
  const value = from[Math.floor(random.next() * from.length)];
  if (value === undefined) throw new Error("nothing to draw from");
  return value;
}

export function chance(random: SeededRandom, share: number): boolean {
  return random.next() < share;
}

type Maker = (random: SeededRandom, options: SwarmOptions) => Fault;

/** How long a fault lasts: from a tenth of a lease to eight of them. */
function span(random: SeededRandom, { leaseMs }: SwarmOptions): number {
  return drawLog(random, leaseMs / 10, leaseMs * 8);
}

function who(random: SeededRandom, { nodes }: SwarmOptions): Who {
  return chance(random, 0.5) ? "leader" : draw(random, nodes);
}

const MAKERS: Readonly<Record<Fault["kind"], Maker>> = {
  crash: (random, options) => ({
    kind: "crash",
    who: who(random, options),
    downMs: chance(random, 0.4) ? random.next() * 50 : span(random, options),
    disk: chance(random, 0.3) ? "lost" : "kept",
    inTurn: chance(random, 0.4),
  }),
  stop: (random, options) => ({
    kind: "stop",
    who: who(random, options),
    downMs: 20 + span(random, options),
  }),
  pause: (random, options) => ({
    kind: "pause",
    who: who(random, options),
    forMs: span(random, options) / 2,
  }),
  slow: (random, options) => ({
    kind: "slow",
    who: who(random, options),
    lateMs: drawLog(random, 1, options.leaseMs / 2),
    forMs: 2 * span(random, options),
  }),
  isolate: (random, options) => ({
    kind: "isolate",
    who: who(random, options),
    way: draw(random, ["in", "out", "both"] as const),
    forMs: span(random, options),
  }),
  partition: (random, options) => ({
    kind: "partition",
    nodes: options.nodes.filter(() => chance(random, 0.5)),
    oneWay: chance(random, 0.4),
    forMs: span(random, options),
  }),
  cut: (random, options) => ({
    kind: "cut",
    from: draw(random, options.nodes),
    to: draw(random, options.nodes),
    forMs: 2 * span(random, options),
  }),
  flap: (random, options) => ({
    kind: "flap",
    from: draw(random, options.nodes),
    to: draw(random, options.nodes),
    eachMs: drawLog(random, options.leaseMs / 4, options.leaseMs * 4),
    forMs: 4 * span(random, options),
  }),
  weather: (random, options) => ({
    kind: "weather",
    weather: {
      loss: chance(random, 0.6) ? random.next() * 0.6 : 0,
      duplicate: chance(random, 0.4) ? random.next() * 0.3 : 0,
      stray: chance(random, 0.4) ? random.next() * 0.2 : 0,
      strayMs: drawLog(random, options.leaseMs / 4, options.leaseMs * 10),
      slowness: chance(random, 0.3) ? drawLog(random, 1, 40) : 1,
    },
    forMs: 2 * span(random, options),
  }),
  "wall-clock": (random, options) => ({
    kind: "wall-clock",
    who: draw(random, options.nodes),
    byMs: (random.next() - 0.5) * drawLog(random, 1000, 1e8),
  }),
  "step-down": () => ({ kind: "step-down" }),
};

/** Draws a whole plan of faults: which kinds exist, how often they strike, when. */
export function drawPlan(random: SeededRandom, options: SwarmOptions): Planned[] {
  const plan: Planned[] = [];
  const kinds = Object.values(MAKERS).filter(() => chance(random, 0.5));
  if (kinds.length > 0) {
    const pauseMs = drawLog(random, options.leaseMs / 4, options.leaseMs * 6);
    for (let at = drawLog(random, 1, 5 * options.leaseMs); at < options.durationMs;) {
      plan.push({ atMs: at, fault: draw(random, kinds)(random, options) });
      at += -Math.log(1 - random.next()) * pauseMs;
    }
  }
  const loss = options.loss ?? (chance(random, 0.5) ? random.next() * 0.3 : 0);
  const weather = {
    loss,
    duplicate: chance(random, 0.3) ? random.next() * 0.1 : 0,
    stray: chance(random, 0.3) ? random.next() * 0.05 : 0,
    strayMs: drawLog(random, options.leaseMs, options.leaseMs * 20),
    slowness: 1,
  };
  plan.unshift({ atMs: 0, fault: { kind: "weather", weather, forMs: Infinity } });
  return plan;
}
