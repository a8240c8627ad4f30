import assert from "node:assert/strict";
import { nextAt, planRehearsal } from "../../../src/publish/reconcile.ts";
import { wouldFail } from "../../../src/publish/rehearsal.ts";
import { Lab, settledLab, TIMEOUT_MS } from "./lab.ts";

const DAY_MS = 86_400_000;
const WALL_MS = 1_700_000_000_000;

/** A lab at rest with `a` published, whose last proof is `provenAgoMs` old (null = none is known). */
function rehearsing(provenAgoMs: number | null, chance = 0, settings = {}): Lab {
  const lab = settledLab({ rehearseMs: DAY_MS, ...settings });
  plan(lab, provenAgoMs, chance);
  return lab;
}

function plan(lab: Lab, provenAgoMs: number | null, chance = 0): void {
  const env = { now: lab.now, wallMs: WALL_MS, random: { next: (): number => chance } };
  lab.r.provenWallMs = null;
  planRehearsal(lab.r, provenAgoMs === null ? null : WALL_MS - provenAgoMs, env);
}

/** Goes on, looking now and then, until something else than a look is done. */
function untilWrite(lab: Lab, limitMs = 2 * DAY_MS): number {
  const from = lab.now;
  for (lab.take(); lab.now < from + limitMs;) {
    lab.wait();
    lab.settle();
    if (lab.take().some((what) => what !== "read")) return lab.now - from;
  }
  return Infinity;
}

Deno.test("what was never proven is rehearsed soon, put off by chance", () => {
  assert.equal(rehearsing(null).r.rehearseAt, settledLab().now);
  const spread = rehearsing(null, 0.5);
  assert.equal(spread.r.rehearseAt, spread.now + 300_000);
});

Deno.test("a new leader goes on from the last proof that the cluster knows of", () => {
  const lab = rehearsing(DAY_MS - 3_600_000);
  assert.equal(lab.r.rehearseAt, lab.now + 3_600_000);
  assert.equal(untilWrite(lab), 3_600_000);
  assert.equal(lab.r.state, "ok");
  assert.equal(lab.r.newlyProven, true, "the others are to know");
  assert.deepEqual(lab.told, []);
});

Deno.test("a proof from the future of another clock delays the next one by no more than a period", () => {
  const lab = rehearsing(-30 * DAY_MS);
  assert.equal(lab.r.rehearseAt, lab.now + DAY_MS);
});

Deno.test("a rehearsal writes what is there, marked as one, is read back, and is no change", () => {
  const lab = rehearsing(null);
  const rehearsal = lab.begin();
  assert.deepEqual(rehearsal.action, {
    kind: "write",
    target: "a",
    value: "a",
    previous: "a",
    epoch: "7.1",
    rehearsal: true,
  });
  lab.end(rehearsal, { kind: "ok", shows: undefined });
  lab.settle();
  assert.deepEqual(lab.take(), ["rehearse a (was a)", "read"]);
  assert.deepEqual([lab.r.lastChangeAt, lab.r.history], [null, []]);
  assert.equal(untilWrite(lab), DAY_MS, "and again after a period");
});

Deno.test("a write that was wanted proves as much as a rehearsal", () => {
  const lab = rehearsing(DAY_MS - 60_000);
  lab.wish("b");
  lab.settle();
  assert.equal(untilWrite(lab), DAY_MS);
});

