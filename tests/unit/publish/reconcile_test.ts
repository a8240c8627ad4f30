import assert from "node:assert/strict";
import {
  due,
  expectLateWrite,
  finished,
  isCurrent,
  isWriting,
  nextAt,
  setDesired,
  setLeading,
} from "../../../src/publish/reconcile.ts";
import { Lab, settledLab, TIMEOUT_MS } from "./lab.ts";

Deno.test("nothing is done before this node leads", () => {
  const lab = new Lab();
  assert.equal(nextAt(lab.r), Infinity);
  assert.equal(due(lab.r, lab.now), null);
  assert.equal(lab.r.state, "pending");
});

Deno.test("a new leader reads before it writes, even before anything is decided", () => {
  const lab = new Lab();
  lab.world = "a";
  lab.lead();
  lab.settle();
  assert.deepEqual(lab.take(), ["read"]);
  assert.deepEqual([lab.r.shows, lab.r.state], ["a", "pending"]);
});

Deno.test("what is right already is not written", () => {
  const lab = new Lab();
  lab.world = "a";
  lab.lead();
  lab.wish("a");
  lab.settle();
  assert.deepEqual(lab.take(), ["read"]);
  assert.deepEqual([lab.r.state, lab.r.verifiedAt, lab.r.lastChangeAt], ["ok", 1000, null]);
  assert.deepEqual(lab.told, []);
});

Deno.test("what the world shows already is known to be right as soon as it is decided", () => {
  const lab = new Lab();
  lab.world = "a";
  lab.lead();
  lab.settle();
  lab.wish("a");
  lab.settle();
  assert.deepEqual(lab.take(), ["read", "read"]);
  assert.equal(lab.r.state, "ok");
});

Deno.test("what differs is written and read back", () => {
  const lab = new Lab();
  lab.world = "a";
  lab.lead();
  lab.wish("b");
  lab.settle();
  assert.deepEqual(lab.take(), ["read", "write b (was a)", "read"]);
  assert.deepEqual([lab.r.state, lab.r.shows, lab.r.lastChangeAt], ["ok", "b", 1000]);
  assert.deepEqual(lab.told, ["published: b is published"]);
});

Deno.test("to withdraw is a wish like any other", () => {
  const lab = settledLab();
  lab.wish(null);
  lab.settle();
  assert.deepEqual(lab.take(), ["write null (was a)", "read"]);
  assert.equal(lab.world, null);
  assert.equal(lab.r.state, "ok");
});

Deno.test("the write carries the epoch of this tenure", () => {
  const lab = new Lab();
  lab.lead("9.2");
  lab.wish("b");
  lab.perform();
  const { action, timeoutMs } = lab.begin();
  assert.deepEqual(action, { kind: "write", target: "b", value: "b", previous: null, epoch: "9.2" });
  assert.equal(timeoutMs, TIMEOUT_MS);
});

Deno.test("a second look comes when no former leader's write can be under way any more, and puts right", () => {
  for (const onDrift of ["repair", "report"] as const) {
    const lab = new Lab({ onDrift });
    lab.world = "a";
    lab.lead();
    lab.wish("a");
    lab.settle();
    lab.take();
    lab.world = "late"; // a former leader's write arrives
    assert.equal(lab.wait(), TIMEOUT_MS);
    lab.settle();
    assert.deepEqual(lab.take(), ["read", "write a (was late)", "read"]);
    assert.equal(lab.wait(), 30_000, "then it is looked at now and then");
  }
});

Deno.test("what somebody else changed is put right, and both are told once", () => {
  const lab = settledLab();
  lab.world = "x";
  lab.wait();
  lab.perform();
  assert.deepEqual([lab.r.state, lab.r.error], ["drift", "x is shown instead of a"]);
  lab.settle();
  assert.deepEqual(lab.take(), ["read", "write a (was x)", "read"]);
  assert.deepEqual([lab.r.state, lab.r.error], ["ok", null]);
  assert.deepEqual(lab.told, [
    "drift: x is shown instead of a; it is put right",
    "repaired: a is shown again",
  ]);
});

