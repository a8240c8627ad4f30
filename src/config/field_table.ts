/** Fields that hold fields: tables, tables of several types, lists. */
import { type Field, type JsonSchema, keyOf } from "./field.ts";
import type { Path } from "./lines.ts";
import { foundText } from "./problem.ts";
import type { Reading } from "./reading.ts";
import { nearest } from "./suggest.ts";

/** One key of a table. */
export interface Key<T> {
  readonly field: Field<T>;
  /** For required keys: the line to write, such as `name = "prod"`. */
  readonly example: string | null;
  /** What it is for: one line, shown by editors. */
  readonly doc: string;
  /** As it would be written; for editors. */
  readonly standard: unknown;
}

/** The keys of one table. */
export type Keys = Readonly<Record<string, Key<unknown>>>;

/** What a table of these keys reads as: undefined where a key is absent or wrong. */
export type ReadTable<K extends Keys> = {
  readonly [P in keyof K]: K[P] extends Key<infer T> ? T | undefined : never;
};

/** A key that must be there. */
export function required<T>(field: Field<T>, example: string, doc: string): Key<T> {
  return { field, example, doc, standard: undefined };
}

/** A key that may be absent; `standard` is what holds then, if that is one value. */
export function optional<T>(field: Field<T>, doc: string, standard?: unknown): Key<T> {
  return { field, example: null, doc, standard };
}

/** Keys that PRODUCT.md promises and this version does not have. */
export interface TableOptions {
  readonly later?: readonly string[];
  /** Said behind "unknown key" for keys that belong elsewhere. */
  readonly elsewhere?: (key: string) => string | null;
}

/** A table with exactly these keys. */
export function table<const K extends Keys>(keys: K, options: TableOptions = {}): Field<ReadTable<K>> {
  return {
    schema: tableSchema(keys),
    read(value, path, reading): ReadTable<K> | undefined {
      const given = asTable(value, path, reading);
      if (given === null) return undefined;
      for (const key of Object.keys(given)) {
        if (!Object.hasOwn(keys, key)) reportUnknown(key, path, reading, Object.keys(keys), given, options);
      }
      const read: Record<string, unknown> = {};
      for (const [name, key] of Object.entries(keys)) {
        const at = [...path, name];
        if (Object.hasOwn(given, name)) read[name] = key.field.read(given[name], at, reading);
        else if (key.example !== null) {
          reading.report(at, `is missing: ${key.doc}`, [`such as ${key.example}`]);
        }
      }
      return read as ReadTable<K>;
    },
  };
}

/** Tables told apart by their `type`. `later` are types to come. */
export function tagged<const V extends Readonly<Record<string, Keys>>>(
  variants: V,
  later: readonly string[],
  options: TableOptions = {},
): Field<{ [T in keyof V & string]: { readonly type: T } & ReadTable<V[T]> }[keyof V & string]> {
  type Read = { [T in keyof V & string]: { readonly type: T } & ReadTable<V[T]> }[keyof V & string];
  const types = Object.keys(variants);
  const fields = new Map(types.map((type) => {
    const elsewhere = (key: string): string | null => homeOf(key, variants);
    return [type, table({ ...typeKey(type), ...variants[type] }, { ...options, elsewhere })];
  }));
  return {
    schema: { oneOf: [...fields.values()].map((field) => field.schema) },
    read(value, path, reading): Read | undefined {
      const given = asTable(value, path, reading);
      if (given === null) return undefined;
      const type = given["type"];
      const at = [...path, "type"];
      const field = typeof type === "string" ? fields.get(type) : undefined;
      const available = `available: ${types.join(", ")}`;
      if (field !== undefined) return field.read(value, path, reading) as Read | undefined;
      if (type === undefined) reading.report(at, `is missing; ${available}`);
      else if (typeof type === "string" && later.includes(type)) {
        reading.report(at, `"${type}" is not in this version yet; ${available}`);
      } else {
        const near = typeof type === "string" ? nearest(type, [...types, ...later]) : null;
        const help = near === null ? [] : [`did you mean "${near}"?${soon(later.includes(near))}`];
        reading.report(at, `found ${foundText(type)}; ${available}`, help);
      }
      readWithoutType(given, path, Object.values(variants), reading);
      return undefined;
    },
  };
}

/** Without a usable type the values are judged all the same, each by the first type that knows its key. */
function readWithoutType(
  given: Readonly<Record<string, unknown>>,
  path: Path,
  variants: readonly Keys[],
  reading: Reading,
): void {
  for (const [name, value] of Object.entries(given)) {
    const keys = variants.find((candidate) => Object.hasOwn(candidate, name));
    if (name !== "type") keys?.[name]?.field.read(value, [...path, name], reading);
  }
}

