import assert from "node:assert/strict";
import { Doorkeeper } from "../../../src/adapters/api/doorkeeper.ts";
import { isShortage } from "../../../src/adapters/probes/describe_error.ts";
import { openFileLimit } from "../../../src/adapters/file_limit.ts";
import { LEAST_FILES, shareFiles, ShortageWatch, tooFewFiles } from "../../../src/runtime/files.ts";

Deno.test("few open files are shared out, many are nobody's concern, too few are refused", () => {
  assert.deepEqual(shareFiles(null), {});
  assert.deepEqual(shareFiles(65_536), {});
  assert.deepEqual(shareFiles(Infinity), {});
  assert.deepEqual(shareFiles(64), { api: 16, dns: 8 });
  assert.equal(tooFewFiles(null), null);
  assert.equal(tooFewFiles(LEAST_FILES), null);
  assert.match(tooFewFiles(LEAST_FILES - 1) ?? "", /raise `ulimit -n`/);
  const limit = openFileLimit();
  assert(Deno.build.os === "windows" ? limit === null : (limit ?? 0) >= LEAST_FILES, `${limit}`);
});

Deno.test("what a target says is never taken for a shortage of this node, but for its very words", () => {
  assert(isShortage("too many open files on this node"));
  assert(!isShortage("gRPC status 8: too many open files on this node"));
  assert(!isShortage("connection refused"));
});

Deno.test("a shortage is logged once a minute and shown for ten seconds", () => {
  const told: string[] = [];
  const watch = new ShortageWatch(({ text }) => told.push(text));
  const probe = { ok: false, latencyMs: 1, detail: "too many open files on this node", inconclusive: true };
  for (let now = 0; now < 30_000; now += 500) watch.probed(probe, now);
  watch.probed({ ok: false, latencyMs: 1, detail: "connection refused" }, 31_000);
  assert.equal(told.length, 1);
  assert.equal(watch.problems(35_000).length, 1);
  assert.deepEqual(watch.problems(40_000), []);
});

Deno.test("the API lets in as many connections as it was given", () => {
  const door = new Doorkeeper(2);
  assert.deepEqual(["a", "b", "c"].map((address) => door.enter(address)), [true, true, false]);
  door.leave("a");
  assert(door.enter("c"));
});
