/** Mutations: of octets, of lines, of JSON. All chance comes from the seed. */
import type { SeededRandom } from "../../src/base/random.ts";
import { type Mutate, octets, type Subject, textOf } from "./subject.ts";

/** A number below `most`. */
export function below(random: SeededRandom, most: number): number {
  return Math.floor(random.next() * most);
}

/** One of a list that is not empty. */
export function pick<T>(random: SeededRandom, list: readonly T[]): T {
  return list[below(random, list.length)] as T;
}

/** Octets and numbers at which things break. */
const EDGES = [0, 1, 2, 4, 12, 0x10, 0x1f, 0x20, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xbf, 0xc0, 0xc1, 0xfe, 0xff];
const WIDE = [0, 1, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/** The input of one case: something of the corpus, changed a few times; now and then unchanged, or plain noise. */
export function makeInput(subject: Subject, random: SeededRandom): Uint8Array {
  let input: Uint8Array = pick(random, subject.corpus).slice();
  const way = random.next();
  if (way < 0.02) return input;
  if (way < 0.04) return noise(random, below(random, Math.min(subject.maxOctets, 600)));
  // mostly one change: the more there are, the sooner the parser is out
  const times = random.next() < 0.5 ? 1 : 1 + below(random, random.next() < 0.8 ? 4 : 24);
  for (let i = 0; i < times; i++) {
    const structured = subject.mutate !== undefined && random.next() < 0.6;
    input = structured ? subject.mutate!(input, random) : changeOctets(input, random, subject);
    if (input.length > subject.maxOctets) input = input.slice(0, subject.maxOctets);
  }
  return input;
}

/** One change of octets. */
function changeOctets(input: Uint8Array, random: SeededRandom, subject: Subject): Uint8Array {
  const at = below(random, input.length + 1);
  const length = 1 + below(random, random.next() < 0.7 ? 8 : Math.max(1, input.length - at));
  const copy = input.slice();
  switch (below(random, 12)) {
    case 0:
      if (at < copy.length) copy[at]! ^= 1 << below(random, 8);
      return copy;
    case 1:
      if (at < copy.length) copy[at] = pick(random, EDGES);
      return copy;
    case 2: {
      const width = pick(random, [2, 4]);
      if (at + width > copy.length) return copy;
      const view = new DataView(copy.buffer);
      const value = pick(random, WIDE);
      if (width === 2) view.setUint16(at, value & 0xffff);
      else view.setUint32(at, value >>> 0);
      return copy;
    }
    case 3:
      return spliced(input, at, 0, noise(random, length));
    case 4:
      return spliced(input, at, length, new Uint8Array(0));
    case 5:
      return spliced(input, at, 0, input.subarray(at, at + length));
    case 6:
      return input.slice(0, at);
    case 7: {
      const other = pick(random, subject.corpus);
      const from = below(random, other.length + 1);
      return spliced(input, at, below(random, length), other.subarray(from, from + length));
    }
    case 8: {
      const other = pick(random, subject.corpus);
      return spliced(input, at, input.length, other.subarray(Math.min(at, other.length)));
    }
    case 9: // the same over and over, up to the most there may be
      return spliced(input, at, 0, repeated(input.subarray(at, at + length), random, subject.maxOctets));
    case 10:
      copy.copyWithin(at, below(random, input.length + 1), below(random, input.length + 1));
      return copy;
    default: {
      const words = subject.words ?? [];
      if (words.length === 0) return spliced(input, at, length, noise(random, length));
      const word = octets(pick(random, words));
      const many = random.next() < 0.1 ? repeated(word, random, subject.maxOctets) : word;
      return spliced(input, at, random.next() < 0.5 ? 0 : word.length, many);
    }
  }
}

/** A piece many times: mostly a few, sometimes as often as fits. */
function repeated(piece: Uint8Array, random: SeededRandom, maxOctets: number): Uint8Array {
  if (piece.length === 0) return piece;
  const most = Math.floor(maxOctets / piece.length);
  const times = Math.min(most, random.next() < 0.8 ? 2 + below(random, 60) : below(random, most + 1));
  const out = new Uint8Array(times * piece.length);
  for (let i = 0; i < times; i++) out.set(piece, i * piece.length);
  return out;
}

/** `input` with `gone` octets at `at` replaced by `added`. */
export function spliced(input: Uint8Array, at: number, gone: number, added: Uint8Array): Uint8Array {
  const tail = input.subarray(Math.min(input.length, at + gone));
  const out = new Uint8Array(at + added.length + tail.length);
  out.set(input.subarray(0, at));
  out.set(added, at);
  out.set(tail, at + added.length);
  return out;
}

/** Octets by chance. */
export function noise(random: SeededRandom, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => below(random, 256));
}

