import assert from "node:assert/strict";
import { builtinConfig } from "../../src/sim/builtin_config.ts";
import { NodeWorld } from "../../src/sim/node_world.ts";

Deno.test("a record written under a far higher epoch does not stop a leader: it goes on above it", () => {
  const world = new NodeWorld({ seed: 1, config: builtinConfig(3), fence: "compares" });
  world.run(15_000);
  assert.ok(world.isWell());
  const provider = world.services[0]?.providers[0];
  assert.ok(provider !== undefined);
  // A cluster whose clock was a year ahead wrote it, then the active target dies.
  provider.epoch = "1798761600000.9";
  world.strike({ kind: "target", target: "active", trouble: "refuses", forMs: Infinity });
  world.run(20_000);
  assert.deepEqual(world.verdict.first, []);
  assert.equal(provider.value, "10.0.2.20");
  assert.ok(world.isWell());
});
