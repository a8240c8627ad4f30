/**
 * Parsers with a bug of each sort that the fuzzer must find, so that its silence means something. Each is a real one of
 * ours with the one guard taken out that its name tells.
 */
import { decodeState, encodeState } from "../../../src/failover/codec.ts";
import { decodeBody } from "../../../src/wire/codec.ts";
import { LIFE_1 } from "../../unit/wire/samples.ts";
import { must, type Subject, textOf } from "../subject.ts";
import { message } from "./dns.ts";
import { decision } from "./state.ts";
import { body } from "./wire.ts";

/** Opens one by name; throws where there is none. */
export function planted(name: string): Subject {
  const open = PLANTED.get(name);
  if (open === undefined) throw new Error(`there is no parser ${name}`);
  return { ...open(), name };
}

const PLANTED: ReadonlyMap<string, () => Subject> = new Map([
  ["planted-throw", (): Subject => ({ ...body(), check: throwsOnOne })],
  ["planted-hang", (): Subject => ({ ...message(), check: followsPointersForEver })],
  ["planted-range", (): Subject => ({ ...decision(), check: takesAnySerial })],
  ["planted-slow", (): Subject => ({ ...message(), check: comparesAllWithAll })],
  ["planted-tail", (): Subject => ({ ...body(), check: ignoresWhatFollows })],
]);

/** Their names, with a part of what must be said of each. */
export const PLANTED_NAMES: ReadonlyMap<string, RegExp> = new Map([
  ["planted-throw", /planted/],
  ["planted-hang", /does not end/],
  ["planted-range", /serial/],
  ["planted-slow", /^slow|does not end/],
  ["planted-tail", /more octets/],
]);

/** One kind of message with one field that is far from all that ever came. */
function throwsOnOne(input: Uint8Array): void {
  const read = decodeBody(input, 1, LIFE_1);
  if (!read.ok || read.value.message.kind !== "claim") return;
  if (read.value.message.leaseMs > 1e12) throw new Error("planted");
}

/** A pointer to itself, or in a circle. */
function followsPointersForEver(input: Uint8Array): void {
  for (let at = 12; at < input.length && input[at] !== 0;) {
    const length = input[at]!;
    at = length >= 0xc0 ? ((length & 0x3f) << 8) | (input[at + 1] ?? 0) : at + 1 + length;
  }
}

/** 32 bits, says the type. */
function takesAnySerial(input: Uint8Array): void {
  const read = decodeState(input);
  if (read.ok) return void encodeState(read.value);
  must(!/^serial is not a whole/.test(read.error), "a serial that is none was taken");
}

/** Many small pieces: fine for those that ever came, a second for the worst. */
function comparesAllWithAll(input: Uint8Array): void {
  const words = textOf(input).split("\0").slice(0, 9000);
  let same = 0;
  for (const a of words) for (const b of words) if (a === b) same++;
  must(same >= 0, "");
}

/** What comes behind the message is not looked at. */
function ignoresWhatFollows(input: Uint8Array): void {
  for (let length = input.length - 1; length > input.length - 4 && length > 0; length--) {
    must(!decodeBody(input.subarray(0, length), 1, LIFE_1).ok, "a packet and some more octets were taken");
  }
}