Deno.test("on_drift = report: it is told once, left alone, and a new wish is written all the same", () => {
  const lab = settledLab({ onDrift: "report" });
  lab.world = "x";
  for (let i = 0; i < 3; i++) {
    lab.wait();
    lab.settle();
  }
  assert.deepEqual(lab.take(), ["read", "read", "read"]);
  assert.deepEqual(lab.told, ["drift: x is shown instead of a; it is left so (on_drift)"]);
  assert.equal(lab.r.state, "drift");
  lab.wish("b");
  lab.settle();
  assert.equal(lab.world, "b");
  assert.equal(lab.r.state, "ok");
});

Deno.test("a drift that goes away by itself is told too", () => {
  const lab = settledLab({ onDrift: "report" });
  lab.world = "x";
  lab.wait();
  lab.settle();
  lab.world = "a";
  lab.wait();
  lab.settle();
  assert.equal(lab.told[1], "repaired: a is shown again");
  assert.equal(lab.r.state, "ok");
});

Deno.test("after a failed write it looks again before it writes again: it may have been done all the same", () => {
  const lab = settledLab();
  lab.wish("b");
  lab.fail("timeout");
  lab.world = "b";
  assert.deepEqual([lab.r.state, lab.r.error], ["failed", "publishing b failed: timeout"]);
  lab.wait();
  lab.settle();
  assert.deepEqual(lab.take(), ["write b (was a)", "read"]);
  assert.equal(lab.r.state, "ok");
  assert.equal(lab.wait(), TIMEOUT_MS - 200, "and a second time, when nothing late can come any more");
});

Deno.test("failures back off from 200 ms to 5 s while a wish is not shown, are told once, as is the recovery", () => {
  const lab = settledLab();
  lab.wish("b");
  const waits: number[] = [];
  for (let i = 0; i < 10; i++) {
    lab.fail();
    waits.push(lab.wait());
    lab.perform(); // looks: not done
  }
  assert.deepEqual(waits, [200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000, 5000]);
  assert.deepEqual(lab.told, ["publish-failed: publishing b failed: boom"]);
  lab.settle();
  assert.deepEqual(lab.told.slice(1), ["published: b is published"]);
  assert.equal(lab.r.state, "ok");
});

