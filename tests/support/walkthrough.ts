/**
 * The README's walk-through as data. A block of `sh` begins with the machines that it is for; a block of `text` behind it
 * is what it prints, where `...` as a line stands for any lines and `…` within one for anything.
 *
 *     # on nyc1, sfo2                                    one after the other, in the shell of each
 *     # on nyc1, sfo2, in a terminal of its own          goes on while the rest is done
 *
 * "steps 2 and 3 above" in the text stands for the blocks under **2. ...** and **3. ...** of the first section.
 */
import assert from "node:assert/strict";

export interface Block {
  readonly machines: readonly string[];
  readonly isAside: boolean;
  /** The lines, without the one that names the machines. */
  readonly lines: string;
  /** What it prints; null where nothing is said of it. */
  readonly prints: string | null;
}

/** Everything that the README says to do under a heading, in order. */
export function blocksUnder(readme: string, heading: string): readonly Block[] {
  return expand(sectionOf(readme, heading), null, readme);
}

/** Commands that may be asked again and again until they say what is expected. */
const ASKS = /^(dig|curl|abfail (status|events|check))\b/;

/** True where a block only looks. */
export function onlyLooks({ lines }: Block): boolean {
  return lines.replaceAll(/\\\n\s*/g, "").split("\n").every((line) => line.trim() === "" || ASKS.test(line));
}

/** Whether a text is what the README shows; spaces and empty lines aside. */
export function isAsShown(text: string, shown: string): boolean {
  return fits(linesOf(text), linesOf(shown));
}

function linesOf(text: string): readonly string[] {
  return text.split("\n").map((line) => line.trim().replaceAll(/\s+/g, " ")).filter((line) => line !== "");
}

function fits(lines: readonly string[], shown: readonly string[]): boolean {
  const [first, ...rest] = shown;
  if (first === undefined) return lines.length === 0;
  if (first === "...") return lines.some((_, i) => fits(lines.slice(i), rest)) || fits([], rest);
  const pattern = new RegExp(`^${first.split("…").map((part) => RegExp.escape(part)).join(".*")}$`);
  return lines[0] !== undefined && pattern.test(lines[0]) && fits(lines.slice(1), rest);
}

/** The text under a heading, up to the next one. */
function sectionOf(readme: string, heading: string): string {
  const at = readme.indexOf(`\n${heading}\n`);
  assert(at >= 0, `the README has no ${heading}`);
  const rest = readme.slice(at + heading.length + 2);
  const end = rest.search(/\n#{2,3} /);
  return end < 0 ? rest : rest.slice(0, end);
}

const TOKEN = /```(sh|text)\n([^]*?)\n```|[Ss]teps? (\d(?:(?:, | and | to )\d)*) above/g;

/** `step`: only what stands under this number. */
function expand(section: string, step: string | null, readme: string): Block[] {
  const blocks: Block[] = [];
  const from = step === null ? 0 : section.indexOf(`**${step}. `);
  assert(from >= 0, `there is no step ${step}`);
  const end = step === null ? -1 : section.indexOf(`**${Number(step) + 1}. `);
  for (const [, kind, body = "", steps] of section.slice(from, end < 0 ? undefined : end).matchAll(TOKEN)) {
    if (steps !== undefined) {
      const main = sectionOf(readme, MAIN);
      for (const number of numbers(steps)) blocks.push(...expand(main, number, readme));
    } else if (kind === "sh") blocks.push(...readBlock(body));
    else {
      const last = blocks.pop();
      assert(last !== undefined && last.prints === null, `what prints this?\n${body}`);
      blocks.push({ ...last, prints: body });
    }
  }
  return blocks;
}

/** The section that the others point to. */
export const MAIN = "## Three machines, step by step";

/** `2 and 3`, `2 to 4`, `2, 3 and 5`. */
function numbers(text: string): readonly string[] {
  const range = /^(\d) to (\d)$/.exec(text);
  if (range === null) return text.match(/\d/g) ?? [];
  const [first, last] = [Number(range[1]), Number(range[2])];
  return Array.from({ length: last - first + 1 }, (_, i) => String(first + i));
}

/** A block without the line of machines is no part of the walk-through. */
function readBlock(body: string): Block[] {
  const [first = "", ...rest] = body.split("\n");
  const match = /^# on ([a-z0-9, ]+?)(, in a terminal of its own)?$/.exec(first);
  if (match === null) return [];
  const machines = (match[1] ?? "").split(", ");
  return [{ machines, isAside: match[2] !== undefined, lines: rest.join("\n"), prints: null }];
}
