/** How the rows are shown: one table for people, one JSON document for programs. */
import { plainPaint } from "../../src/view/paint.ts";
import { cell, type Column, renderTable } from "../../src/view/table.ts";
import type { Goal, Row } from "./row.ts";

/** Where and when it was measured. */
export interface Machine {
  /** RFC 3339. */
  readonly date: string;
  readonly os: string;
  readonly kernel: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMib: number;
  readonly deno: string;
  /** Mean number of processes that wanted a core in the minute before: other work makes figures worse. */
  readonly load: number;
}

const WIDTH = 230;
/** Errors can be long; all of them is in the JSON. */
const NOTE_CHARACTERS = 80;

const COLUMNS: readonly Column[] = [
  { header: "WHAT", align: "left", min: 90, rank: 0 },
  { header: "WHO", align: "left", min: 6, rank: 0 },
  { header: "SETTINGS", align: "left", min: 10, rank: 0 },
  { header: "N", align: "right", min: 3, rank: 0 },
  ...["MIN", "MEDIAN", "P99", "MAX"].map((header): Column => ({ header, align: "right", min: 5, rank: 0 })),
  { header: "UNIT", align: "left", min: 4, rank: 0 },
  { header: "GOAL", align: "left", min: 8, rank: 0 },
  { header: "MET", align: "left", min: 3, rank: 0 },
  { header: "RATIO", align: "right", min: 5, rank: 0 },
  { header: "NOTE", align: "left", min: 10, rank: 0 },
];

/** One table of all rows. */
export function renderRows(rows: readonly Row[]): string {
  const lines = rows.map((row) =>
    [
      row.what,
      row.who,
      row.settings,
      row.rounds === 0 ? "" : String(row.rounds),
      ...[row.min, row.median, row.p99, row.max].map((value) => value === null ? "-" : String(value)),
      row.unit,
      row.goals.map(goalText).join(", "),
      row.met === null ? "" : row.met ? "yes" : "NO",
      row.ratio === null ? "" : `x ${row.ratio}`,
      row.note.slice(0, NOTE_CHARACTERS),
    ].map((text) => cell(text))
  );
  return renderTable(COLUMNS, lines, { width: WIDTH, indent: 0, paint: plainPaint }).join("\n");
}

/** A goal for people: `median <= 450`, `median >= 0.5 x gdnsd`. */
export function goalText(goal: Goal): string {
  return `${goal.stat} ${goal.op} ${goal.value}${goal.times === undefined ? "" : ` x ${goal.times}`}`;
}

/** The line above the table. */
export function renderMachine(machine: Machine): string {
  const { date, os, kernel, cpu, cores, memoryMib, deno, load } = machine;
  return `abfail bench, ${date}, ${cores} x ${cpu}, ${Math.round(memoryMib / 1024)} GiB, ${os} ${kernel}, ` +
    `Deno ${deno}, load before ${load.toFixed(2)}`;
}

/** Reads what this machine is. */
export function thisMachine(): Machine {
  const cpuinfo = readText("/proc/cpuinfo");
  return {
    date: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
    os: Deno.build.os,
    kernel: Deno.osRelease(),
    cpu: /^model name\s*:\s*(.+)$/m.exec(cpuinfo)?.[1]?.replace(/\s+/g, " ") ?? Deno.build.arch,
    cores: navigator.hardwareConcurrency,
    memoryMib: Math.round(Deno.systemMemoryInfo().total / 1024 / 1024),
    deno: Deno.version.deno,
    load: Deno.loadavg()[0] ?? 0,
  };
}

function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
