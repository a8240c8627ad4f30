/** A cluster of bare election cores under swarm faults: the hunt for bugs of the protocol itself. */
import { SeededRandom } from "../base/random.ts";
import { completeSettings, type ElectionSettings } from "../election/settings.ts";
import { mutate, type Mutation } from "./mutations.ts";
import { NodeClock } from "./clock.ts";
import { Engine } from "./engine.ts";
import { describeFault, FaultBox, type Planned } from "./faults.ts";
import { ElectionJudge } from "./judge_election.ts";
import { createMachine, type Machine } from "./machine.ts";
import { type Latency, Network } from "./network.ts";
import { electionProgram } from "./program.ts";
import { Verdict } from "./promise.ts";
import { chance, draw, drawLog, drawPlan } from "./swarm.ts";

/** The presets of `[election] timing` (PRODUCT.md), and what networks they are made for. */
export const TIMINGS = {
  local: { heartbeatMs: 20, leaseMs: 150, latency: { baseMs: 0.05, jitterMs: 0.05 } },
  lan: { heartbeatMs: 50, leaseMs: 400, latency: { baseMs: 0.4, jitterMs: 0.1 } },
  wan: { heartbeatMs: 100, leaseMs: 1000, latency: { baseMs: 15, jitterMs: 1.5 } },
} as const;
export type TimingName = keyof typeof TIMINGS;

export interface ElectionWorldOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly timing: TimingName;
  readonly latency?: Latency;
  readonly preempt?: boolean;
  readonly preemptDelayMs?: number;
  readonly rho?: number;
  readonly disks?: readonly boolean[];
  /** Mean time between proposals, ms; Infinity = none. */
  readonly proposeEveryMs?: number;
  readonly proposalBytes?: readonly number[];
  readonly keepMemory?: boolean;
  readonly trace?: ((at: number, text: string) => void) | null;
  /** Has one more machine for this id, on which nothing runs yet: a twin (ELECTION.md rule 9). */
  readonly twinOf?: number;
  /** Breaks a rule of the protocol. */
  readonly mutation?: Mutation | null;
}

/** One world. */
export class ElectionWorld {
  readonly engine: Engine;
  readonly verdict = new Verdict();
  readonly judge: ElectionJudge;
  readonly faults: FaultBox;
  readonly machines: readonly Machine[];
  readonly options: ElectionWorldOptions;
  readonly #random: SeededRandom;
  #proposals = 0;

  constructor(options: ElectionWorldOptions) {
    this.options = options;
    const random = new SeededRandom(options.seed);
    this.#random = random.fork("proposals");
    const clocks = random.fork("clocks");
    const rho = options.rho ?? 0.01;
    const ids = Array.from({ length: options.nodes }, (_, i) => i + 1);
    const { twinOf } = options;
    const homes = twinOf === undefined ? ids : [...ids, twinOf];
    this.machines = homes.map((id, index) =>
      createMachine({
        id,
        index,
        zone: `z${id}`,
        clock: new NodeClock(
          drawRate(clocks, rho),
          clocks.next() * 1e7,
          (clocks.next() - 0.5) * drawLog(clocks, 1, 1e7),
        ),
        random: random.fork(index < options.nodes ? `node ${id}` : `twin of ${id}`),
        hasDisk: options.disks?.[index] ?? false,
        lateMs: 0.2,
      })
    );
    const { heartbeatMs, leaseMs, latency } = TIMINGS[options.timing];
    const members = ids.map((id) => ({ id, priority: 0 }));
    const settings = (self: number): ElectionSettings => {
      return completeSettings({
        self,
        members,
        heartbeatMs,
        leaseMs,
        preempt: options.preempt ?? true,
        preemptDelayMs: options.preemptDelayMs ?? 10_000,
      });
    };
    const start = electionProgram(settings);
    const network = new Network(homes.length, () => options.latency ?? latency, random.fork("network"));
    this.engine = new Engine({
      seed: options.seed,
      machines: this.machines,
      network,
      start: options.mutation == null ? start : mutate(options.mutation, start),
      clocksStop: options.mutation === "lease-over-a-pause",
      perform: (machine, effect, at) => {
        if (effect.kind !== "event") return;
        if (effect.event.name === "joined" && effect.event.level === "warning") {
          this.judge.gaveUp(machine, at);
        }
        options.trace?.(at, `node ${machine.id}: ${effect.event.text}`);
      },
    });
    this.judge = new ElectionJudge(this.machines, this.verdict);
    this.engine.watchers.push((machine, at) => this.judge.watch(machine, at));
    this.engine.onEnd.push(() => this.judge.memoryLost(this.engine.now));
    this.faults = new FaultBox(this.engine, {
      keepMemory: options.keepMemory ?? false,
      leader: () => this.judge.leader(this.engine.now),
      tell: (fault, who) => options.trace?.(this.engine.now, `FAULT ${describeFault(fault, who)}`),
    });
    for (const machine of this.machines.slice(0, options.nodes)) {
      this.engine.after(clocks.next() * 20, () => this.engine.start(machine));
    }
    if ((options.proposeEveryMs ?? Infinity) < Infinity) this.#proposeLater();
  }

  /** Lets the world run; stops early when a promise is broken or a core spins. */
  run(ms: number): void {
    this.engine.run(this.engine.now + ms, () => !this.verdict.clean || this.engine.spinning !== null);
  }

