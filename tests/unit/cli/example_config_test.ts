import assert from "node:assert/strict";
import { exampleConfig } from "../../../src/cli/example_config.ts";
import { freshKey } from "../../../src/cli/keygen.ts";
import { EXAMPLE_KEY } from "../../../src/config/read_keys.ts";
import { right } from "../config/sample.ts";

Deno.test("what init writes is right, without a warning, for any number of nodes", () => {
  for (const nodes of [3, 5, 7]) {
    const config = right(exampleConfig(nodes, freshKey()));
    assert.equal(config.cluster.nodes.length, nodes);
    assert.deepEqual(config.warnings, []);
  }
  assert.equal(right(exampleConfig(2, freshKey())).cluster.allowTwo, true);
});

Deno.test("config.example.toml is what init writes, with a key that is warned of", async () => {
  const text = await Deno.readTextFile(new URL("../../../config.example.toml", import.meta.url));
  assert.equal(text, exampleConfig(3, EXAMPLE_KEY));
  assert.match(right(text).warnings.join(), /key of the example/);
});

Deno.test("every line that is commented out in it is right as well", () => {
  const text = exampleConfig(3, freshKey());
  const all = text.replaceAll(/^# (?=\[|[a-z_]+ = )/gm, "").replace(
    'on_all_down = "keep" ',
    'on_all_down = "sfo2" ',
  );
  const config = right(all);
  assert.deepEqual([config.node.id, config.notify.length, config.services[0]?.publish.length], [1, 1, 2]);
  assert.equal(config.api.socket, "/run/abfail/api.sock");
});

Deno.test("keys differ and are 32 bytes", () => {
  const keys = new Set(Array.from({ length: 20 }, freshKey));
  assert.equal(keys.size, 20);
  for (const key of keys) assert.equal(atob(key).length, 32);
});