/** Lines lost, doubled, moved; a value replaced. For TOML, HTTP heads, JSON lines. */
export const mutateLines: Mutate = (input, random) => {
  const lines = textOf(input).split("\n");
  const at = below(random, lines.length);
  const line = lines[at] ?? "";
  switch (below(random, 6)) {
    case 0:
      lines.splice(at, 1);
      break;
    case 1:
      lines.splice(at, 0, pick(random, lines));
      break;
    case 2:
      lines[at] = pick(random, lines);
      break;
    case 3: {
      const cut = line.search(/[=:]/);
      lines[at] = cut < 0 ? line : `${line.slice(0, cut + 1)} ${pick(random, VALUES)}`;
      break;
    }
    case 4:
      lines.splice(at, 0, ...Array.from({ length: below(random, 200) }, () => line));
      break;
    default:
      lines[at] = line.replace(/[0-9]+/, () => pick(random, NUMBERS));
  }
  return octets(lines.join("\n"));
};

const NUMBERS = ["0", "-1", "1", "65535", "65536", "4294967296", "9007199254740993", "1e400", "0x10", "NaN"];
const VALUES = [
  ...NUMBERS,
  ...['""', "''", '"x"', "true", "[]", "{}", "[[]]", '"""', "1979-05-27", '"1s"', '"0s"', '"999999h"'],
  ...['"\\u0000"', '"\\u202e"', "[1,", '"-1ms"', '"a\\nb"', "nan", "inf", '"../../etc/passwd"'],
];

const ODD: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 1, 0.5, 1e308, -1e308, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 + 2, 1e-9],
  ...["", "x", "\u0000", "\u202e\u001b[2J", "\ud800", "a".repeat(5000), "__proto__", "constructor", "NaN"],
  ...["1.1", "9".repeat(40) + ".1", " ", "192.0.2.1", "::", "\n", "epoch=9.9 write=1"],
  ...[[], {}, [[]], [null], { "": 0 }, { length: 4 }],
];

/** JSON: a value somewhere inside replaced, taken out, doubled or buried. Octets that are no JSON stay. */
export const mutateJson: Mutate = (input, random) => {
  try {
    return changedJson(input, random);
  } catch (problem) {
    if (problem instanceof RangeError) return input; // buried deeper than our own stack
    throw problem;
  }
};

function changedJson(input: Uint8Array, random: SeededRandom): Uint8Array {
  let root: unknown;
  try {
    root = JSON.parse(textOf(input));
  } catch {
    return input;
  }
  if (random.next() < 0.03) return octets(nested(random, JSON.stringify(root)));
  const holder = { root };
  const places: { readonly holder: object; readonly key: string | number }[] = [];
  collect(holder, places, 0);
  const { holder: inside, key } = pick(random, places);
  const parent = inside as Record<string | number, unknown>;
  switch (below(random, 6)) {
    case 0:
      if (Array.isArray(inside)) inside.splice(Number(key), 1);
      else delete parent[key];
      break;
    case 1:
      if (Array.isArray(inside)) {
        inside.push(...Array.from({ length: below(random, 300) }, () => parent[key]));
      } else define(parent, pick(random, ["__proto__", "constructor", "toString", "x", "0"]), parent[key]);
      break;
    case 2:
      define(parent, key, [parent[key]]);
      break;
    case 3: {
      const other = pick(random, places);
      define(parent, key, structuredClone((other.holder as Record<string | number, unknown>)[other.key]));
      break;
    }
    default:
      define(parent, key, pick(random, ODD));
  }
  return octets(JSON.stringify(holder.root) ?? "null");
}

function define(holder: object, key: string | number, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

function collect(value: object, places: { holder: object; key: string | number }[], depth: number): void {
  if (depth > 60 || places.length > 3000) return;
  for (const [key, item] of Object.entries(value)) {
    places.push({ holder: value, key: Array.isArray(value) ? Number(key) : key });
    if (typeof item === "object" && item !== null) collect(item, places, depth + 1);
  }
}

/** Deeper than a stack may be. */
function nested(random: SeededRandom, text: string): string {
  const depth = pick(random, [10, 100, 2000, 20_000]);
  const [open, close] = pick(random, [["[", "]"], ['{"a":', "}"], ['[{"$":', "}]"]] as const);
  return open.repeat(depth) + text + close.repeat(depth);
}
