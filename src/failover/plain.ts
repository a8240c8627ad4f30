/** Reading plain values that another version may have written: each as what it must be, or `Misshapen`. */

/** A value that is not what it must be; its message names the place. Never leaves `codec.ts`. */
export class Misshapen extends Error {}

export function table(value: unknown, at: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new Misshapen(`${at} is not a table`);
}

export function listOf<T>(value: unknown, at: string, read: (one: unknown, at: string) => T): T[] {
  if (!Array.isArray(value)) throw new Misshapen(`${at} is not a list`);
  return value.map((one, i) => read(one, `${at}[${i}]`));
}

/** A text that is not empty. */
export function text(value: unknown, at: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new Misshapen(`${at} is not a text`);
}

export function textOrNull(value: unknown, at: string): string | null {
  return value === null ? null : text(value, at);
}

/** One of these words. */
export function oneOf<T extends string>(words: readonly T[], value: unknown, at: string): T {
  const word = words.find((one) => one === value);
  if (word === undefined) throw new Misshapen(`${at} is no known ${at.split(".").at(-1)}`);
  return word;
}

/** A number of 0 or more. */
export function number(value: unknown, at: string): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  throw new Misshapen(`${at} is not a number of 0 or more`);
}

/** The last moment that a date can name, ms since 1970: a later one cannot be shown. */
const LAST_MS = 8.64e15;

/** A moment of the wall clock. */
export function time(value: unknown, at: string): number {
  const ms = number(value, at);
  if (ms <= LAST_MS) return ms;
  throw new Misshapen(`${at} is no time`);
}

/** A whole number of 1 or more. */
export function countOf(value: unknown, at: string): number {
  const whole = number(value, at);
  if (Number.isSafeInteger(whole) && whole >= 1) return whole;
  throw new Misshapen(`${at} is not a whole number of 1 or more`);
}

export function uint32(value: unknown, at: string): number {
  const whole = number(value, at);
  if (Number.isInteger(whole) && whole <= 0xffff_ffff) return whole;
  throw new Misshapen(`${at} is not a whole number of 32 bits`);
}
