/** Two processes with one id (ELECTION.md rule 9): a cloned machine, or one that was frozen, replaced, and woken. */
import assert from "node:assert/strict";
import { SeededRandom } from "../../src/base/random.ts";
import { TIMINGS } from "../../src/sim/election_world.ts";
import type { Machine } from "../../src/sim/machine.ts";
import { settled, twinsUnderFaults, type TwinWorld } from "./twins.ts";

const SEEDS = 200;
const { leaseMs } = TIMINGS.local;

function votes(machine: Machine): boolean {
  return machine.program !== null && machine.program.election.joining === null;
}

Deno.test("a clone that shares the address of a running node never votes, and the cluster goes on", () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { world, old, twin } = settled(seed);
    twin.disk = old.disk; // a clone has the disk too
    world.engine.moveAddress(twin.id, [old, twin]);
    world.engine.start(twin);
    for (let i = 0; i < 80; i++) {
      world.run(leaseMs / 4);
      assert.ok(!votes(twin), `seed ${seed}: the clone votes after ${i * leaseMs / 4} ms`);
    }
    assert.deepEqual(world.verdict.first, [], `seed ${seed}`);
    assert.notEqual(world.judge.leader(world.engine.now), null, `seed ${seed}: nobody leads beside a clone`);
  }
});

/** The old process sleeps while another takes its address and its vote; then it wakes and goes on sending. */
function replacedWhileAsleep(seed: number, heldBy: "twin" | "both"): TwinWorld {
  const all = settled(seed);
  const { world, old, twin } = all;
  const random = new SeededRandom(seed).fork("twins");
  world.engine.pause(old);
  world.run(leaseMs * random.next());
  world.engine.moveAddress(twin.id, [twin]);
  world.engine.start(twin);
  assert.notEqual(world.until(() => votes(twin), 60 * leaseMs), Infinity, `seed ${seed}: it never votes`);
  world.run(leaseMs * 3 * random.next());
  world.engine.moveAddress(twin.id, heldBy === "both" ? [twin, old] : [twin]);
  world.engine.resume(old);
  return all;
}

Deno.test("a process that was replaced while it slept stops voting soon after it wakes", () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { world, old } = replacedWhileAsleep(seed, "both");
    // Until it knows, it may not be counted: nobody has addressed its life.
    assert.notEqual(world.until(() => !votes(old), 6 * leaseMs), Infinity, `seed ${seed}: it still votes`);
    world.run(20 * leaseMs);
    assert.deepEqual(world.verdict.first, [], `seed ${seed}`);
  }
});

Deno.test("an old process that still sends from nowhere does not unseat the new one", () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { world, old } = replacedWhileAsleep(seed, "twin");
    world.run(20 * leaseMs);
    assert.deepEqual(world.verdict.first, [], `seed ${seed}`);
    assert.notEqual(world.judge.leader(world.engine.now), null, `seed ${seed}: nobody leads`);
    assert.equal(old.program?.election.role.kind === "leader", false, `seed ${seed}: the old one leads`);
  }
});

Deno.test("the vote comes back when one of the two has been stopped", () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { world, old, twin } = replacedWhileAsleep(seed, "both");
    world.run(4 * leaseMs);
    world.engine.crash(old);
    world.engine.moveAddress(twin.id, [twin]);
    assert.notEqual(world.until(() => votes(twin), 60 * leaseMs), Infinity, `seed ${seed}: it never votes`);
    world.run(4 * leaseMs);
    assert.deepEqual(world.verdict.first, [], `seed ${seed}`);
    assert.notEqual(world.judge.leader(world.engine.now), null, `seed ${seed}: nobody leads`);
  }
});

Deno.test("two processes with one id under cuts and pauses never make two leaders", () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { world } = twinsUnderFaults(seed);
    assert.deepEqual(
      world.verdict.first.filter(({ promise }) => promise === "one-leader"),
      [],
      `seed ${seed}`,
    );
  }
});
