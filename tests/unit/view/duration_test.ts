import assert from "node:assert/strict";
import { formatAge, formatDuration } from "../../../src/view/duration.ts";

Deno.test("a duration has the two units that matter at its size", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0 ms"],
    [0.4, "0.4 ms"],
    [3, "3 ms"],
    [12.4, "12 ms"],
    [312, "312 ms"],
    [999.4, "999 ms"],
    [999.6, "1 s"],
    [1000, "1 s"],
    [4200, "4.2 s"],
    [42_300, "42 s"],
    [59_499, "59 s"],
    [59_600, "1 m"],
    [190_000, "3 m 10 s"],
    [3_599_400, "59 m 59 s"],
    [3_599_600, "1 h"],
    [7_500_000, "2 h 5 m"],
    [86_399_000, "1 d"],
    [9 * 86_400_000 + 4 * 3_600_000, "9 d 4 h"],
  ];
  for (const [ms, text] of cases) assert.equal(formatDuration(ms), text, String(ms));
});

Deno.test("a duration that cannot be is shown without breaking the line", () => {
  assert.equal(formatDuration(-5), "0 ms");
  assert.equal(formatDuration(NaN), "?");
  assert.equal(formatDuration(Infinity), "for ever");
  assert.equal(formatAge(4200), "4.2 s ago");
});
