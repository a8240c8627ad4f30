import assert from "node:assert/strict";
import fc from "fast-check";
import type { Opinion } from "../../../src/health/probing.ts";
import { type Link, MAX_LINKS, packLinks, unpackLinks } from "../../../src/node/links.ts";
import {
  behindReport,
  packReport,
  reportDigest,
  SLICE_TARGETS,
  unpackReport,
} from "../../../src/node/report.ts";

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

Deno.test("links travel behind the opinions and change none of them", () => {
  const links: readonly Link[] = [
    { id: 2, rttMs: 4.6, loss: 0.125 },
    { id: 65535, rttMs: null, loss: null },
    { id: 3, rttMs: 90_000, loss: 1 },
  ];
  for (const [count, from] of [[1, 0], [5, 0], [1024, 0], [1025, 1024], [2048, 1024]] as const) {
    const opinions: Opinion[] = Array.from({ length: count }, (_, i) => i % 2 === 0 ? "up" : "down");
    const report = packReport(7, from, opinions, true, packLinks(links));
    const into: Opinion[] = opinions.map(() => "unknown");
    unpackReport(report, into);
    assert.deepEqual(into.slice(from), opinions.slice(from));
    assert.deepEqual(unpackLinks(behindReport(report, count)), [links[0], links[1], {
      ...links[2],
      rttMs: 6553.4,
    }]);
    assert.equal(
      unpackLinks(behindReport(packReport(7, from, opinions), count)),
      null,
      "an older version tells none",
    );
  }
  const many = Array.from({ length: 63 }, (_, i) => ({ id: i + 2, rttMs: 1, loss: 0 }));
  assert.equal(unpackLinks(packLinks(many))?.length, MAX_LINKS);
});

Deno.test("any bytes are links or none", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(3000), (bytes, targets) => {
    const links = unpackLinks(behindReport(bytes, targets));
    for (const { rttMs, loss } of links ?? []) {
      assert.ok(rttMs === null || (rttMs >= 0 && rttMs < 6554));
      assert.ok(loss === null || (loss >= 0 && loss <= 1));
    }
  }));
});
