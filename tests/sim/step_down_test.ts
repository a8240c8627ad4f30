import assert from "node:assert/strict";
import { ElectionWorld } from "../../src/sim/election_world.ts";
import { CALM } from "../../src/sim/network.ts";

Deno.test("a node told to step down is not the next leader, with three datagrams of ten lost, 200 seeds", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const timing = seed % 2 === 0 ? "lan" : "wan";
    const world = new ElectionWorld({ seed, nodes: 3, timing, preemptDelayMs: 10_000 });
    world.until(() => world.judge.leader(world.engine.now) !== null, 20_000);
    world.run(15_000);
    world.faults.strike({ kind: "weather", weather: { ...CALM, loss: 0.3 }, forMs: Infinity });
    world.run(1000);
    const before = world.judge.leader(world.engine.now);
    assert.ok(before !== null, `seed ${seed}`);
    const { length } = world.judge.tenures;
    world.engine.give(before, { kind: "step-down" });
    const took = world.until(() => world.judge.tenures.length > length, 5000);
    assert.notEqual(took, Infinity, `seed ${seed}: nobody leads`);
    assert.notEqual(world.judge.tenures[length]?.machine.id, before.id, `seed ${seed}`);
    assert.deepEqual(world.verdict.first, []);
  }
});
