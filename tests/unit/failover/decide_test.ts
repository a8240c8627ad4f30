import assert from "node:assert/strict";
import { createTimers, decide, type DecideInput, type Decision } from "../../../src/failover/decide.ts";
import { active, decideOnce, service, weighed, words } from "./fixture.ts";

Deno.test("a dead target is left at once, whatever min_hold and failback_delay say", () => {
  const timers = createTimers(0);
  const decision = decideOnce("-++", { decision: active("a"), timers, now: 100 });
  assert.equal(words(decision), "-> b (down)");
  assert.equal(timers.lastSwitchAt, 100);
});

Deno.test("the best usable target is the first one of the config", () => {
  assert.equal(words(decideOnce("--+", { decision: active("a") })), "-> c (down)");
  assert.equal(words(decideOnce("+-+", { decision: active("b") })), "-> a (down)");
});

Deno.test("a suspect or unknown target is not left", () => {
  assert.equal(words(decideOnce("~++", { decision: active("a") })), "stay");
  assert.equal(words(decideOnce("?++", { decision: active("a") })), "stay");
});

Deno.test("with nothing usable, a target that is merely suspect is better than a dead one", () => {
  assert.equal(words(decideOnce("-~-", { decision: active("a") })), "-> b (down)");
  assert.equal(words(decideOnce("-~1", { decision: active("a") })), "-> b (down)");
  assert.equal(words(decideOnce("--1", { decision: active("a") })), "-> c (down)");
});

Deno.test("nobody goes to a target that nobody knows anything about", () => {
  const decision = decideOnce("-??", { decision: active("a") });
  assert.deepEqual(decision, { kind: "stay", reviewAt: null, waitingFor: "a verdict on b" });
});

Deno.test("when all are down: keep, withdraw, or the fallback", () => {
  const all = (onAllDown: DecideInput["service"]["onAllDown"]): Decision =>
    decideOnce("---", { decision: active("a"), service: service({ onAllDown }) });
  assert.equal(words(all({ kind: "keep" })), "stay");
  assert.equal(words(all({ kind: "withdraw" })), "-> nothing (all-down)");
  assert.equal(words(all({ kind: "fallback", target: "c" })), "-> c (all-down)");
  assert.equal(words(all({ kind: "fallback", target: "a" })), "stay");
});

Deno.test("from withdrawn, the first usable target is taken at once", () => {
  const decision = active(null, {
    lastSwitch: { from: "a", to: null, reason: "all-down", atWallMs: 0, epoch: "1.1", detectMs: null },
  });
  const policy = service({ onAllDown: { kind: "withdraw" } });
  assert.equal(words(decideOnce("---", { decision, service: policy })), "stay");
  assert.equal(words(decideOnce("-~?", { decision, service: policy })), "stay");
  assert.equal(words(decideOnce("-+-", { decision, service: policy })), "-> b (failback)");
});

Deno.test("from the fallback, the first usable target is taken at once", () => {
  const decision = active("c", {
    lastSwitch: { from: "a", to: "c", reason: "all-down", atWallMs: 0, epoch: "1.1", detectMs: null },
  });
  const manual = service({ failback: "manual", onAllDown: { kind: "fallback", target: "c" } });
  for (const c of "-~?") {
    assert.equal(words(decideOnce(`-+${c}`, { decision, service: manual })), "-> b (failback)");
  }
  assert.equal(words(decideOnce("---", { decision, service: manual })), "stay");
});

Deno.test("a pinned target stays in charge whatever its health", () => {
  const decision = active("b", { pinned: "b" });
  for (const b of "+-~?") assert.equal(words(decideOnce(`+${b}+`, { decision })), "stay");
  assert.equal(words(decideOnce("+--", { decision: active("a", { pinned: "c" }) })), "-> c (manual)");
  const undecided = active(null, { pinned: "c", lastSwitch: null });
  assert.equal(words(decideOnce("???", { decision: undecided })), "-> c (manual)");
});

Deno.test("a pin to a target that is no longer there counts for nothing", () => {
  assert.equal(words(decideOnce("-++", { decision: active("a", { pinned: "gone" }) })), "-> b (down)");
});

