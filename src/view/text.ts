/**
 * Text on its way to a terminal or a log: made harmless, measured, cut and wrapped. A probe's detail comes
 * from whatever answered it, so nothing may reach the terminal with control characters in it.
 */

/** Cc, Cf (bidi overrides, zero width), line and paragraph separators, lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;
const ZERO_WIDTH = /^\p{M}$/u;
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1faff],
  [0x20000, 0x3fffd],
];

/** One line that does nothing to a terminal: each run of control characters becomes one space. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, " ");
}

/** Terminal columns that printable text takes: wide characters take two, combining ones none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** At most `width` columns; what was cut ends in `…`. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  if (width < 1) return "";
  let used = 0;
  let kept = "";
  for (const character of text) {
    used += characterWidth(character);
    if (used > width - 1) break;
    kept += character;
  }
  return kept.trimEnd() + "…";
}

/** Filled up with spaces to `width` columns. */
export function pad(text: string, width: number, align: "left" | "right"): string {
  const fill = " ".repeat(Math.max(0, width - displayWidth(text)));
  return align === "left" ? text + fill : fill + text;
}

/**
 * Words laid out in lines of at most `width` columns, the second and later ones after `indent` spaces. A word
 * that is longer than a line is broken, never cut: what is wrong must be readable in full.
 */
export function wrap(text: string, width: number, indent: number): string[] {
  const lines: string[] = [];
  const room = Math.max(1, width);
  const margin = " ".repeat(Math.min(indent, room - 1));
  let line = "";
  let used = 0;
  let empty = true;
  const flush = (): void => {
    lines.push(line);
    line = margin;
    used = margin.length;
    empty = true;
  };
  for (const word of text.split(" ").filter((part) => part !== "")) {
    if (!empty && used + 1 + displayWidth(word) > room) flush();
    if (!empty) {
      line += " ";
      used += 1;
    }
    for (const character of word) {
      if (used + characterWidth(character) > room && !empty) flush();
      line += character;
      used += characterWidth(character);
      empty = false;
    }
  }
  if (!empty || lines.length === 0) lines.push(line);
  return lines;
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (ZERO_WIDTH.test(character)) return 0;
  return WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}
