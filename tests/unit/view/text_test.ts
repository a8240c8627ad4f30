import assert from "node:assert/strict";
import { displayWidth, pad, printable, truncate, wrap } from "../../../src/view/text.ts";

Deno.test("control characters, escape sequences and bidi overrides cannot reach a terminal", () => {
  assert.equal(printable("a\x1b[2Jb\r\nc\u202ed\x9be\u2028f"), "a [2Jb c d e f");
});

Deno.test("wide characters take two columns and combining ones none", () => {
  assert.equal(displayWidth("web"), 3);
  assert.equal(displayWidth("東京"), 4);
  assert.equal(displayWidth("e\u0301"), 1);
});

Deno.test("text is cut with an ellipsis and never wider than asked", () => {
  assert.equal(truncate("abcdef", 6), "abcdef");
  assert.equal(truncate("abcdef", 4), "abc…");
  assert.equal(truncate("東京都", 4), "東…");
  assert.equal(truncate("abc", 0), "");
  assert.equal(pad("é", 3, "right"), "  é");
});

Deno.test("a wrapped sentence loses no letter, even where one word is longer than the line", () => {
  const text = "web: a-very-long-host-name.example.com shows something else";
  const lines = wrap(text, 12, 2);
  for (const line of lines) assert.ok(displayWidth(line) <= 12, line);
  assert.equal(lines.join("").replaceAll(" ", ""), text.replaceAll(" ", ""));
  assert.deepEqual(wrap("one two three", 7, 2), ["one two", "  three"]);
  assert.deepEqual(wrap("", 7, 2), [""]);
});