  /** Runs until something holds; returns how long it took, Infinity when longer than `limitMs`. */
  until(test: () => boolean, limitMs: number): number {
    const from = this.engine.now;
    this.engine.run(from + limitMs, () => test() || !this.verdict.clean);
    return test() ? this.engine.now - from : Infinity;
  }

  #proposeLater(): void {
    const { proposeEveryMs = Infinity, proposalBytes = [20] } = this.options;
    this.engine.after(-Math.log(1 - this.#random.next()) * proposeEveryMs, () => {
      const leader = this.judge.leader(this.engine.now);
      const bytes = draw(this.#random, proposalBytes);
      if (leader !== null) this.#propose(leader, bytes);
      this.#proposeLater();
    });
  }

  #propose(leader: Machine, size: number): void {
    const number = ++this.#proposals;
    const state = new Uint8Array(Math.max(4, size));
    new DataView(state.buffer).setUint32(0, number);
    this.engine.give(leader, { kind: "propose", state });
  }
}

/** A clock's rate within 1 +- rho, often at the ends. */
function drawRate(random: SeededRandom, rho: number): number {
  const share = chance(random, 0.5) ? draw(random, [-1, 0, 1]) : 2 * random.next() - 1;
  return 1 + share * rho;
}

/** What a seed made of its world. */
export interface SwarmOutcome {
  readonly seed: number;
  readonly world: ElectionWorld;
  readonly plan: readonly Planned[];
  /** From healing until a leader acts, ms. */
  readonly recoveredMs: number;
}

/** One seed of the hunt: a world drawn from it, a fault phase, then healing and a demand for progress. */
export function electionSwarm(
  seed: number,
  given: Partial<ElectionWorldOptions> & {
    readonly durationMs?: number;
    readonly plan?: readonly Planned[];
  } = {},
): SwarmOutcome {
  const random = new SeededRandom(seed).fork("swarm");
  const nodes = given.nodes ?? draw(random, [3, 3, 3, 5, 5, 7]);
  const timing = given.timing ?? draw(random, ["local", "lan", "wan"] as const);
  const { leaseMs, latency } = TIMINGS[timing];
  const disk = draw(random, ["none", "none", "all", "some"] as const);
  const preemptDelayMs = leaseMs * draw(random, [1, 3, 10]);
  const options: ElectionWorldOptions = {
    seed,
    nodes,
    timing,
    latency: draw(random, [latency, { baseMs: 0.1, jitterMs: 0.1 }, {
      baseMs: leaseMs / 50,
      jitterMs: leaseMs / 50,
    }, { baseMs: leaseMs / 12, jitterMs: 1 }]),
    preempt: chance(random, 0.8),
    preemptDelayMs,
    disks: Array.from({ length: nodes }, () => disk === "all" || (disk === "some" && chance(random, 0.5))),
    proposeEveryMs: chance(random, 0.8) ? drawLog(random, leaseMs / 20, leaseMs * 3) : Infinity,
    proposalBytes: draw(random, [[20], [600, 700], [20, 3000], [30_000], [20, 200_000]]),
    keepMemory: chance(random, 0.7),
    ...given,
  };
  const durationMs = given.durationMs ?? leaseMs * 60;
  const world = new ElectionWorld(options);
  const ids = world.machines.map((m) => m.id);
  const plan = given.plan ?? drawPlan(random, { nodes: ids, leaseMs, durationMs });
  world.faults.schedule(plan);
  world.run(durationMs);
  if (!world.verdict.clean || world.engine.spinning !== null) {
    return { seed, world, plan, recoveredMs: Infinity };
  }
  options.trace?.(world.engine.now, "HEALED");
  world.faults.heal();
  const recoveredMs = world.until(() => world.judge.leader(world.engine.now) !== null, 20 * leaseMs + 2000);
  if (recoveredMs === Infinity && world.verdict.clean) {
    world.verdict.broken(
      "recovers",
      world.engine.now,
      `no leader ${20 * leaseMs + 2000} ms after all faults were over`,
    );
  }
  if (world.verdict.clean) steadyAfterwards(world, leaseMs);
  return { seed, world, plan, recoveredMs };
}

/** With all faults gone a leader stays; only authority may take the lease from it, and in the end has it. */
function steadyAfterwards(world: ElectionWorld, leaseMs: number): void {
  const { preempt = true, preemptDelayMs = Infinity } = world.options;
  world.run(4 * leaseMs);
  const before = world.judge.tenures.length;
  world.run(20 * leaseMs);
  if (!world.verdict.clean) return;
  const changes = world.judge.tenures.slice(before);
  const ids = changes.map((tenure) => tenure.machine.id);
  const rising = ids.every((id, i) => i === 0 || id <= ids[i - 1]!);
  const leads = (): boolean => world.judge.leader(world.engine.now) !== null;
  if (!rising || changes.length > world.machines.length || world.until(leads, leaseMs) === Infinity) {
    const detail = `leaders ${ids.join(", ")} one after the other without a fault`;
    world.verdict.broken("recovers", world.engine.now, detail);
  }
  if (!preempt || preemptDelayMs > leaseMs) return;
  // L5, after the longest wait that a node which kept vanishing has earned.
  const first = (): boolean => world.judge.leader(world.engine.now)?.id === 1;
  if (world.until(first, 34 * preemptDelayMs) === Infinity && world.verdict.clean) {
    world.verdict.broken("recovers", world.engine.now, "node 1 has been steady for long and does not lead");
  }
}
