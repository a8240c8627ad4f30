/** Worlds with two processes of one id (ELECTION.md rule 9). */
import { SeededRandom } from "../../src/base/random.ts";
import { ElectionWorld, TIMINGS } from "../../src/sim/election_world.ts";
import type { Machine } from "../../src/sim/machine.ts";
import type { Mutation } from "../../src/sim/mutations.ts";

const { leaseMs } = TIMINGS.local;

/** A world with a machine on which a second process of a node's id can be started. */
export interface TwinWorld {
  readonly world: ElectionWorld;
  readonly old: Machine;
  readonly twin: Machine;
}

/** A settled cluster of three with a twin of one of them at hand; which one changes with the seed. */
export function settled(seed: number, mutation: Mutation | null = null): TwinWorld {
  const world = new ElectionWorld({
    ...{ seed, nodes: 3, timing: "local", twinOf: 1 + seed % 3, rho: 0.001, mutation },
    ...{ disks: Array.from({ length: 4 }, () => seed % 2 === 0), proposeEveryMs: leaseMs },
  });
  world.until(() => world.judge.leader(world.engine.now) !== null, 20 * leaseMs);
  world.run(4 * leaseMs);
  const twin = world.machines[3] as Machine;
  return { world, old: world.engine.machine(twin.id), twin };
}

/** Two processes of one id under cuts and pauses, while its address goes to the one, to the other, to both. */
export function twinsUnderFaults(seed: number, mutation: Mutation | null = null): TwinWorld {
  const all = settled(seed, mutation);
  const { world, old, twin } = all;
  const random = new SeededRandom(seed).fork("twin faults");
  if (random.next() < 0.5) twin.disk = old.disk;
  for (let round = 0; round < 12; round++) {
    const lot = random.next();
    world.engine.moveAddress(twin.id, lot < 0.4 ? [old, twin] : lot < 0.7 ? [twin] : [old]);
    if (round === 1) world.engine.start(twin);
    const who = 1 + Math.floor(3 * random.next());
    if (random.next() < 0.3) world.faults.strike({ kind: "isolate", who, way: "both", forMs: 2 * leaseMs });
    if (random.next() < 0.3) world.faults.strike({ kind: "pause", who, forMs: 3 * leaseMs * random.next() });
    world.run(leaseMs * (1 + 4 * random.next()));
  }
  return all;
}
