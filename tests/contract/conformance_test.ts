import assert from "node:assert/strict";
import { publisher as publisherField } from "../../src/config/publisher_keys.ts";
import { CLOUD_MIN_TTL_MS } from "../../src/config/publisher.ts";
import { FENCES } from "../../src/view/publisher_status.ts";
import { conformanceTable, PROMISED, type PublisherType } from "./conformance.ts";

const types = Object.keys(PROMISED) as readonly PublisherType[];

Deno.test("the README's table of publishers is the one that the suites prove", async () => {
  const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  const between = /<!-- conformance: [^\n]* -->\n([^]*?)<!-- \/conformance -->/.exec(readme)?.[1] ?? "";
  const rows = between.split("\n").filter((line) => line.trim() !== "").map(bare);
  assert.deepEqual(rows, conformanceTable().map(bare), "deno run tests/contract/conformance.ts prints it");
});

Deno.test("the table has every publisher that a config can name, and what the program says of it", () => {
  const { oneOf } = publisherField.schema as {
    readonly oneOf: readonly { readonly properties: { readonly type: { readonly const: string } } }[];
  };
  assert.deepEqual(types.toSorted(), oneOf.map(({ properties }) => properties.type.const).toSorted());
  for (const type of types) {
    const { fence, leastTtlS, atomic } = PROMISED[type];
    assert.equal(FENCES[type], fence, `${type}: what status says of its fence`);
    assert.equal(
      atomic === "epoch",
      fence !== "lease-only",
      `${type}: a fence needs the epoch in the change`,
    );
    if (!Object.hasOwn(CLOUD_MIN_TTL_MS, type)) continue;
    const least = CLOUD_MIN_TTL_MS[type as keyof typeof CLOUD_MIN_TTL_MS];
    assert.equal(least, (leastTtlS ?? 0) * 1000, `${type}: the least TTL that check allows`);
  }
});

/** A row without the padding that the formatter gives it. */
function bare(row: string): string {
  return row.replaceAll(/\s+/g, " ").replaceAll(/-{3,}/g, "---").trim();
}
