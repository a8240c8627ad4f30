import assert from "node:assert/strict";
import { electionSwarm } from "../../src/sim/election_world.ts";
import { type Mutation, MUTATIONS } from "../../src/sim/mutations.ts";

/** Seeds within which each wrong protocol must be caught. */
const MOST_SEEDS = 600;

/** The first seed that catches a mutation, and how. */
function caught(mutation: Mutation): string | null {
  for (let seed = 1; seed <= MOST_SEEDS; seed++) {
    try {
      const { world } = electionSwarm(seed, { mutation, nodes: 3 });
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
