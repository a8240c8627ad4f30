/** Values of options, read and refused. The one thing thrown here is what commander catches. */
import { InvalidArgumentError } from "./commander.ts";
import { parseDuration } from "../config/duration.ts";

/** A whole number of `min`..`max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** A duration such as `30s`, in ms, above 0. */
export function durationMs(text: string): number {
  const read = parseDuration(text);
  if (read.ok && read.value > 0) return read.value;
  const meant = read.ok ? null : read.error.kind === "no-unit" ? `${text}s` : read.error.instead;
  const hint = meant === null ? "" : ` Did you mean ${meant}?`;
  throw new InvalidArgumentError(`It must be a duration with a unit, such as 250ms, 30s or 2m.${hint}`);
}

/** A share: `0.1` or `10%`, below all. */
export function share(text: string): number {
  const match = /^([0-9]+(?:\.[0-9]+)?)(%?)$/.exec(text);
  const value = match === null ? NaN : Number(match[1]) / (match[2] === "%" ? 100 : 1);
  if (value >= 0 && value < 1) return value;
  throw new InvalidArgumentError("It must be a share such as 0.1 or 10%, below 100%.");
}
