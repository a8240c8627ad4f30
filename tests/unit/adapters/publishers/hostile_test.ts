/** What the fuzzer found at publishers' far sides, kept found. */
import assert from "node:assert/strict";
import { MAX_RETRY_AFTER_MS, retryAfterMs } from "../../../../src/adapters/publishers/cloud/limits.ts";
import { element, elements } from "../../../../src/adapters/publishers/cloud/xml.ts";
import { retryAfterMs as retryAfter } from "../../../../src/adapters/publishers/http_call.ts";
import { readSecret } from "../../../../src/adapters/secret_source.ts";

const NOW_MS = Date.UTC(2026, 10, 25);

Deno.test("a pause that a far side asks for is an hour at most, however it is written", () => {
  for (const text of ["99999999", "9".repeat(400), "Fri, 31 Dec 9999 23:59:59 GMT"]) {
    assert.equal(retryAfterMs(new Headers({ "retry-after": text }), NOW_MS), MAX_RETRY_AFTER_MS, text);
  }
  assert.equal(retryAfter("999999999", NOW_MS), MAX_RETRY_AFTER_MS);
  assert.equal(retryAfter("Fri, 31 Dec 9999 23:59:59 GMT", NOW_MS), MAX_RETRY_AFTER_MS);
  assert.equal(retryAfter("7", NOW_MS), 7000);
  assert.equal(retryAfterMs(new Headers({ "retry-after": "7" }), NOW_MS), 7000);
});

Deno.test("elements of XML are found in one walk: attributes, longer names, tags that never close", () => {
  const xml = '<R x="1">a</R><Rs>b</Rs><R>c</R><R\n>d</R><R>e';
  assert.deepEqual(elements(xml, "R"), ["a", "c", "d"]);
  assert.equal(element("<A> x &lt; y </A>", "A"), "x < y");
  assert.equal(element("<A", "A"), null);
  // a mebibyte: a pattern that tries each tag to the end takes half a minute here
  assert.deepEqual(elements("<Code>".repeat(175_000), "Code"), []);
});

Deno.test("a secret's file without an end is refused after its first octets", async () => {
  const said = await readSecret({ kind: "file", path: "/dev/zero" });
  assert(!said.ok);
  assert.match(said.error, /^\/dev\/zero is no secret: it is too long$/);
});
