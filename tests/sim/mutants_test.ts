import assert from "node:assert/strict";
import { SeededRandom } from "../../src/base/random.ts";
import { electionSwarm, type SwarmOutcome, TIMINGS } from "../../src/sim/election_world.ts";
import type { Planned } from "../../src/sim/faults.ts";
import { type Mutation, MUTATIONS } from "../../src/sim/mutations.ts";
import { CALM } from "../../src/sim/network.ts";
import { twinsUnderFaults } from "./twins.ts";

/** Seeds within which each wrong protocol must be caught. */
const MOST_SEEDS = 200;

/** One seed of faults of every kind. */
function anyFaults(seed: number, mutation: Mutation | null): SwarmOutcome {
  return electionSwarm(seed, { mutation, nodes: 3 });
}

/** Processes that start again and again without memory, while datagrams of their earlier lives still arrive. */
function restartsAmongStrays(seed: number, mutation: Mutation | null): SwarmOutcome {
  const random = new SeededRandom(seed).fork("restarts");
  const { leaseMs } = TIMINGS.local;
  const weather = { ...CALM, loss: 0.1, duplicate: 0.3, stray: 0.3, strayMs: 4 * leaseMs };
  const plan: Planned[] = [{ atMs: 0, fault: { kind: "weather", weather, forMs: Infinity } }];
  const durationMs = 130 * leaseMs;
  for (let at = 6 * leaseMs; at < durationMs; at += leaseMs * (1 + 4 * random.next())) {
    const who = 1 + Math.floor(3 * random.next());
    const downMs = 1 + random.next() * leaseMs / 2;
    plan.push({ atMs: at, fault: { kind: "crash", who, downMs, disk: "lost", inTurn: random.next() < 0.3 } });
  }
  return electionSwarm(seed, {
    ...{ mutation, nodes: 3, timing: "local", plan, durationMs, keepMemory: true, rho: 0.001 },
    ...{ disks: [false, false, false], proposeEveryMs: leaseMs / 7, proposalBytes: [20] },
  });
}

/** The one acceptor that a leader has restarts in the middle of the lease; then the leader is cut off. */
function restartedAcceptor(seed: number, mutation: Mutation | null): SwarmOutcome {
  const random = new SeededRandom(seed).fork("acceptor");
  const { leaseMs } = TIMINGS.wan;
  const plan: Planned[] = [];
  for (let at = 10 * leaseMs; at < 50 * leaseMs; at += 10 * leaseMs) {
    for (const [from, to] of [[1, 3], [3, 1]] as const) {
      plan.push({ atMs: at, fault: { kind: "cut", from, to, forMs: 5 * leaseMs } });
    }
    const then = at + leaseMs * (2 + random.next());
    plan.push({ atMs: then, fault: { kind: "crash", who: 2, downMs: 1, disk: "kept", inTurn: false } });
    plan.push({ atMs: then, fault: { kind: "isolate", who: 1, way: "both", forMs: 3 * leaseMs } });
  }
  const options = { timing: "wan", plan, durationMs: 60 * leaseMs, keepMemory: true, rho: 0.001 } as const;
  return electionSwarm(seed, { mutation, nodes: 3, disks: [true, true, true], ...options });
}

/** Where chance alone finds a fault too seldom: the schedule that aims at it. */
const AIMED: Partial<Record<Mutation, (seed: number, mutation: Mutation) => Pick<SwarmOutcome, "world">>> = {
  "same-incarnation": restartsAmongStrays,
  "no-quarantine": restartedAcceptor,
  "votes-beside-a-twin": twinsUnderFaults,
};

/** The first promise that a mutation breaks, and how many seeds it took. */
function caught(mutation: Mutation): string | null {
  const live = AIMED[mutation] ?? anyFaults;
  for (let seed = 1; seed <= MOST_SEEDS; seed++) {
    try {
      const { world } = live(seed, mutation);
      const broken = world.verdict.first[0]?.promise ?? (world.engine.spinning === null ? null : "spins");
      if (broken !== null) return broken;
    } catch (problem) {
      return `assertion: ${problem instanceof Error ? problem.message : problem}`;
    }
  }
  return null;
}

for (const mutation of MUTATIONS) {
  Deno.test(`a protocol with the fault "${mutation}" is caught`, () => {
    assert.notEqual(caught(mutation), null, `${mutation} survived ${MOST_SEEDS} seeds`);
  });
}

Deno.test("an acceptor that restarts within the lease makes no second leader, 40 seeds", () => {
  for (let seed = 1; seed <= 40; seed++) {
    assert.deepEqual(restartedAcceptor(seed, null).world.verdict.first, [], `seed ${seed}`);
  }
});

Deno.test("restarts without memory among datagrams of earlier lives break no promise, 40 seeds", () => {
  for (let seed = 1; seed <= 40; seed++) {
    assert.deepEqual(restartsAmongStrays(seed, null).world.verdict.first, [], `seed ${seed}`);
  }
});
