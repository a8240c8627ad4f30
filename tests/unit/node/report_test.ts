import assert from "node:assert/strict";
import fc from "fast-check";
import type { Opinion } from "../../../src/health/probing.ts";
import { packReport, reportDigest, SLICE_TARGETS, unpackReport } from "../../../src/node/report.ts";

const opinion = fc.constantFrom<Opinion>("up", "down", "unknown");

Deno.test("opinions come back from their report as they went in", () => {
  fc.assert(
    fc.property(
      fc.array(opinion, { minLength: 1, maxLength: 40 }),
      fc.nat(0xffff_ffff),
      (opinions, digest) => {
        const report = packReport(digest, 0, opinions);
        const into: Opinion[] = opinions.map(() => "unknown");
        unpackReport(report, into);
        assert.deepEqual(into, opinions);
        assert.equal(reportDigest(report), digest);
      },
    ),
  );
});

Deno.test("many targets travel in slices that fit a datagram", () => {
  const opinions: Opinion[] = Array.from({ length: 5000 }, (_, i) => i % 3 === 0 ? "up" : "down");
  const into: Opinion[] = opinions.map(() => "unknown");
  for (let from = 0; from < opinions.length; from += SLICE_TARGETS) {
    const report = packReport(1, from, opinions);
    assert.ok(report.length <= 300);
    assert.equal(unpackReport(report, into), true);
  }
  assert.deepEqual(into, opinions);
});

Deno.test("any bytes are a report or none, and never write past the targets", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
    const into: Opinion[] = ["unknown", "unknown", "unknown"];
    unpackReport(bytes, into);
    assert.equal(into.length, 3);
    for (const one of into) assert.ok(["up", "down", "unknown"].includes(one));
  }));
});
