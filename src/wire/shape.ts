/**
 * How values are laid out in a datagram. A shape writes and reads one type; shapes of records and unions are
 * built from those of their fields, so that what is written and what is read cannot part ways, and a field
 * or a kind that a type gains does not compile before it has a place here.
 */
import { assert } from "../base/assert.ts";
import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";

/** Writes and reads one type. `read` never throws; after a problem its value means nothing. */
export interface Shape<T> {
  write(out: ByteWriter, value: T): void;
  read(from: ByteReader): T;
}

/** One octet, 0 or 1. */
export const bool: Shape<boolean> = {
  write: (out, value) => out.u8(value ? 1 : 0),
  read: (from) => {
    const octet = from.u8();
    if (octet > 1) from.fail(`${octet} is neither yes nor no`);
    return octet === 1;
  },
};

/** 32 bits, such as a digest. */
export const u32: Shape<number> = { write: (out, value) => out.u32(value), read: (from) => from.u32() };

/** Any finite number, exact. */
export const exact: Shape<number> = { write: (out, value) => out.f64(value), read: (from) => from.f64() };

/** 31 years in microseconds; up to here ms and back is exact. */
const LONGEST_US = 1e15;

/**
 * A length of time in ms, to a microsecond, in 1 to 8 octets. What is below 0 becomes 0 and what is endless the
 * longest that fits: a promise that ran out while the answer was written binds no longer.
 */
export const duration: Shape<number> = {
  write: (out, ms) => {
    assert(!Number.isNaN(ms), "a duration that is not a number");
    out.varint(Math.min(Math.max(Math.round(ms * 1000), 0), LONGEST_US));
  },
  read: (from) => {
    const us = from.varint();
    if (us > LONGEST_US) from.fail(`a duration of ${us} microseconds`);
    return us / 1000;
  },
};

/** Any bytes. */
export const bytes: Shape<Uint8Array> = {
  write: (out, value) => out.bytes(value),
  read: (from) => from.bytes(),
};

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text as UTF-8. */
export const text: Shape<string> = {
  write: (out, value) => out.bytes(encoder.encode(value)),
  read: (from) => {
    try {
      return decoder.decode(from.bytes());
    } catch {
      from.fail("text that is not UTF-8");
      return "";
    }
  },
};

/** A whole number, both ends included; `max` at most 2^53 - 1. */
export function whole(min: number, max: number): Shape<number> {
  return {
    write: (out, value) => {
      assert(value >= min && value <= max, `${value} is not in ${min}..${max}`);
      out.varint(value);
    },
    read: (from) => {
      const value = from.varint();
      if (from.problem === null && (value < min || value > max)) {
        from.fail(`${value} is not in ${min}..${max}`);
      }
      return value;
    },
  };
}

/** One of a fixed list of words, as its place in the list: words may be added at the end, never moved. */
export function word<T extends string>(words: readonly [T, ...T[]]): Shape<T> {
  return {
    write: (out, value) => {
      const place = words.indexOf(value);
      assert(place >= 0, `${value} is not one of ${words.join(", ")}`);
      out.u8(place);
    },
    read: (from) => {
      const place = from.u8();
      const found = words[place];
      if (found === undefined) from.fail(`there is no word number ${place}`);
      return found ?? words[0];
    },
  };
}

/** The value or null. */
export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return {
    write: (out, value) => {
      bool.write(out, value !== null);
      if (value !== null) shape.write(out, value);
    },
    read: (from) => bool.read(from) ? shape.read(from) : null,
  };
}

/** So many, then each. `octets`: how long one is at least, so that a number alone sets no memory aside. */
export function list<T>(shape: Shape<T>, octets: number): Shape<readonly T[]> {
  return {
    write: (out, values) => {
      out.varint(values.length);
      for (const value of values) shape.write(out, value);
    },
    read: (from) => {
      const count = from.varint();
      if (count * octets > from.left) from.fail(`${count} entries do not fit`);
      const values: T[] = [];
      while (values.length < count && from.problem === null) values.push(shape.read(from));
      return values;
    },
  };
}

/** Shapes of all fields of a record. */
export type Fields<T> = { readonly [K in keyof T]-?: Shape<T[K]> };

/** The fields one after the other, in the order given. `check` finds what the fields alone cannot show. */
export function record<T>(fields: Fields<T>, check?: (value: T) => string | null): Shape<T> {
  const names = Object.keys(fields) as (keyof T)[];
  return {
    write: (out, value) => {
      for (const name of names) fields[name].write(out, value[name]);
    },
    read: (from) => {
      const value: Partial<T> = {};
      for (const name of names) value[name] = fields[name].read(from);
      const whole = value as T;
      const problem = from.problem === null && check !== undefined ? check(whole) : null;
      if (problem !== null) from.fail(problem);
      return whole;
    },
  };
}

/** One kind of a union: its number on the wire (never used again for another) and its other fields. */
export interface Variant<T> {
  readonly code: number;
  readonly rest: Shape<Omit<T, "kind">>;
}

/** A variant from the fields beside `kind`. */
export function variant<T>(
  code: number,
  fields: Fields<Omit<T, "kind">>,
  check?: (value: Omit<T, "kind">) => string | null,
): Variant<T> {
  return { code, rest: record(fields, check) };
}

/** All kinds of a union. */
export type Variants<U extends { readonly kind: string }> = {
  readonly [K in U["kind"]]: Variant<Extract<U, { readonly kind: K }>>;
};

/** The number of the kind, then its fields. */
export function union<U extends { readonly kind: string }>(variants: Variants<U>): Shape<U> {
  const kinds = Object.keys(variants) as U["kind"][];
  const byCode = new Map<number, U["kind"]>(kinds.map((kind) => [variants[kind].code, kind]));
  assert(byCode.size === kinds.length, "two kinds with one number");
  return {
    write: (out, value) => {
      const found: Variant<U> = variants[value.kind as U["kind"]];
      out.u8(found.code);
      found.rest.write(out, value);
    },
    read: (from) => {
      const code = from.u8();
      const kind = byCode.get(code);
      if (kind === undefined) from.fail(`there is no kind number ${code}`);
      const known = kind ?? kinds[0]!;
      return { kind: known, ...variants[known].rest.read(from) } as unknown as U;
    },
  };
}
