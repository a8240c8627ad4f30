/** A measured figure, and how figures are shown. */
import { cell, renderTable } from "../../src/view/table.ts";
import { plainPaint } from "../../src/view/paint.ts";

export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly samples: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
  /** What `max` should not exceed on an idle machine; null where there is no target. */
  readonly bound: number | null;
}

/** Sums samples up. */
export function figure(
  what: string,
  unit: string,
  samples: readonly number[],
  bound: number | null = null,
): Figure {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number => round(sorted[Math.floor((sorted.length - 1) * share)] ?? NaN);
  return { what, unit, samples: sorted.length, min: at(0), median: at(0.5), max: at(1), bound };
}

/** All figures as one table. */
export function renderFigures(figures: readonly Figure[]): string {
  const column = (
    header: string,
    align: "left" | "right",
    rank = 0,
  ): Parameters<typeof renderTable>[0][0] => {
    return { header, align, min: header === "WHAT" ? 20 : 4, rank };
  };
  const columns = [
    column("WHAT", "left"),
    column("UNIT", "left"),
    column("N", "right"),
    column("MIN", "right"),
    column("MEDIAN", "right"),
    column("MAX", "right"),
    column("BOUND", "right"),
    column("", "left"),
  ];
  const rows = figures.map(({ what, unit, samples, min, median, max, bound }) =>
    [
      what,
      unit,
      String(samples),
      String(min),
      String(median),
      String(max),
      bound === null ? "" : String(bound),
      bound === null ? "" : max <= bound ? "met" : "NOT MET",
    ].map((text) => cell(text))
  );
  return renderTable(columns, rows, { width: 130, indent: 0, paint: plainPaint }).join("\n");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
