import assert from "node:assert/strict";
import { compareEpochs, formatMark, judgeMark, parseEpoch, parseMark } from "../../../src/publish/epoch.ts";
import { Lab } from "./lab.ts";

Deno.test("epochs are ordered by term, then node; what is no epoch is none", () => {
  const order = ["9.1", "10.1", "10.2", "10.10", "1763881200123.1"].map(parseEpoch);
  for (const [i, epoch] of order.entries()) {
    const next = order[i + 1];
    if (epoch && next) assert(compareEpochs(epoch, next) < 0 && compareEpochs(next, epoch) > 0);
  }
  for (const text of ["", "7", "7.", ".1", "7.1.2", "-7.1", "7.1 ", "999999999999999.1", "x.1"]) {
    assert.equal(parseEpoch(text), null, text);
  }
});

Deno.test("a mark is one text, and only ours is read", () => {
  const mark = { epoch: "7.1", write: 3, target: "sfo2" };
  assert.equal(formatMark(mark), "epoch=7.1 write=3 target=sfo2");
  assert.deepEqual(parseMark(formatMark(mark)), mark);
  assert.deepEqual(parseMark(formatMark({ ...mark, target: null })), { ...mark, target: null });
  for (const text of ["", "v=spf1 -all", "epoch=7.1", "epoch=x write=1", "epoch=7.1 write=1 target=a b"]) {
    assert.equal(parseMark(text), null, text);
  }
  assert.equal(judgeMark(mark, "7.1"), "ours");
  assert.equal(judgeMark(mark, "7.2"), "earlier");
  assert.equal(judgeMark(mark, "6.9"), "later");
  assert.equal(judgeMark(null, "1.1"), "earlier");
});

Deno.test("a right value under an earlier epoch is written again, once, without a word", () => {
  const lab = new Lab();
  lab.lead("8.2");
  lab.wish("a");
  lab.end(lab.begin(), { kind: "ok", shows: "a", unclaimed: true });
  assert.equal(lab.r.state, "pending");
  const write = lab.begin();
  assert.equal(write.action.kind, "write");
  lab.end(write, { kind: "ok", shows: "a" });
  assert.equal(lab.r.state, "ok");
  assert.deepEqual(lab.performed, ["read", "write a (was a)"]);
  assert(lab.wait() > 0);
});

Deno.test("a mark that does not come to be this epoch's is a failure with back-off, no circle", () => {
  const lab = new Lab();
  lab.lead("8.2");
  lab.wish("a");
  lab.end(lab.begin(), { kind: "ok", shows: "a", unclaimed: true });
  lab.end(lab.begin(), { kind: "ok", shows: "a", unclaimed: true });
  assert.equal(lab.r.state, "failed");
  assert.match(lab.told.join(), /publish-failed: a was published, but not under this epoch/);
  assert(lab.wait() >= 100);
});

Deno.test("a later epoch there is no failure: the next ballot begins anew at once", () => {
  const lab = new Lab();
  lab.lead("7.1");
  lab.wish("a");
  lab.end(lab.begin(), { kind: "fenced", epoch: "9.2" });
  assert.deepEqual(lab.told, []);
  assert.equal(lab.r.state, "pending");
  lab.lead("10.1");
  lab.wish("a");
  const { action } = lab.begin();
  assert.deepEqual(action, { kind: "read", epoch: "10.1" });
});

Deno.test("a write that the lease was too short for is tried again soon, and nobody hears of it", () => {
  const lab = new Lab();
  lab.lead();
  lab.wish("a");
  lab.perform();
  lab.end(lab.begin(), { kind: "not-started" });
  assert.deepEqual(lab.told, []);
  assert.equal(lab.r.error, null);
  assert(lab.wait() < 100);
  lab.settle();
  assert.equal(lab.world, "a");
});
