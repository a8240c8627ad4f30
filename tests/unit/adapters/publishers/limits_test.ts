import assert from "node:assert/strict";
import { RateBudget, RateBudgets } from "../../../../src/adapters/publishers/cloud/limits.ts";

const START = 1_763_881_200_000;

function clock(): { now: number; readonly wallMs: () => number } {
  const time = { now: START, wallMs: (): number => time.now };
  return time;
}

function told(remaining: number, resetMs: number, limit = 100): Headers {
  return new Headers({
    "ratelimit-limit": String(limit),
    "ratelimit-remaining": String(remaining),
    "ratelimit-reset": String(Math.ceil(resetMs / 1000)),
  });
}

Deno.test("until an answer tells, all may be asked; below a tenth, what can wait waits", () => {
  const time = clock();
  const budget = new RateBudget(time.wallMs);
  assert.equal(budget.maySpare(), true);
  budget.note(told(10, START + 60_000));
  assert.equal(budget.maySpare(), true);
  budget.spend();
  assert.equal(budget.maySpare(), false, "a request that goes out counts before its answer");
  assert.equal(budget.resetInMs, 60_000);
});

Deno.test("where a limit slides, one asks after the reset, and the others go by what it is told", () => {
  const time = clock();
  const budget = new RateBudget(time.wallMs);
  budget.note(told(2, START + 10_000));
  time.now += 10_000;
  assert.deepEqual([budget.maySpare(), budget.maySpare(), budget.maySpare()], [true, false, false]);
  budget.note(told(2, time.now + 8000));
  time.now += 6000;
  assert.equal(budget.maySpare(), false);
  budget.note(told(90, time.now + 3_600_000));
  assert.deepEqual([budget.maySpare(), budget.maySpare()], [true, true]);
});

Deno.test("quiet that was asked for is kept, but no longer than ten minutes", () => {
  const time = clock();
  const budget = new RateBudget(time.wallMs);
  budget.keepQuiet(86_400_000);
  assert.equal(budget.maySkipLook(START), true);
  time.now += 299_999;
  assert.equal(budget.maySkipLook(START), true);
  time.now += 1;
  assert.equal(budget.maySkipLook(START), false, "after five minutes the world is looked at all the same");
  time.now = START + 600_000;
  assert.equal(budget.maySpare(), true);
});

Deno.test("a budget belongs to one address and one token, of which nothing is kept that could be read", () => {
  const budgets = new RateBudgets(clock().wallMs);
  const budget = budgets.of("https://api.example.com", "very-secret-token");
  assert.equal(budgets.of("https://api.example.com", "very-secret-token"), budget);
  assert.notEqual(budgets.of("https://api.example.com", "another"), budget);
  assert.notEqual(budgets.of("https://api.example.org", "very-secret-token"), budget);
  assert(!Deno.inspect(budgets, { depth: 20, showHidden: true }).includes("very-secret"));
  for (let n = 0; n < 300; n++) budgets.of("https://api.example.com", `t${n}`);
  assert.notEqual(
    budgets.of("https://api.example.com", "very-secret-token"),
    budget,
    "the oldest are forgotten",
  );
});