Deno.test("when nothing is to be changed, or the outage is long, the back-off goes up to 30 s", () => {
  const idle = settledLab();
  const waits: number[] = [];
  for (let i = 0; i < 10; i++) {
    if (i === 0) idle.wait();
    idle.fail("HTTP 503");
    waits.push(idle.wait());
  }
  assert.deepEqual(waits, [200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
  const long = settledLab();
  long.wish("b");
  const from = long.now;
  let wait = 0;
  for (let i = 0; i < 400 && wait < 30_000; i++) {
    long.fail("HTTP 503");
    wait = long.wait();
  }
  assert.equal(wait, 30_000);
  assert.ok(long.now - from > 600_000 && long.now - from < 900_000, `after ${long.now - from} ms`);
});

Deno.test("chance takes off up to half of a back-off", () => {
  for (const [chance, wait] of [[0, 200], [0.5, 150], [1, 100]] as const) {
    const lab = settledLab();
    lab.wish("b");
    const { operation } = lab.begin();
    const env = { now: lab.now, wallMs: 0, random: { next: (): number => chance } };
    finished(lab.r, operation, { kind: "failed", detail: "", retryAfterMs: null }, env);
    assert.equal(nextAt(lab.r) - lab.now, wait);
  }
});

Deno.test("a new wish is tried at once, in spite of a back-off, but not before the far side allows it", () => {
  const lab = settledLab();
  lab.wish("b");
  for (let i = 0; i < 6; i++) {
    lab.fail();
    lab.wait();
    lab.perform();
  }
  lab.fail();
  assert.ok(nextAt(lab.r) > lab.now);
  lab.wish("c");
  assert.equal(nextAt(lab.r), lab.now);
  lab.fail("too many requests", 7000);
  lab.wish("b");
  assert.equal(lab.wait(), 7000);
});

Deno.test("only the newest wish counts", () => {
  const lab = settledLab();
  lab.wish("b");
  const write = lab.begin();
  lab.wish("c");
  lab.wish("d");
  assert.equal(due(lab.r, lab.now), null, "never two writes at once");
  lab.world = "b";
  lab.end(write, { kind: "ok", shows: undefined });
  lab.settle();
  assert.deepEqual(lab.take(), ["write b (was a)", "write d (was b)", "read"]);
  assert.equal(lab.r.state, "ok");
});

Deno.test("a wish taken back while it is written is taken back in the world", () => {
  const lab = settledLab();
  lab.wish("b");
  const write = lab.begin();
  lab.wish("a");
  lab.world = "b";
  lab.end(write, { kind: "ok", shows: undefined });
  lab.settle();
  assert.equal(lab.world, "a");
});

Deno.test("a wish does not wait for a look that is under way, nor for a reading back", () => {
  const lab = settledLab();
  lab.wait();
  const look = lab.begin();
  lab.wish("b");
  lab.perform();
  lab.end(look, { kind: "ok", shows: "a" });
  assert.equal(lab.r.shows, "b", "the old look says nothing any more");
  const back = lab.begin();
  lab.wish("a");
  lab.perform();
  lab.end(back, { kind: "ok", shows: "b" });
  assert.deepEqual(lab.take(), ["read", "write b (was a)", "read", "write a (was b)"]);
});

Deno.test("the same wish again changes nothing", () => {
  const lab = settledLab();
  const before = nextAt(lab.r);
  lab.wish("a");
  assert.equal(nextAt(lab.r), before);
  assert.equal(lab.r.state, "ok");
});

Deno.test("where reading fails, a wish is written without having looked", () => {
  const lab = new Lab();
  lab.lead();
  lab.wish("b");
  lab.fail("no such file");
  assert.equal(lab.r.error, "reading what it shows failed: no such file");
  lab.wait();
  lab.perform();
  assert.equal(lab.world, "b");
  assert.equal(lab.r.state, "failed", "it is not known to be right");
  lab.fail("no such file");
  lab.wait();
  lab.fail("no such file");
  lab.wait();
  assert.deepEqual(lab.take(), ["read", "write b (was null)", "read", "read"], "but it is written once");
  lab.settle();
  assert.equal(lab.r.state, "ok");
  assert.equal(lab.told.length, 2);
});

Deno.test("a write that did not take is a failure, not a drift", () => {
  const lab = settledLab();
  lab.wish("b");
  lab.end(lab.begin(), { kind: "ok", shows: undefined });
  lab.perform();
  assert.deepEqual([lab.r.state, lab.r.error], ["failed", "b was published, but a is shown"]);
  lab.wait();
  lab.settle();
  assert.deepEqual(lab.take(), ["write b (was a)", "read", "write b (was a)", "read"]);
});

Deno.test("a write that says what is shown needs no reading back", () => {
  const lab = settledLab();
  lab.wish("b");
  lab.world = "b";
  lab.end(lab.begin(), { kind: "ok", shows: "b" });
  assert.equal(lab.r.state, "ok");
  assert.deepEqual(lab.told, ["published: b is published"]);
});

Deno.test("who stops leading forgets all, and answers that come later say nothing", () => {
  const lab = settledLab();
  lab.wish("b");
  const write = lab.begin();
  setLeading(lab.r, null, lab.now);
  assert.deepEqual([lab.r.state, lab.r.shows, isCurrent(lab.r, lab.r.operations)], [
    "pending",
    undefined,
    false,
  ]);
  lab.end(write, { kind: "failed", detail: "cut off", retryAfterMs: null });
  assert.deepEqual([lab.r.state, lab.r.error, lab.told], ["pending", null, []]);
  assert.equal(nextAt(lab.r), Infinity);
});

Deno.test("a write that outlives its tenure holds up the next one until it ends", () => {
  const lab = settledLab();
  lab.wish("b");
  const write = lab.begin();
  setLeading(lab.r, null, lab.now);
  lab.lead("8.1");
  lab.wish("a");
  assert.equal(due(lab.r, lab.now), null);
  assert.equal(isWriting(lab.r, lab.now), true);
  lab.world = "b";
  lab.end(write, { kind: "ok", shows: undefined });
  lab.settle();
  assert.equal(lab.world, "a");
});

Deno.test("an answer that never comes is given up", () => {
  const lab = settledLab();
  lab.wish("b");
  lab.begin();
  lab.wait();
  assert.equal(due(lab.r, lab.now), null);
  assert.deepEqual([lab.r.state, isWriting(lab.r, lab.now)], ["pending", false]);
  lab.wait();
  lab.settle();
  assert.equal(lab.r.state, "ok");
});

Deno.test("what cannot be read is written once per tenure, and again when no late write can come any more", () => {
  const lab = new Lab({ canRead: false });
  lab.lead();
  assert.equal(nextAt(lab.r), Infinity, "nothing is decided");
  lab.wish("a");
  lab.settle();
  assert.deepEqual([lab.r.state, lab.r.shows, lab.r.verifiedAt], ["ok", "a", null]);
  lab.wait();
  lab.settle();
  assert.deepEqual(lab.take(), ["write a (was null)", "write a (was a)"]);
  assert.deepEqual(lab.told, ["published: a is published"]);
  assert.equal(nextAt(lab.r), Infinity);
});

Deno.test("what cannot be read is written again when the target is another one of the same address", () => {
  const lab = new Lab({ canRead: false });
  lab.lead();
  setDesired(lab.r, { target: "one", value: "a", epoch: "7.1" }, lab.now);
  const write = lab.begin();
  setDesired(lab.r, { target: "two", value: "a", epoch: "7.1" }, lab.now);
  lab.end(write, { kind: "ok", shows: undefined });
  const { action } = lab.begin();
  assert.equal(action.kind === "write" && action.target, "two");
});

Deno.test("it is reported whether the answer changed anything that others look at", () => {
  const lab = settledLab();
  const env = { now: lab.now, wallMs: 0, random: { next: (): number => 0 } };
  lab.wait();
  const same = finished(lab.r, lab.begin().operation, { kind: "ok", shows: "a" }, { ...env, now: lab.now });
  assert.equal(same.changed, false);
  lab.wait();
  const other = finished(lab.r, lab.begin().operation, { kind: "ok", shows: "x" }, { ...env, now: lab.now });
  assert.equal(other.changed, true);
});

Deno.test("a former leader that is heard again may wake in a write: it is looked at once, and when none can come", () => {
  for (const onDrift of ["repair", "report"] as const) {
    const lab = settledLab({ onDrift });
    expectLateWrite(lab.r, lab.now);
    lab.world = "late";
    assert.ok(lab.wait() < 1000);
    lab.settle();
    assert.deepEqual(lab.take(), ["read", "write a (was late)", "read"]);
    assert.equal(lab.r.history.at(-2)?.by, "former");
    lab.world = "later";
    assert.ok(lab.wait() < TIMEOUT_MS);
    lab.settle();
    assert.deepEqual(lab.take(), ["read", "write a (was later)", "read"]);
    assert.equal(lab.wait(), 30_000);
    assert.ok(lab.told.every((told) => !told.startsWith("drift")), "whose write it was is known");
  }
  const follower = new Lab();
  expectLateWrite(follower.r, follower.now);
  assert.equal(nextAt(follower.r), Infinity);
});

Deno.test("a look that began before the former leader was heard again is not the last one", () => {
  const lab = new Lab({ onDrift: "report" });
  lab.world = "a";
  lab.lead();
  lab.wish("a");
  lab.settle();
  assert.equal(lab.wait(), TIMEOUT_MS);
  const secondLook = lab.begin();
  expectLateWrite(lab.r, lab.now);
  lab.end(secondLook, { kind: "ok", shows: "a" });
  lab.world = "late";
  assert.ok(lab.wait() <= TIMEOUT_MS);
  lab.settle();
  assert.equal(lab.world, "a");
  assert.deepEqual(lab.told, ["published: a is published"], "and that is no drift");
});

Deno.test("what the world came to show is remembered, with who made it so, over tenures, and not for ever", () => {
  const lab = settledLab();
  lab.wish("b");
  lab.settle();
  lab.world = "x";
  lab.wait();
  lab.settle();
  lab.lead("8.1");
  const shown = lab.r.history.map(({ from, to, by }) => `${from} -> ${to} by ${by}`);
  assert.deepEqual(shown, ["a -> b by us", "b -> x by other", "x -> b by us"]);
  lab.wish("b");
  lab.settle();
  for (let i = 0; i < 30; i++) {
    lab.wish(`v${i}`);
    lab.settle();
  }
  assert.equal(lab.r.history.length, 20);
});

Deno.test("whoever changes it again and again is no accident: it is put right, and said", () => {
  const lab = settledLab();
  for (let i = 0; i < 4; i++) {
    lab.world = "x";
    while (lab.r.drifted === false) {
      lab.wait();
      lab.perform();
    }
    lab.settle();
  }
  assert.match(
    lab.told.findLast((told) => told.startsWith("drift")) ?? "",
    /for the 4th time in 10 minutes: does something else publish this name\?; it is put right$/,
  );
  assert.equal(lab.world, "a");
});
