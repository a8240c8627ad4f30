import assert from "node:assert/strict";
import { document } from "../../../src/config/keys.ts";
import { configSchema } from "../../../src/config/schema.ts";

type Node = Readonly<Record<string, unknown>>;

Deno.test("the schema names its draft, every section, and refuses unknown keys everywhere", () => {
  const schema = configSchema();
  assert.equal(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  assert.deepEqual(Object.keys(schema["properties"] as Node), [
    "cluster",
    "node",
    "election",
    "api",
    "dns",
    "services",
    "log",
    "notify",
  ]);
  let tables = 0;
  const walk = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    const { properties, additionalProperties } = node as Node;
    if (properties !== undefined && typeof properties === "object" && "type" in (node as Node)) {
      tables++;
      assert.equal(additionalProperties, false);
    }
    for (const child of Object.values(node)) walk(child);
  };
  walk(schema);
  assert.ok(tables >= 14, `${tables} tables`);
  assert.equal(JSON.parse(JSON.stringify(schema))["type"], "object");
  assert.equal(document.schema["additionalProperties"], false);
});

Deno.test("every key has a description", () => {
  const bare: string[] = [];
  const walk = (node: unknown, path: string): void => {
    if (typeof node !== "object" || node === null) return;
    const { properties } = node as Node;
    if (typeof properties === "object" && properties !== null) {
      for (const [key, value] of Object.entries(properties)) {
        if (typeof (value as Node)["description"] !== "string") bare.push(`${path}.${key}`);
      }
    }
    for (const [key, child] of Object.entries(node)) walk(child, `${path}/${key}`);
  };
  walk(configSchema(), "");
  assert.deepEqual(bare, []);
});
