/** How a piece of text is meant. Colour only repeats what the words already say. */
export type Tone = "plain" | "good" | "warn" | "bad" | "strong" | "faint";

/** Puts a tone on text; `plainPaint` leaves it as it is. */
export type Paint = (text: string, tone: Tone) => string;

/** SGR parameters (ECMA-48): set and reset. */
const SGR: Readonly<Record<Exclude<Tone, "plain">, readonly [string, string]>> = {
  good: ["32", "39"],
  warn: ["33", "39"],
  bad: ["1;31", "22;39"],
  strong: ["1", "22"],
  faint: ["2", "22"],
};

/** For files, pipes and NO_COLOR. */
export function plainPaint(text: string, _tone: Tone): string {
  return text;
}

/** For terminals with the eight colours that all of them have. */
export function colourPaint(text: string, tone: Tone): string {
  if (tone === "plain" || text === "") return text;
  const [set, reset] = SGR[tone];
  return `\x1b[${set}m${text}\x1b[${reset}m`;
}
