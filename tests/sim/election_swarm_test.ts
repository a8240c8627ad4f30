import assert from "node:assert/strict";
import { electionSwarm } from "../../src/sim/election_world.ts";

/** Runs seeds of the bare election and returns what broke, as text. */
function hunt(first: number, seeds: number, nodes: number): string[] {
  const broken: string[] = [];
  for (let seed = first; seed < first + seeds; seed++) {
    const { world } = electionSwarm(seed, { nodes });
    for (const { promise, atMs, detail } of world.verdict.first) {
      broken.push(`seed ${seed}, ${nodes} nodes, ${Math.round(atMs)} ms: ${promise}: ${detail}`);
    }
    if (world.engine.spinning !== null) broken.push(`seed ${seed}: node ${world.engine.spinning.id} spins`);
  }
  return broken;
}

for (const [nodes, seeds] of [[3, 80], [5, 40], [7, 20]] as const) {
  Deno.test(`no fault breaks a promise of the election: ${nodes} nodes, ${seeds} seeds`, () => {
    assert.deepEqual(hunt(1000 * nodes, seeds, nodes), []);
  });
}

Deno.test("seeds that once broke a promise stay whole", () => {
  // 86: rule 7 under a ballot not granted yet; 812: memory half learnt was taken for whole after a restart;
  // 270, 389, 1059: a stray datagram of a dead life shut the living one out for ever; 262: handovers not taken up.
  const broken = [86, 115, 262, 270, 389, 812, 1031, 1059, 1462, 1519].flatMap((seed) =>
    electionSwarm(seed).world.verdict.first.map(({ promise, detail }) =>
      `seed ${seed}: ${promise}: ${detail}`
    )
  );
  assert.deepEqual(broken, []);
});
