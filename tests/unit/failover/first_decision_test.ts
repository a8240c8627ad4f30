import assert from "node:assert/strict";
import { active, decideOnce, service, words } from "./fixture.ts";

/** 3 x 1 s + 3 x 800 ms after the takeover. */
const IN_TIME = 5399;
const TOO_LATE = 5400;

Deno.test("nothing is decided before it is known what the world shows", () => {
  const decision = decideOnce("+++", { shown: { kind: "pending" }, now: 1e9 });
  assert.deepEqual(decision, { kind: "stay", reviewAt: null, waitingFor: "what the world shows" });
});

Deno.test("nothing is decided before the first verdict of a quorum", () => {
  for (const letters of ["???", "1??", "11?"]) {
    assert.equal(decideOnce(letters, { now: 1e9 }).kind, "stay", letters);
  }
});

Deno.test("what the world shows is kept, unless the quorum says that it is down", () => {
  const shown = { kind: "value", target: "b" } as const;
  assert.equal(words(decideOnce("+++", { shown })), "-> b (adopted)");
  assert.equal(words(decideOnce("+~+", { shown })), "-> b (adopted)");
  assert.equal(words(decideOnce("+-+", { shown })), "-> a (initial)");
  const waiting = decideOnce("+?+", { shown, now: 1e9 });
  assert.deepEqual(waiting, {
    kind: "stay",
    reviewAt: null,
    waitingFor: "a verdict on b, which is what the world shows",
  });
  assert.equal(decideOnce("+1+", { shown, now: 1e9 }).kind, "stay");
});

Deno.test("a value that belongs to no target is no reason to wait", () => {
  assert.equal(words(decideOnce("++?", { shown: { kind: "value", target: null } })), "-> a (initial)");
  assert.equal(words(decideOnce("++?", { shown: { kind: "value", target: "gone" } })), "-> a (initial)");
});

Deno.test("the most preferred usable target is chosen once all better ones have a verdict", () => {
  assert.equal(words(decideOnce("+??")), "-> a (initial)");
  assert.equal(words(decideOnce("-+?")), "-> b (initial)");
  const early = decideOnce("?+?", { now: IN_TIME });
  assert.deepEqual(early, { kind: "stay", reviewAt: TOO_LATE, waitingFor: "a verdict on a" });
});

Deno.test("a verdict that does not come is not waited for without end", () => {
  assert.equal(words(decideOnce("?+?", { now: TOO_LATE })), "-> b (initial)");
  assert.equal(words(decideOnce("~-+", { now: 0 })), "-> c (initial)");
});

Deno.test("without a usable target, one that is not down is taken in the end", () => {
  assert.equal(decideOnce("~--", { now: IN_TIME }).kind, "stay");
  assert.equal(words(decideOnce("~--", { now: TOO_LATE })), "-> a (initial)");
});

Deno.test("all down at first: nothing is published for keep, taken away for withdraw, else the fallback", () => {
  const shown = { kind: "value", target: "a" } as const;
  const withdraw = service({ onAllDown: { kind: "withdraw" } });
  const fallback = service({ onAllDown: { kind: "fallback", target: "c" } });
  assert.equal(words(decideOnce("---", { shown })), "stay");
  assert.equal(words(decideOnce("---", { shown, service: withdraw })), "-> nothing (all-down)");
  assert.equal(words(decideOnce("---", { service: withdraw })), "stay");
  assert.equal(words(decideOnce("---", { shown, service: fallback })), "-> c (all-down)");
});

Deno.test("an entry that only holds wishes is no decision yet", () => {
  const decision = active(null, { lastSwitch: null, drained: ["a"] });
  assert.equal(words(decideOnce("++-", { decision })), "-> b (initial)");
});
