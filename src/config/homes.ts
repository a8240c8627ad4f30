/** In which section each key belongs: for keys that ended up under the wrong header, a common slip in TOML. */
import type { JsonSchema } from "./field.ts";

/** Each key's sections, such as `interval` -> `[services.check]`. */
export function keyHomes(schema: JsonSchema): ReadonlyMap<string, readonly string[]> {
  const homes = new Map<string, string[]>();
  walk(schema, "", false, homes);
  return homes;
}

function walk(schema: JsonSchema, section: string, isList: boolean, homes: Map<string, string[]>): void {
  const variants = schema["oneOf"];
  if (Array.isArray(variants)) {
    for (const variant of variants) walk(variant, section, isList, homes);
    return;
  }
  if (schema["type"] === "array") {
    walk(schema["items"] as JsonSchema, section, true, homes);
    return;
  }
  const properties = (schema["properties"] ?? {}) as Readonly<Record<string, JsonSchema>>;
  for (const [key, value] of Object.entries(properties)) {
    const at = section === "" ? key : `${section}.${key}`;
    const header = isList ? `[[${section}]]` : `[${section}]`;
    const known = homes.get(key) ?? [];
    if (section !== "" && !known.includes(header)) homes.set(key, [...known, header]);
    walk(value, at, false, homes);
  }
}
