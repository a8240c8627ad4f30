import assert from "node:assert/strict";
import { builtinConfig } from "../../src/sim/builtin_config.ts";
import { drillBudget, type DrillResult, runDrillSeed } from "../../src/sim/drill_run.ts";
import type { GuardName } from "../../src/sim/guards.ts";
import { GUARD_SCENARIOS } from "../../src/sim/guard_scenarios.ts";
import { type Scenario, SCENARIOS } from "../../src/sim/scenarios.ts";
import { shrinkDrill } from "../../src/sim/sweep.ts";

const CONFIG = builtinConfig(3);

function run(scenario: Scenario, seed: number, without: GuardName | null = null, nodes = 3): DrillResult {
  const config = nodes === 3 ? CONFIG : builtinConfig(nodes);
  return runDrillSeed({ config, scenario, seed, durationMs: null, loss: null, without, timeline: true });
}

function brokenIn(results: readonly DrillResult[]): string[] {
  return results.flatMap(({ seed, broken }) =>
    broken.map(({ promise, detail }) => `seed ${seed}: ${promise}: ${detail}`)
  );
}

for (const scenario of SCENARIOS) {
  const seeds = scenario.name === "chaos" ? 60 : 5;
  Deno.test(`drill ${scenario.name}: all promises are kept, ${seeds} seeds`, () => {
    const results = Array.from({ length: seeds }, (_, i) => run(scenario, i + 1));
    assert.deepEqual(brokenIn(results), []);
    if (!scenario.timed) return;
    const budget = drillBudget(CONFIG);
    for (const { seed, serviceMs, leaderMs } of results) {
      for (const ms of serviceMs) assert.ok(ms <= budget.serviceMs, `seed ${seed}: service after ${ms} ms`);
      for (const ms of leaderMs) assert.ok(ms <= budget.leaderMs, `seed ${seed}: leader after ${ms} ms`);
    }
  });
}

Deno.test("drill chaos with five nodes: all promises are kept, 25 seeds", () => {
  const chaos = SCENARIOS.find(({ name }) => name === "chaos");
  assert.ok(chaos !== undefined);
  assert.deepEqual(brokenIn(Array.from({ length: 25 }, (_, i) => run(chaos, 500 + i, null, 5))), []);
});

Deno.test("drills measure failovers: every timed one that strikes a leader or the active target has times", () => {
  const primary = SCENARIOS.find(({ name }) => name === "primary-down");
  const leader = SCENARIOS.find(({ name }) => name === "leader-crash");
  assert.ok(primary !== undefined && leader !== undefined);
  assert.equal(run(primary, 1).serviceMs.length, 2);
  assert.equal(run(leader, 1).leaderMs.length, 2);
});

for (const guard of Object.keys(GUARD_SCENARIOS) as GuardName[]) {
  Deno.test(`without ${guard} a promise breaks, with it none does`, () => {
    const scenario = GUARD_SCENARIOS[guard];
    const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
    assert.notDeepEqual(brokenIn(seeds.map((seed) => run(scenario, seed, guard))), []);
    assert.deepEqual(brokenIn(seeds.map((seed) => run(scenario, seed))), []);
  });
}

Deno.test("a seed repeats to the last event", () => {
  const chaos = SCENARIOS.find(({ name }) => name === "chaos");
  assert.ok(chaos !== undefined);
  const [first, second, other] = [run(chaos, 11), run(chaos, 11), run(chaos, 12)];
  assert.deepEqual(first, second);
  assert.notDeepEqual(first?.timeline, other?.timeline);
});

Deno.test("a broken promise shrinks to the faults that it takes", () => {
  const scenario = GUARD_SCENARIOS.quarantine;
  const options = {
    config: CONFIG,
    scenario,
    seed: 1,
    durationMs: null,
    loss: null,
    without: "quarantine",
    timeline: false,
  } as const;
  const steps = shrinkDrill(options, "one-leader");
  assert.ok(steps.length <= 4, `${steps.length} faults are left`);
  assert.ok(runDrillSeed({ ...options, steps }).broken.some(({ promise }) => promise === "one-leader"));
});