Deno.test("a drained target is left for a usable one, and never chosen", () => {
  assert.equal(words(decideOnce("++-", { decision: active("a", { drained: ["a"] }) })), "-> b (drained)");
  assert.equal(words(decideOnce("+~-", { decision: active("a", { drained: ["a"] }) })), "stay");
  assert.equal(words(decideOnce("-++", { decision: active("a", { drained: ["b"] }) })), "-> c (down)");
  assert.equal(words(decideOnce("-+-", { decision: active("a", { drained: ["b"] }) })), "stay");
  assert.equal(words(decideOnce("-~-", { decision: active("a", { drained: ["a"] }) })), "-> b (down)");
});

Deno.test("a target that is no longer in the config is left", () => {
  assert.equal(words(decideOnce("-++", { decision: active("gone") })), "-> b (removed)");
  assert.equal(words(decideOnce("???", { decision: active("gone") })), "stay");
  assert.equal(words(decideOnce("---", { decision: active("gone") })), "stay");
});

/** Runs `decide` over moments with one set of timers. */
function story(
  moments: readonly (readonly [now: number, letters: string])[],
  input: Partial<DecideInput>,
): Decision[] {
  const timers = createTimers(0);
  return moments.map(([now, letters]) => decideOnce(letters, { ...input, timers, now }));
}

Deno.test("a better target is gone back to once it was usable for failback_delay without a break", () => {
  const [first, broken, again, early, late] = story(
    [[0, "++-"], [9000, "~+-"], [9500, "++-"], [19_499, "++-"], [19_500, "++-"]],
    { decision: active("b") },
  );
  assert.deepEqual(first, { kind: "stay", reviewAt: 10_000, waitingFor: "a to stay healthy" });
  assert.deepEqual(broken, { kind: "stay", reviewAt: null, waitingFor: null });
  assert.deepEqual(again, { kind: "stay", reviewAt: 19_500, waitingFor: "a to stay healthy" });
  assert.equal(early?.kind, "stay");
  assert.equal(words(late!), "-> a (failback)");
});

Deno.test("going back waits for min_hold after a switch, counted from a new leader's takeover", () => {
  const quick = service({ failbackDelayMs: 0 });
  const [held, free] = story([[4999, "++-"], [5000, "++-"]], { decision: active("b"), service: quick });
  assert.deepEqual(held, { kind: "stay", reviewAt: 5000, waitingFor: "a to stay healthy" });
  assert.equal(words(free!), "-> a (failback)");
});

Deno.test("failback = manual never goes back, but leaves the dead and the drained", () => {
  const manual = service({ failback: "manual" });
  const [early, late] = story([[0, "++-"], [1e9, "++-"]], { decision: active("b"), service: manual });
  assert.deepEqual([early, late], [
    { kind: "stay", reviewAt: null, waitingFor: null },
    { kind: "stay", reviewAt: null, waitingFor: null },
  ]);
  assert.equal(words(decideOnce("+--", { decision: active("b"), service: manual })), "-> a (down)");
  const drained = active("b", { drained: ["b"] });
  assert.equal(words(decideOnce("++-", { decision: drained, service: manual })), "-> a (drained)");
});

Deno.test("nobody goes back to a drained or less preferred target, or while the active one is unknown", () => {
  const late = { timers: createTimers(-1e6), now: 1e6 };
  for (const name of ["a", "b", "c"]) late.timers.usableSince.set(name, 0);
  assert.equal(words(decideOnce("+++", { ...late, decision: active("b", { drained: ["a"] }) })), "stay");
  assert.equal(words(decideOnce("+++", { ...late, decision: active("a") })), "stay");
  assert.equal(words(decideOnce("+?+", { ...late, decision: active("b") })), "stay");
  assert.equal(words(decideOnce("+~+", { ...late, decision: active("b") })), "-> a (failback)");
});

Deno.test("how long detection took is counted from the first sign", () => {
  const timers = createTimers(0);
  const input = { service: service(), decision: active("a"), timers, shown: { kind: "none" } as const };
  decide({ ...input, weighed: weighed("+++"), now: 1000 });
  decide({ ...input, weighed: weighed("~++"), now: 2000 });
  const observed = decide({ ...input, weighed: weighed("-++"), now: 2600 });
  assert.equal(observed.kind === "switch" && observed.detectMs, 600);
  const own = decide({ ...input, weighed: weighed("-++"), now: 2600, activeFailingSince: 1500 });
  assert.equal(own.kind === "switch" && own.detectMs, 1100);
  const manual = decideOnce("+++", { decision: active("a", { pinned: "b" }) });
  assert.equal(manual.kind === "switch" && manual.detectMs, null);
});
