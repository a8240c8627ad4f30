/**
 * What is fuzzed: one parser of the product with inputs that it takes, and what must hold for any input at all.
 *
 * A check throws when a promise is broken: the parser threw past its border, gave a value outside its documented
 * range, wrote what it cannot read. That it ends, and soon, is watched from outside (`campaign.ts`, `hunt.ts`).
 */
import type { SeededRandom } from "../../src/base/random.ts";

/** How an input is made of another one. */
export type Mutate = (input: Uint8Array, random: SeededRandom) => Uint8Array;

export interface Subject {
  readonly name: string;
  /** One line: what it is, and who may send it. */
  readonly about: string;
  /** Inputs that the parser takes, as they really come. */
  readonly corpus: readonly Uint8Array[];
  /** Octets of an input at most: as much as the parser can be given. */
  readonly maxOctets: number;
  /** Pieces that mean something to the parser. */
  readonly words?: readonly string[];
  /** Mutations that know the format, tried beside those of octets. */
  readonly mutate?: Mutate;
  /** Processor time that one input may take, ms. */
  readonly cpuMs?: number;
  /** Throws, or rejects, when something that must hold does not. */
  check(input: Uint8Array): void | Promise<void>;
  /** Frees what it holds: servers, files. */
  close?(): Promise<void>;
}

/** Processor time of one input where the subject does not say, ms. Above it, the event loop, and with it the lease, waits. */
export const CPU_MS = 100;

/** Says that a promise is broken. */
export function must(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

const encoder = new TextEncoder();

/** Octets of a text. */
export function octets(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text, whatever the octets are. */
export function textOf(input: Uint8Array): string {
  return new TextDecoder().decode(input);
}

/** A sentence for people: not endless, and nothing that moves a terminal's cursor. */
export function mustBeWords(text: string, what: string, most = 400): void {
  must(text.length <= most, `${what} has ${text.length} characters: ${text.slice(0, 80)}...`);
  must(!/\p{Cc}/u.test(text), `${what} holds control characters: ${JSON.stringify(text.slice(0, 120))}`);
}
