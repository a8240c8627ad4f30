import assert from "node:assert/strict";
import type { Observers } from "../../../src/config/config.ts";
import type { Opinion } from "../../../src/health/probing.ts";
import { weigh } from "../../../src/health/weigh.ts";

const LETTERS: Readonly<Record<string, Opinion>> = { u: "up", d: "down", "?": "unknown" };

/** One row of opinions of nodes 1, 2, 3 ...; a dot is a node that is not heard. Node 1 leads. */
function weighed(policy: Observers, row: string): string {
  const opinions: [number, Opinion][] = [];
  [...row].forEach((letter, i) => {
    const opinion = LETTERS[letter];
    if (opinion !== undefined) opinions.push([i + 1, opinion]);
  });
  const { health, usable } = weigh(opinions, policy, row.length, 1);
  return usable ? `${health}, usable` : health;
}

const CASES: readonly (readonly [Observers, string, string])[] = [
  ["majority", "uuu", "up, usable"],
  ["majority", "uu.", "up, usable"],
  ["majority", "u..", "up"],
  ["majority", "u??", "up"],
  ["majority", "uud", "suspect, usable"],
  ["majority", "udd", "down"],
  ["majority", "dd.", "down"],
  ["majority", "d..", "suspect"],
  ["majority", "???", "unknown"],
  ["majority", "...", "unknown"],
  ["majority", "uudd", "suspect"],
  ["majority", "uddd", "down"],
  ["majority", "uuudd", "suspect, usable"],
  ["all", "uuu", "up, usable"],
  ["all", "ddd", "down"],
  ["all", "udd", "suspect"],
  ["all", "?dd", "suspect"],
  ["all", ".dd", "down"],
  ["all", ".uu", "up, usable"],
  ["all", "..d", "suspect"],
  ["all", "u??", "up"],
  ["any", "uuu", "up, usable"],
  ["any", "u??", "up, usable"],
  ["any", "uud", "down"],
  ["any", "???", "unknown"],
  ["leader", "udd", "up, usable"],
  ["leader", "duu", "down"],
  ["leader", "?uu", "unknown"],
  ["leader", ".uu", "unknown"],
  [1, "uud", "down"],
  [2, "uud", "suspect, usable"],
  [2, "udd", "down"],
  [3, "udd", "suspect"],
  [3, "ddd", "down"],
  [3, "uud", "suspect"],
  [3, "uuu", "up, usable"],
  [3, "uu.", "up, usable"],
  [9, "ddd", "down"],
];

for (const [policy, row, expected] of CASES) {
  Deno.test(`observers = ${policy}: opinions ${row} are ${expected}`, () => {
    assert.equal(weighed(policy, row), expected);
  });
}

Deno.test("what counts is told: ups, downs, how many must say down", () => {
  assert.deepEqual(weigh([[1, "up"], [2, "down"], [3, "unknown"]], "majority", 3, 1), {
    health: "suspect",
    usable: false,
    verdict: true,
    ups: 1,
    downs: 1,
    needed: 2,
  });
});

Deno.test("a verdict needs as many opinions as the policy asks for, whatever they are", () => {
  const verdict = (policy: Observers, opinions: [number, Opinion][]): boolean =>
    weigh(opinions, policy, 3, 1).verdict;
  assert.equal(verdict("majority", [[1, "up"], [2, "unknown"]]), false);
  assert.equal(verdict("majority", [[1, "up"], [2, "down"]]), true);
  assert.equal(verdict("any", [[2, "up"]]), true);
  assert.equal(verdict("leader", [[2, "up"], [3, "up"]]), false);
  assert.equal(
    verdict(3, [[1, "up"], [2, "up"]]),
    true,
    "a node that is gone does not block the first decision",
  );
});
