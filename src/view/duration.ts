const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * A duration for people: two units at most, rounded to what the eye can use. `0.4 ms`, `312 ms`, `4.2 s`,
 * `42 s`, `3 m 10 s`, `2 h 5 m`, `9 d 4 h`. Below zero counts as zero (clocks of two machines); what is no
 * number is `?`.
 */
export function formatDuration(ms: number): string {
  if (Number.isNaN(ms)) return "?";
  if (ms === Infinity) return "for ever";
  const value = Math.max(0, ms);
  if (value < 9.95) return `${trimmed(value)} ms`;
  if (Math.round(value) < SECOND) return `${Math.round(value)} ms`;
  if (value < 9.95 * SECOND) return `${trimmed(value / SECOND)} s`;
  if (Math.round(value / SECOND) < 60) return `${Math.round(value / SECOND)} s`;
  if (value < HOUR - SECOND / 2) return two(value, MINUTE, "m", SECOND, "s");
  if (value < DAY - MINUTE / 2) return two(value, HOUR, "h", MINUTE, "m");
  return two(value, DAY, "d", HOUR, "h");
}

/** The same as an age: `4.2 s ago`. */
export function formatAge(ms: number): string {
  return `${formatDuration(ms)} ago`;
}

function two(value: number, large: number, largeName: string, small: number, smallName: string): string {
  const smalls = Math.round(value / small);
  const perLarge = large / small;
  const rest = smalls % perLarge;
  const first = `${Math.floor(smalls / perLarge)} ${largeName}`;
  return rest === 0 ? first : `${first} ${rest} ${smallName}`;
}

/** One decimal, without a `.0`. */
function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}
