/**
 * A graph of plain data as JSON text and back: what is one object in two places is one object again afterwards.
 * Objects with and without a prototype, arrays, Maps, Sets, bytes, Agendas; Infinity, NaN, -0 and undefined.
 *
 *     [node, node, ...]    the first is the whole; a node is one object
 *     slot in a node       a JSON value that is none, or [n] = the n-th node, or ["Infinity"] and such
 *
 * Secrets never leave: one becomes an empty secret, and what stands under the names in `HIDDEN` becomes "[hidden]".
 */
import { Buffer } from "node:buffer";
import type { Secret } from "../config/config.ts";
import { secret } from "../config/secret.ts";
import { Agenda, type AgendaItems } from "../node/agenda.ts";

/** Settings whose texts may be secrets: headers, variables, web addresses, what is sent to a target. */
const HIDDEN: ReadonlySet<string> = new Set(["headers", "env", "url", "readUrl", "send"]);
const SHOWN = "[hidden]";

type Slot = string | number | boolean | null | readonly [number] | readonly [string];
type Pair = readonly [string, Slot];
type Node =
  | { readonly o: readonly Pair[] }
  /** Without a prototype. */
  | { readonly n: readonly Pair[] }
  | { readonly a: readonly Slot[] }
  | { readonly m: readonly (readonly [Slot, Slot])[] }
  | { readonly s: readonly Slot[] }
  | { readonly b: string }
  | { readonly agenda: Slot }
  | { readonly secret: true };

/** The graph as text. Throws for what is no plain data: a bug, to be seen in tests. */
export function encodeGraph(root: object): string {
  const numbers = new Map<object, number>();
  const nodes: (Node | null)[] = [];
  const slot = (value: unknown, hide: boolean): Slot => {
    switch (typeof value) {
      case "string":
        return hide ? SHOWN : value;
      case "boolean":
        return value;
      case "number":
        return Number.isFinite(value) && !Object.is(value, -0)
          ? value
          : [Object.is(value, -0) ? "-0" : `${value}`];
      case "undefined":
        return ["undefined"];
      case "object":
        return value === null ? null : [number(value, hide)];
      default:
        throw new TypeError(`a ${typeof value} is no plain data`);
    }
  };
  const number = (value: object, hide: boolean): number => {
    const known = numbers.get(value);
    if (known !== undefined) return known;
    const index = nodes.push(null) - 1;
    numbers.set(value, index);
    nodes[index] = node(value, hide);
    return index;
  };
  const pairs = (value: object, hide: boolean): Pair[] =>
    Object.entries(value).map(([key, item]) => [key, slot(item, hide || HIDDEN.has(key))] as const);
  const node = (value: object, hide: boolean): Node => {
    if (Array.isArray(value)) return { a: value.map((item) => slot(item, hide)) };
    if (value instanceof Map) {
      return { m: [...value].map(([key, item]) => [slot(key, false), slot(item, hide)] as const) };
    }
    if (value instanceof Set) return { s: [...value].map((item) => slot(item, hide)) };
    if (value instanceof Uint8Array) return { b: bytesText(value) };
    if (value instanceof Agenda) return { agenda: slot(value.items(), false) };
    if (isSecret(value)) return { secret: true };
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === null) return { n: pairs(value, hide) };
    if (prototype === Object.prototype) return { o: pairs(value, hide) };
    throw new TypeError(`a ${value.constructor.name} is no plain data`);
  };
  number(root, false);
  return JSON.stringify(nodes);
}

/** The graph of a text that `encodeGraph` made. Throws for any other text. */
export function decodeGraph(text: string): unknown {
  const nodes = JSON.parse(text) as readonly Node[];
  const made: (object | undefined)[] = new Array(nodes.length);
  const value = (slot: Slot): unknown => {
    if (!Array.isArray(slot)) return slot;
    const [what] = slot as readonly [number | string];
    if (typeof what === "number") return object(what);
    return what === "undefined" ? undefined : Number(what);
  };
  const object = (index: number): object => made[index] ?? make(index);
  const keep = <T extends object>(index: number, shell: T): T => {
    made[index] = shell;
    return shell;
  };
  const fill = (shell: object, pairs: readonly Pair[]): object => {
    for (const [key, slot] of pairs) {
      Object.defineProperty(shell, key, {
        value: value(slot),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    return shell;
  };
  const make = (index: number): object => {
    const node = nodes[index];
    if (node === undefined) throw new TypeError(`there is no node ${index}`);
    if ("o" in node) return fill(keep(index, {}), node.o);
    if ("n" in node) return fill(keep(index, Object.create(null) as object), node.n);
    if ("b" in node) return keep(index, textBytes(node.b));
    if ("secret" in node) return keep(index, secret(""));
    if ("agenda" in node) return keep(index, Agenda.of(value(node.agenda) as AgendaItems));
    if ("a" in node) {
      const array = keep<unknown[]>(index, []);
      for (const slot of node.a) array.push(value(slot));
      return array;
    }
    if ("m" in node) {
      const map = keep(index, new Map<unknown, unknown>());
      for (const [key, item] of node.m) map.set(value(key), value(item));
      return map;
    }
    const set = keep(index, new Set<unknown>());
    for (const slot of node.s) set.add(value(slot));
    return set;
  };
  return object(0);
}

/** Bytes as base64. */
export function bytesText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** The bytes of base64. */
export function textBytes(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, "base64"));
}

function isSecret(value: object): value is Secret {
  return "reveal" in value && typeof value.reveal === "function";
}