/** A list of `min`..`max` elements. Elements that are wrong are left out, after they were reported. */
export function list<T>(
  element: Field<T>,
  limits: { readonly min?: number; readonly max?: number; readonly orOne?: boolean; readonly what: string },
): Field<readonly T[]> {
  const { min = 0, max = 64, orOne = false, what } = limits;
  const many: JsonSchema = { type: "array", items: element.schema, minItems: min, maxItems: max };
  return {
    schema: orOne ? { anyOf: [element.schema, many] } : many,
    read(value, path, reading): readonly T[] | undefined {
      if (orOne && !Array.isArray(value)) {
        const one = element.read(value, path, reading);
        return one === undefined ? undefined : [one];
      }
      if (!Array.isArray(value)) {
        const help = typeof value === "string" ? [`write ${keyOf(path)}[${JSON.stringify(value)}]`] : [];
        reading.report(path, `found ${foundText(value)}; a list of ${what} is needed`, help);
        return undefined;
      }
      if (value.length < min || value.length > max) {
        const allowed = value.length < min ? `at least ${min} needed` : `at most ${max} allowed`;
        reading.report(path, `found ${value.length} ${what}; ${allowed}`);
        return undefined;
      }
      return value.map((item, i) => element.read(item, [...path, i], reading)).filter((item) =>
        item !== undefined
      );
    },
  };
}

/**
 * A list of tables whose elements keep their place: undefined where one was wrong. (`list` leaves them out, and
 * then places no longer say which line an element stands on.)
 */
export function tables<T>(
  element: Field<T>,
  limits: { readonly min?: number; readonly max: number; readonly header: string; readonly what: string },
): Field<readonly (T | undefined)[]> {
  const { min = 0, max, header, what } = limits;
  return {
    schema: { type: "array", items: element.schema, minItems: min, maxItems: max },
    read(value, path, reading): readonly (T | undefined)[] | undefined {
      if (!Array.isArray(value)) {
        const help = [`a list of them is written with double brackets: [[${header}]]`];
        reading.report(path, `found ${foundText(value)}; a list of ${what} is needed`, help);
        return undefined;
      }
      if (value.length < min) reading.report(path, `found no ${what}; at least one is needed`);
      if (value.length > max) {
        reading.report(path, `found ${value.length} ${what}; at most ${max} are allowed`);
      }
      return value.map((item, i) => element.read(item, [...path, i], reading));
    },
  };
}

function asTable(value: unknown, path: Path, reading: Reading): Readonly<Record<string, unknown>> | null {
  if (typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date)) {
    return value as Readonly<Record<string, unknown>>;
  }
  const shown = path.filter((part) => typeof part === "string").join(".");
  const help = Array.isArray(value) ? [`it is written once, with single brackets: [${shown}]`] : [];
  reading.report(path, `found ${foundText(value)}; a table is needed`, help);
  return null;
}

function reportUnknown(
  key: string,
  path: Path,
  reading: Reading,
  known: readonly string[],
  given: Readonly<Record<string, unknown>>,
  options: TableOptions,
): void {
  const at = [...path, key];
  if (reading.isFull) return reading.report(at, "there is no such key here");
  if (options.later?.includes(key)) {
    reading.report(at, "is not in this version yet; leave it out");
    return;
  }
  const absent = known.filter((name) => !Object.hasOwn(given, name));
  const near = nearest(key, absent) ?? nearest(key, known);
  const homes = reading.homesOf(key);
  const elsewhere = options.elsewhere?.(key) ??
    (homes.length === 0 ? null : `it goes into ${homes.join(" or ")}`);
  const said = near !== null ? `; did you mean ${near}?` : elsewhere !== null ? `; ${elsewhere}` : "";
  const where = path.length === 0 ? "the sections here" : "the keys here";
  reading.report(at, `unknown key${said}`, [`${where}: ${known.join(", ")}`]);
}

/** Which types know a key that this one does not. */
function homeOf(key: string, variants: Readonly<Record<string, Keys>>): string | null {
  const types = Object.keys(variants).filter((type) => Object.hasOwn(variants[type] ?? {}, key));
  return types.length === 0 ? null : `it goes with type = ${types.map((type) => `"${type}"`).join(" or ")}`;
}

function typeKey(type: string): { readonly type: Key<unknown> } {
  const field: Field<unknown> = { schema: { const: type }, read: (value) => value };
  return { type: { field, example: `type = "${type}"`, doc: "which kind it is", standard: undefined } };
}

function soon(isLater: boolean): string {
  return isLater ? " (not in this version yet)" : "";
}

function tableSchema(keys: Keys): JsonSchema {
  const properties = Object.entries(keys).map(([name, key]) => {
    const extra = key.standard === undefined ? {} : { default: key.standard };
    return [name, { description: key.doc, ...key.field.schema, ...extra }];
  });
  const needed = Object.entries(keys).filter(([, key]) => key.example !== null).map(([name]) => name);
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    ...(needed.length === 0 ? {} : { required: needed }),
    additionalProperties: false,
  };
}
