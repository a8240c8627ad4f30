/** The config as JSON Schema, for editors. */
import type { JsonSchema } from "./field.ts";
import { document } from "./keys.ts";

/** JSON Schema (draft 2020-12) of a whole config. What holds between keys, such as unique names, it cannot say. */
export function configSchema(): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "abfail config",
    ...document.schema,
  };
}
