/**
 * What one value of the config may be. A field reads a value and reports what is wrong with it, and says the
 * same as JSON Schema: one source for the reader, its messages and the editors' help.
 */
import type { Result } from "../base/result.ts";
import { DURATION_PATTERN, type DurationProblem, durationText, parseDuration } from "./duration.ts";
import type { Path } from "./lines.ts";
import { foundText } from "./problem.ts";
import type { Reading } from "./reading.ts";
import { nearest } from "./suggest.ts";

/** A JSON Schema (draft 2020-12), or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Reads one value. */
export interface Field<T> {
  /** The value as the config means it; undefined when a problem was reported. */
  read(value: unknown, path: Path, reading: Reading): T | undefined;
  readonly schema: JsonSchema;
}

/** What `fromText` says when a text will not do. */
export interface TextProblem {
  readonly message: string;
  readonly help?: readonly string[];
}

/** A text that is read further. `what` and `example` are for whoever wrote something else than a text. */
export function fromText<T>(
  what: string,
  example: string,
  parse: (text: string) => Result<T, TextProblem>,
  schema: JsonSchema = {},
): Field<T> {
  return {
    schema: { type: "string", ...schema },
    read(value, path, reading): T | undefined {
      if (typeof value !== "string") {
        const help = [`write ${keyOf(path)}${JSON.stringify(example)}`];
        reading.report(path, `found ${foundText(value)}; ${what} in quotes is needed`, help);
        return undefined;
      }
      const parsed = parse(value);
      if (parsed.ok) return parsed.value;
      reading.report(path, parsed.error.message, parsed.error.help);
      return undefined;
    },
  };
}

/** Any text of `min`..`max` characters; without control characters, unless `anyCharacters`. */
export function text(
  what: string,
  example: string,
  limits: { readonly min?: number; readonly max?: number; readonly anyCharacters?: boolean } = {},
): Field<string> {
  const { min = 1, max = 4096, anyCharacters = false } = limits;
  const parse = (value: string): Result<string, TextProblem> => {
    const found = foundText(value);
    if (value.length < min) return { ok: false, error: { message: `found ${found}; ${what} is needed` } };
    if (value.length > max) {
      return { ok: false, error: { message: `has ${value.length} characters; at most ${max} are allowed` } };
    }
    if (anyCharacters ? value.includes("\0") : /\p{Cc}/u.test(value)) {
      return { ok: false, error: { message: `found ${found}; control characters are not allowed` } };
    }
    return { ok: true, value };
  };
  return fromText(what, example, parse, { minLength: min, maxLength: max });
}

/** One of some words. */
export function choice<const W extends string>(words: readonly W[]): Field<W> {
  const allowed = words.map((word) => `"${word}"`).join(", ");
  return {
    schema: { enum: words },
    read(value, path, reading): W | undefined {
      const word = words.find((candidate) => candidate === value);
      if (word === undefined) {
        const near = typeof value === "string" ? nearest(value, words) : null;
        const help = near === null ? [] : [`did you mean "${near}"?`];
        reading.report(path, `found ${foundText(value)}; allowed: ${allowed}`, help);
      }
      return word;
    },
  };
}

/** true or false. */
export const boolean: Field<boolean> = {
  schema: { type: "boolean" },
  read(value, path, reading): boolean | undefined {
    if (typeof value === "boolean") return value;
    const help = value === "true" || value === "false" ? ["without the quotes"] : [];
    reading.report(path, `found ${foundText(value)}; true or false is needed`, help);
    return undefined;
  },
};

/** A whole number of `min`..`max`. */
export function integer(min: number, max: number): Field<number> {
  return {
    schema: { type: "integer", minimum: min, maximum: max },
    read(value, path, reading): number | undefined {
      if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
      const help = typeof value === "string" && /^-?[0-9]+$/.test(value) ? ["without the quotes"] : [];
      const found = typeof value === "number" ? String(value) : foundText(value);
      reading.report(path, `found ${found}; a whole number from ${min} to ${max} is needed`, help);
      return undefined;
    },
  };
}

/** A duration within `minMs`..`maxMs`, in ms. */
export function duration(
  limits: { readonly minMs: number; readonly maxMs: number; readonly wholeSeconds?: boolean },
): Field<number> {
  const { minMs, maxMs, wholeSeconds = false } = limits;
  const range = `${durationText(minMs)} to ${durationText(maxMs)}`;
  return {
    schema: { type: "string", pattern: DURATION_PATTERN },
    read(value, path, reading): number | undefined {
      const parsed = typeof value === "string" ? parseDuration(value) : null;
      if (parsed === null || !parsed.ok) {
        const problem = parsed === null ? null : parsed.error;
        reading.report(path, ...durationMessage(value, problem, path, limits));
        return undefined;
      }
      const ms = parsed.value;
      if (ms < minMs || ms > maxMs) {
        reading.report(path, `found ${foundText(value)}; ${range} is allowed`);
        return undefined;
      }
      if (wholeSeconds && ms % 1000 !== 0) {
        reading.report(path, `found ${foundText(value)}; whole seconds are needed, as DNS counts in them`);
        return undefined;
      }
      return ms;
    },
  };
}

function durationMessage(
  value: unknown,
  problem: DurationProblem | null,
  path: Path,
  limits: { readonly minMs: number; readonly maxMs: number },
): [string, string[]] {
  const number = typeof value === "number" ? value : problem?.kind === "no-unit" ? Number(value) : null;
  if (number !== null) {
    const fits = (ms: number): boolean => ms >= limits.minMs && ms <= limits.maxMs;
    const readings = [[number * 1000, `${number}s`], [number, `${number}ms`]] as const;
    const fitting = readings.filter(([ms]) => fits(ms)).map(([, written]) => `"${written}"`);
    const help = fitting.length === 0 ? [] : [`write ${keyOf(path)}${fitting.join(" or ")}`];
    return [`found ${foundText(value)}; a duration needs a unit: ms, s, m, h or d`, help];
  }
  const message = `found ${foundText(value)}; a duration is needed, such as "250ms", "1.5s", "2m" or "24h"`;
  return [message, problem?.instead ? [`did you mean "${problem.instead}"?`] : []];
}

/** `key = ` for the last key of a path; empty inside lists. */
export function keyOf(path: Path): string {
  const key = path.at(-1);
  return typeof key === "string" ? `${key} = ` : "";
}
