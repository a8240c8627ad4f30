/** How long the election takes, measured on bare cores without other faults: the numbers of ELECTION.md and the README. */
import { SeededRandom } from "../base/random.ts";
import { ElectionWorld, type TimingName, TIMINGS } from "./election_world.ts";
import { CALM } from "./network.ts";

/** What takes the lease from a leader. */
export type TakeoverCause = "crash" | "step-down" | "stop" | "preempt";

export interface TakeoverOptions {
  readonly timing: TimingName;
  readonly nodes: number;
  /** Share of datagrams lost. */
  readonly loss: number;
  readonly cause: TakeoverCause;
  readonly runs: number;
  readonly firstSeed?: number;
}

/** From the cause until the next leader may act, ms, sorted. For `preempt`: from the release. Infinity = never. */
export function measureTakeovers(options: TakeoverOptions): number[] {
  const times: number[] = [];
  for (let run = 0; run < options.runs; run++) times.push(takeover(options, (options.firstSeed ?? 1) + run));
  return times.sort((a, b) => a - b);
}

function takeover({ timing, nodes, loss, cause }: TakeoverOptions, seed: number): number {
  const { leaseMs } = TIMINGS[timing];
  const world = new ElectionWorld({
    seed,
    nodes,
    timing,
    preemptDelayMs: 3 * leaseMs,
    proposeEveryMs: leaseMs,
  });
  const { engine, judge } = world;
  const leader = (): ReturnType<typeof judge.leader> => judge.leader(engine.now);
  world.faults.schedule([{
    atMs: 0,
    fault: { kind: "weather", weather: { ...CALM, loss }, forMs: Infinity },
  }]);
  const settled = (): boolean =>
    leader()?.id === 1 && world.machines.every((m) => m.program?.election.joining === null);
  if (world.until(settled, 40 * leaseMs) === Infinity) return Infinity;
  world.run(2 * leaseMs + new SeededRandom(seed).fork("moment").next() * leaseMs);
  const first = world.machines[0];
  if (first === undefined || leader() !== first) return Infinity;
  if (cause === "crash") engine.crash(first);
  else if (cause === "stop") engine.give(first, { kind: "stop" });
  else if (cause === "step-down") engine.give(first, { kind: "step-down" });
  else {
    engine.give(first, { kind: "step-down" });
    if (world.until(() => leader() !== null && leader() !== first, 20 * leaseMs) === Infinity) {
      return Infinity;
    }
    if (world.until(() => leader() === null, 60 * leaseMs) === Infinity) return Infinity; // it gives way
    return world.until(() => leader() === first, 20 * leaseMs);
  }
  return world.until(() => leader() !== null && leader() !== first, 20 * leaseMs);
}

/** How a steady cluster behaves over a long time. */
export interface Steadiness {
  /** Changes of leader that no fault but loss caused. */
  readonly changes: number;
  readonly virtualMs: number;
  /** Datagrams a second, of the whole cluster. */
  readonly datagramsPerSecond: number;
}

/** Lets a cluster run under loss alone. */
export function measureSteadiness(
  options: {
    readonly timing: TimingName;
    readonly nodes: number;
    readonly loss: number;
    readonly virtualMs: number;
    readonly seed: number;
  },
): Steadiness {
  const { timing, nodes, loss, virtualMs, seed } = options;
  const { leaseMs } = TIMINGS[timing];
  const world = new ElectionWorld({ seed, nodes, timing, preemptDelayMs: 3 * leaseMs });
  world.faults.schedule([{
    atMs: 0,
    fault: { kind: "weather", weather: { ...CALM, loss }, forMs: Infinity },
  }]);
  world.run(30 * leaseMs);
  const before = world.judge.tenures.length;
  const sent = world.engine.network.sent;
  world.run(virtualMs);
  return {
    changes: world.judge.tenures.length - before,
    virtualMs,
    datagramsPerSecond: (world.engine.network.sent - sent) / virtualMs * 1000,
  };
}

/** The value below which a share of sorted numbers lies; NaN of none. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}
