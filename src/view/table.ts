/**
 * Tables for terminals that never wrap: columns shrink first, ending in `…`, then the least important are
 * left out.
 */
import type { Paint, Tone } from "./paint.ts";
import { displayWidth, pad, printable, truncate } from "./text.ts";

export interface Column {
  readonly header: string;
  readonly align: "left" | "right";
  /** Columns below which it is not cut; its natural width where that is less. */
  readonly min: number;
  /** 0 is never left out; the highest goes first. */
  readonly rank: number;
}

export interface Cell {
  readonly text: string;
  readonly tone: Tone;
}

export interface TableOptions {
  /** Terminal columns, the indent included. */
  readonly width: number;
  /** Spaces before each line. */
  readonly indent: number;
  readonly paint: Paint;
}

const GAP = 2;

/** A cell without a tone. */
export function cell(text: string, tone: Tone = "plain"): Cell {
  return { text, tone };
}

/** One line for the headers and one for each row; columns that are empty in every row are left out. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions,
): string[] {
  const room = Math.max(1, options.width - options.indent);
  const shown = layOut(columns, rows, room);
  const margin = " ".repeat(Math.min(options.indent, options.width - 1));
  const line = (cells: readonly Cell[]): string => {
    const parts = shown.map(({ index, width }, position) => {
      const { text, tone } = cells[index] ?? cell("");
      const column = columns[index] as Column;
      const cut = truncate(printable(text), width);
      const last = position === shown.length - 1 && column.align === "left";
      const filled = last ? cut : pad(cut, width, column.align);
      return filled.replace(cut, () => options.paint(cut, tone));
    });
    return (margin + parts.join(" ".repeat(GAP))).trimEnd();
  };
  return [line(columns.map((column) => cell(column.header, "faint"))), ...rows.map(line)];
}

interface Shown {
  readonly index: number;
  width: number;
}

function layOut(columns: readonly Column[], rows: readonly (readonly Cell[])[], room: number): Shown[] {
  const natural = columns.map((column, index) =>
    Math.max(
      displayWidth(column.header),
      ...rows.map((row) => displayWidth(printable(row[index]?.text ?? ""))),
    )
  );
  let kept = columns.map((_, index) => index).filter((index) => {
    return rows.length === 0 || rows.some((row) => (row[index]?.text ?? "") !== "");
  });
  while (true) {
    const shown = kept.map((index) => ({ index, width: natural[index] ?? 0 }));
    const least = kept.map((index) => Math.min(natural[index] ?? 0, columns[index]?.min ?? 0));
    const gaps = GAP * Math.max(0, kept.length - 1);
    if (sum(least) + gaps <= room || !kept.some((index) => (columns[index]?.rank ?? 0) > 0)) {
      shrink(shown, least, room - gaps);
      return shown;
    }
    const worst = Math.max(...kept.map((index) => columns[index]?.rank ?? 0));
    const drop = kept.findLast((index) => columns[index]?.rank === worst);
    kept = kept.filter((index) => index !== drop);
  }
}

/** Takes from the widest column first, so that the short ones stay whole; below `least` only in despair. */
function shrink(shown: Shown[], least: readonly number[], room: number): void {
  let excess = sum(shown.map((column) => column.width)) - room;
  for (const floor of [least, shown.map(() => 1)]) {
    while (excess > 0) {
      const spare = shown.map((column, position) => column.width > (floor[position] ?? 1) ? column.width : 0);
      const widest = Math.max(0, ...spare);
      if (widest === 0) break;
      const column = shown[spare.indexOf(widest)] as Shown;
      column.width -= 1;
      excess -= 1;
    }
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
