/** Durations as people write them in the config and on the command line: `250ms`, `1.5s`, `2m`, `1m30s`. */
import { err, ok, type Result } from "../base/result.ts";

/** Milliseconds of each unit, the largest first. */
const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
];

/** Units as people write them elsewhere. */
const OTHER_UNITS: Readonly<Record<string, string>> = {
  msec: "ms",
  millis: "ms",
  milliseconds: "ms",
  sec: "s",
  secs: "s",
  second: "s",
  seconds: "s",
  min: "m",
  mins: "m",
  minute: "m",
  minutes: "m",
  hr: "h",
  hour: "h",
  hours: "h",
  day: "d",
  days: "d",
};

/** A duration as a JSON Schema pattern. */
export const DURATION_PATTERN = "^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$";

/** Why a text is not a duration; `instead` is what was probably meant, null when that is not clear. */
export interface DurationProblem {
  readonly kind: "not-a-duration" | "no-unit";
  readonly instead: string | null;
}

/** Reads a duration, in ms, not negative. Units of one text go from large to small, each at most once. */
export function parseDuration(text: string): Result<number, DurationProblem> {
  if (/^[0-9]+(\.[0-9]+)?$/.test(text)) return err({ kind: "no-unit", instead: null });
  let total = 0;
  let rest = text;
  let largest = Infinity;
  while (rest !== "" || text === "") {
    const match = /^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)(?![a-z])/.exec(rest);
    const unit = UNITS.find(([name]) => name === match?.[2])?.[1];
    if (match === null || unit === undefined || unit >= largest) {
      return err({ kind: "not-a-duration", instead: meant(text) });
    }
    total += Number(match[1]) * unit;
    largest = unit;
    rest = rest.slice(match[0].length);
  }
  if (!Number.isFinite(total)) return err({ kind: "not-a-duration", instead: null });
  // 1.1s is 1100 ms, not 1100.0000000000002.
  return ok(Math.round(total * 1e6) / 1e6);
}

/** A short text that `parseDuration` reads back as these ms: 90000 is `90s`, 1500 `1.5s`, 250 `250ms`. */
export function durationText(ms: number): string {
  if (ms > 1000 && ms < 60_000 && ms % 100 === 0) return `${ms / 1000}s`;
  for (const [name, unit] of UNITS) {
    if (ms >= unit && ms % unit === 0) return `${ms / unit}${name}`;
  }
  return `${ms}ms`;
}

/** `10 s`, `10S`, `10sec`, `1,5s` and the like. */
function meant(text: string): string | null {
  const match = /^\s*([0-9]+(?:[.,][0-9]+)?)\s*([A-Za-z]+)\s*$/.exec(text);
  if (match === null) return null;
  const [, number = "", word = ""] = match;
  const lower = word.toLowerCase();
  const unit = UNITS.some(([name]) => name === lower)
    ? lower
    : Object.hasOwn(OTHER_UNITS, lower)
    ? OTHER_UNITS[lower]
    : undefined;
  return unit === undefined ? null : `${number.replace(",", ".")}${unit}`;
}
