import assert from "node:assert/strict";
import { builtinConfig } from "../../src/sim/builtin_config.ts";
import { type DrillResult, runDrillSeed } from "../../src/sim/drill_run.ts";
import { NODE_MUTATIONS, type NodeMutation } from "../../src/sim/node_mutations.ts";
import { SCENARIOS } from "../../src/sim/scenarios.ts";

/** Where each wrong version shows. */
const SCENARIO: Readonly<Record<NodeMutation, string>> = {
  "counts-unknown-as-up": "cold-start",
  "counts-down-as-up": "primary-down",
  "counts-up-as-down": "primary-down",
};
const SEEDS = 5;

function run(mutation: NodeMutation | null, name: string, seed: number): DrillResult {
  const scenario = SCENARIOS.find((candidate) => candidate.name === name);
  assert.ok(scenario !== undefined);
  const config = builtinConfig(3);
  const given = { config, scenario, seed, durationMs: null, loss: null, without: null, timeline: false };
  return runDrillSeed({ ...given, nodeMutation: mutation });
}

for (const mutation of NODE_MUTATIONS) {
  Deno.test(`failover logic with the fault "${mutation}" is caught`, () => {
    const name = SCENARIO[mutation];
    const promises = new Set<string>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      for (const { promise } of run(mutation, name, seed).broken) promises.add(promise);
      assert.deepEqual(run(null, name, seed).broken, [], `seed ${seed} without the fault`);
    }
    assert.ok(promises.size > 0, `${mutation} survived ${SEEDS} seeds of ${name}`);
  });
}
