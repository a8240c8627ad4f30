/** The judge of the README's walk-through: it must see what is not as shown. */
import assert from "node:assert/strict";
import { blocksUnder, isAsShown, MAIN, onlyLooks } from "../../support/walkthrough.ts";

Deno.test("what is printed must be what is shown: every line, in order, gaps only where they are marked", () => {
  assert.ok(isAsShown("a\n\n  b   c\n", "a\nb c"));
  assert.ok(isAsShown("1\na\n2\n3\nb 7 s\n", "...\na\n...\nb … s"));
  assert.ok(isAsShown("a\n", "a\n..."));
  for (const [text, shown] of [["a\nb", "a"], ["a", "a\nb"], ["b\na", "a\nb"], ["a.c", "a.b"], ["", "a"]]) {
    assert.ok(!isAsShown(text ?? "", shown ?? ""), `${text} | ${shown}`);
  }
  assert.ok(!isAsShown("10.0.1.10\n", "10.0.2.10"));
  assert.ok(!isAsShown("axb\n", "a.b"), "no dot is a pattern");
});

Deno.test("the README's sections have commands for known machines, and steps that are pointed to are there", async () => {
  const readme = await Deno.readTextFile(new URL("../../../README.md", import.meta.url));
  for (const heading of [MAIN, "### With your own BIND", "### With DigitalOcean's DNS"]) {
    const blocks = blocksUnder(readme, heading);
    assert.ok(blocks.some(({ lines }) => lines.includes("abfail run")), heading);
    assert.ok(blocks.some(({ isAside }) => isAside));
    for (const { machines } of blocks) {
      assert.ok(machines.every((name) => ["nyc1", "sfo2", "home", "ns"].includes(name)));
    }
  }
  const block = (lines: string) => ({ machines: ["a"], isAside: false, lines, prints: null });
  assert.ok(onlyLooks(block("abfail status\ndig +short x")));
  assert.ok(!onlyLooks(block("abfail status\nkill %1")));
});
