/** Where two graphs of plain data differ: the path of the first place, such as `election.role.kind`; null = nowhere. */
export function firstDifference(a: unknown, b: unknown): string | null {
  const seen = new Map<object, object>();
  return compare(a, b, "", seen);
}

function compare(a: unknown, b: unknown, path: string, seen: Map<object, object>): string | null {
  if (Object.is(a, b)) return null;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return path;
  if (seen.get(a) === b) return null;
  seen.set(a, b);
  if (a instanceof Map && b instanceof Map) return comparePairs([...a], [...b], path, seen);
  if (a instanceof Set && b instanceof Set) return compareLists([...a], [...b], path, seen);
  if (Array.isArray(a) && Array.isArray(b)) return compareLists(a, b, path, seen);
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    return a.length === b.length && a.every((byte, i) => byte === b[i]) ? null : path;
  }
  if (hasItems(a) && hasItems(b)) return compare(a.items(), b.items(), path, seen);
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return path;
  if ("reveal" in a) return null; // secrets are not in recordings
  return comparePairs(Object.entries(a), Object.entries(b), path, seen);
}

function compareLists(
  a: readonly unknown[],
  b: readonly unknown[],
  path: string,
  seen: Map<object, object>,
): string | null {
  if (a.length !== b.length) return `${path}.length`;
  for (const [index, item] of a.entries()) {
    const found = compare(item, b[index], `${path}[${index}]`, seen);
    if (found !== null) return found;
  }
  return null;
}

function comparePairs(
  a: readonly (readonly [unknown, unknown])[],
  b: readonly (readonly [unknown, unknown])[],
  path: string,
  seen: Map<object, object>,
): string | null {
  const other = new Map(b);
  for (const [key, value] of a) {
    const here = path === "" ? `${key}` : `${path}.${key}`;
    const found = compare(value, other.get(key), here, seen);
    if (found !== null) return found;
    other.delete(key);
  }
  for (const [key, value] of other) if (value !== undefined) return `${path}.${key}`;
  return null;
}

function hasItems(value: object): value is { items(): unknown } {
  return "items" in value && typeof value.items === "function";
}
