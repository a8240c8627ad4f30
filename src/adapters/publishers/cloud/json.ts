/** Looking into JSON that came from elsewhere: what is not there, or of another type, is null. */

/** What stands under these keys and indices. */
export function at(json: unknown, ...path: readonly (string | number)[]): unknown {
  let found = json;
  for (const step of path) {
    if (typeof found !== "object" || found === null) return null;
    found = (found as Readonly<Record<string | number, unknown>>)[step] ?? null;
  }
  return found ?? null;
}

/** A text there, or null. */
export function textAt(json: unknown, ...path: readonly (string | number)[]): string | null {
  const found = at(json, ...path);
  return typeof found === "string" ? found : null;
}

/** A number there, or null. */
export function numberAt(json: unknown, ...path: readonly (string | number)[]): number | null {
  const found = at(json, ...path);
  return typeof found === "number" && Number.isFinite(found) ? found : null;
}

/** A list there; an empty one when there is none. */
export function listAt(json: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(json, ...path);
  return Array.isArray(found) ? found : [];
}

/** The texts of a list there. */
export function textsAt(json: unknown, ...path: readonly (string | number)[]): readonly string[] {
  return listAt(json, ...path).filter((item) => typeof item === "string");
}
