import assert from "node:assert/strict";
import { newIncarnation, systemRandom } from "../../../src/adapters/random.ts";

Deno.test("chance is uniform in [0, 1)", () => {
  const draws = Array.from({ length: 4000 }, () => systemRandom.next());
  assert(draws.every((draw) => draw >= 0 && draw < 1));
  const mean = draws.reduce((sum, draw) => sum + draw) / draws.length;
  assert(Math.abs(mean - 0.5) < 0.05, `mean ${mean}: eleven deviations off`);
  assert(new Set(draws).size > 3990);
});

Deno.test("each life is 16 hex digits and another one", () => {
  const lives = Array.from({ length: 200 }, newIncarnation);
  assert(lives.every((life) => /^[0-9a-f]{16}$/.test(life)));
  assert.equal(new Set(lives).size, 200);
});