Deno.test("a failed rehearsal is told once, kept as a problem until one succeeds, and the state stays what it is", () => {
  const lab = rehearsing(null);
  lab.fail("HTTP 401");
  assert.deepEqual([lab.r.state, lab.r.error, lab.r.rehearsal.error], ["ok", null, "HTTP 401"]);
  const waits: number[] = [];
  for (let i = 0; i < 8; i++) {
    const from = lab.now;
    for (const failures = i + 1; lab.r.rehearsal.failures === failures;) {
      if (nextAt(lab.r) > lab.now) lab.wait();
      const action = lab.begin();
      if (action.action.kind === "read") lab.end(action, { kind: "ok", shows: "a" });
      else lab.end(action, { kind: "failed", detail: "HTTP 401", retryAfterMs: null });
    }
    waits.push(lab.now - from);
  }
  assert.deepEqual(waits.map((ms) => ms / 60_000), [1, 2, 4, 8, 16, 32, 60, 60]);
  assert.deepEqual(lab.told, [`publish-failed: ${wouldFail("HTTP 401")}`]);
  untilWrite(lab);
  assert.equal(lab.told[1], "published: it can be written again (rehearsed)");
  assert.equal(lab.r.rehearsal.error, null);
});

Deno.test("nothing is rehearsed while anything is wrong, under way, or withdrawn", () => {
  const drifted = rehearsing(DAY_MS - 40_000, 0, { onDrift: "report" });
  drifted.world = "x";
  assert.equal(untilWrite(drifted), Infinity);
  const withdrawn = rehearsing(null);
  withdrawn.wish(null);
  withdrawn.settle();
  assert.equal(untilWrite(withdrawn), Infinity);
  const fresh = new Lab({ rehearseMs: DAY_MS });
  fresh.world = "a";
  fresh.lead();
  plan(fresh, null);
  fresh.wish("a");
  fresh.settle();
  assert.deepEqual(fresh.take(), ["read"], "not before the second look");
  assert.equal(fresh.wait(), TIMEOUT_MS);
});

Deno.test("a new wish waits for the rehearsal under way: never two writes at once", () => {
  const lab = rehearsing(null);
  const rehearsal = lab.begin();
  lab.wish("b");
  lab.end(rehearsal, { kind: "ok", shows: undefined });
  lab.settle();
  assert.deepEqual(lab.take(), ["rehearse a (was a)", "write b (was a)", "read"]);
});

Deno.test("a rehearsal that was given up may be done after a switch: it is looked again", () => {
  const lab = rehearsing(null);
  lab.fail("timeout");
  lab.wish("b");
  lab.settle();
  lab.world = "a"; // it was done late
  lab.take();
  assert.equal(lab.wait(), TIMEOUT_MS);
  lab.settle();
  assert.deepEqual(lab.take(), ["read", "write b (was a)", "read"]);
});

Deno.test("a rehearsal that fails only after the switch may be done later still: it is looked again", () => {
  for (const onDrift of ["repair", "report"]) {
    const lab = rehearsing(null, 0, { onDrift });
    const rehearsal = lab.begin();
    lab.wish("b");
    lab.now += TIMEOUT_MS;
    lab.end(rehearsal, { kind: "failed", detail: "no answer", retryAfterMs: null });
    lab.settle();
    lab.world = "a"; // it was done late
    lab.take();
    assert.equal(lab.wait(), TIMEOUT_MS);
    lab.settle();
    assert.deepEqual(lab.take(), ["read", "write b (was a)", "read"]);
    assert.equal(lab.world, "b");
  }
});

Deno.test("a rehearsal that asks for quiet gets it", () => {
  const lab = rehearsing(null);
  lab.fail("HTTP 429", 300_000);
  assert.equal(lab.wait(), 300_000);
});

Deno.test("what cannot be read is rehearsed too, where that is asked for, and otherwise not", () => {
  const lab = new Lab({ canRead: false, rehearseMs: DAY_MS });
  lab.lead();
  lab.wish("a");
  lab.settle();
  lab.wait();
  lab.settle();
  plan(lab, DAY_MS - 1000);
  lab.take();
  assert.equal(lab.wait(), 1000);
  lab.settle();
  assert.deepEqual(lab.take(), ["rehearse a (was a)"]);
});

Deno.test("a later epoch met by a rehearsal means a new ballot, not a failure", () => {
  const lab = rehearsing(null);
  lab.end(lab.begin(), { kind: "fenced", epoch: "9.2" });
  assert.deepEqual(lab.told, []);
  assert.equal(lab.r.rehearsal.error, null);
});
