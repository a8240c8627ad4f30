import assert from "node:assert/strict";
import { explainName, formatName, isWithin, parentOf, parseName, sameName } from "../../../src/dns/name.ts";
import { named } from "./fixture.ts";

Deno.test("a name is read label by label, with or without the final dot", () => {
  const labels = (text: string): string[] =>
    named(text).labels.map((label) => new TextDecoder().decode(label));
  assert.deepEqual(labels("web.ha.Example.com"), ["web", "ha", "Example", "com"]);
  assert.deepEqual(labels("web.example."), ["web", "example"]);
  assert.deepEqual(labels("."), []);
});

Deno.test("escapes put dots and any octet into a label, and formatting puts them back", () => {
  assert.deepEqual([...named("a\\.b\\000\\255.c").labels[0]!], [0x61, 0x2e, 0x62, 0, 255]);
  for (const text of ["a\\.b.c", "\\000\\032.x", "back\\\\slash", "end\\.", "."]) {
    assert.equal(formatName(named(text)), text);
  }
});

Deno.test("what is not a name is refused with the reason", () => {
  const kinds: [string, string][] = [
    ["", "empty"],
    [".a", "empty-label"],
    ["a..b", "empty-label"],
    ["..", "empty-label"],
    ["a b", "bad-character"],
    ["bücher.example", "bad-character"],
    ["a\\", "bad-escape"],
    ["a\\25", "bad-escape"],
    ["a\\256", "bad-escape"],
    ["x".repeat(64), "label-too-long"],
    [`${"x".repeat(63)}.`.repeat(3) + "x".repeat(62), "name-too-long"],
  ];
  for (const [text, kind] of kinds) {
    const name = parseName(text);
    assert.equal(name.ok ? "a name" : name.error.kind, kind, text);
    if (!name.ok) assert.notEqual(explainName(name.error), "");
  }
});

Deno.test("the longest label and the longest name are names", () => {
  assert.equal(parseName("x".repeat(63)).ok, true);
  assert.equal(parseName(`${"x".repeat(63)}.`.repeat(3) + "x".repeat(61)).ok, true);
});

Deno.test("names compare without regard to letter case", () => {
  assert(sameName(named("WEB.example"), named("web.EXAMPLE")));
  assert(!sameName(named("web.example"), named("web2.example")));
  assert(!sameName(named("a\\.b"), named("a.b")));
});

Deno.test("below means whole labels: a text suffix is not a zone", () => {
  assert(isWithin(named("a.b.example"), named("B.example")));
  assert(isWithin(named("b.example"), named("b.example")));
  assert(isWithin(named("b.example"), named(".")));
  assert(!isWithin(named("ab.example"), named("b.example")));
  assert(!isWithin(named("example"), named("b.example")));
  // The label "x\.b" ends in ".b" as text and in wire octets that look alike.
  assert(!isWithin(named("x\\001b.example"), named("b.example")));
});

Deno.test("the parent of a name has one label less, the root has none", () => {
  assert.equal(formatName(parentOf(named("a.b"))!), "b");
  assert.equal(formatName(parentOf(named("b"))!), ".");
  assert.equal(parentOf(named(".")), null);
});
