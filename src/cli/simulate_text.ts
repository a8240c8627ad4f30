/** What `abfail simulate` prints for people. */
import type { DrillResult } from "../sim/drill_run.ts";
import type { Entry } from "../sim/world_options.ts";
import { type PromiseName, PROMISES } from "../sim/promise.ts";
import type { Scenario } from "../sim/scenarios.ts";
import type { Sweep, Times } from "../sim/sweep.ts";
import { formatDuration } from "../view/duration.ts";
import type { Paint, Tone } from "../view/paint.ts";
import { cell, type Column, renderTable } from "../view/table.ts";

export interface SimulateLook {
  readonly width: number;
  readonly paint: Paint;
}

const HEADINGS: Readonly<Record<string, Tone>> = {
  fault: "warn",
  switch: "strong",
  leader: "good",
  publish: "plain",
};

/** What happened, one line each: when, what kind, what. */
export function timelineText(timeline: readonly Entry[], { paint }: SimulateLook): string[] {
  return timeline.map(({ atMs, what, text }) => {
    const tone = HEADINGS[what] ?? "faint";
    return `${(atMs / 1000).toFixed(3).padStart(9)}  ${paint(what.padEnd(8), tone)} ${text}`;
  });
}

/** What the client of a single run saw. */
export function callsText({ calls }: Pick<DrillResult, "calls">): string {
  return `clients: ${calls.total} calls, ${calls.failed} failed, longest gap ${
    formatDuration(calls.longestGapMs)
  }`;
}

const COLUMNS: readonly Column[] = [
  { header: "SCENARIO", align: "left", min: 17, rank: 0 },
  { header: "PROMISES", align: "left", min: 8, rank: 0 },
  { header: "SERVICE p50", align: "right", min: 6, rank: 2 },
  { header: "p99", align: "right", min: 6, rank: 3 },
  { header: "max", align: "right", min: 6, rank: 1 },
  { header: "budget", align: "right", min: 6, rank: 2 },
  { header: "LEADER p50", align: "right", min: 6, rank: 2 },
  { header: "p99", align: "right", min: 6, rank: 3 },
  { header: "max", align: "right", min: 6, rank: 1 },
  { header: "budget", align: "right", min: 6, rank: 2 },
];

/** One line a drill: promises kept, failover times against the budget. */
export function sweepTable(
  sweeps: readonly Sweep[],
  timed: (name: string) => boolean,
  look: SimulateLook,
): string[] {
  const rows = sweeps.map((sweep) => {
    const broken = PROMISES.filter((name) => sweep.promises[name] > 0);
    const kept = broken.length === 0 ? cell("kept", "good") : cell(`broken: ${broken.join(", ")}`, "bad");
    const judged = timed(sweep.scenario);
    return [
      cell(sweep.scenario),
      kept,
      ...timesCells(sweep.failover.service, judged),
      ...timesCells(sweep.failover.leader, judged),
    ];
  });
  return renderTable(COLUMNS, rows, { width: look.width, indent: 0, paint: look.paint });
}

function timesCells({ p50Ms, p99Ms, maxMs, budgetMs }: Times, judged: boolean): ReturnType<typeof cell>[] {
  const one = (ms: number | null): string => ms === null ? "-" : formatDuration(ms);
  const over = judged && maxMs !== null && maxMs > budgetMs;
  return [
    cell(one(p50Ms)),
    cell(one(p99Ms)),
    cell(one(maxMs), over ? "warn" : "plain"),
    cell(formatDuration(budgetMs), "faint"),
  ];
}

/** The promises of one drill, one line each. */
export function promisesText(sweep: Sweep, runs: number, { paint }: SimulateLook): string[] {
  return PROMISES.map((name) => {
    const times = sweep.promises[name];
    const verdict = times === 0 ? paint("kept", "good") : paint(`broken in ${times} of ${runs}`, "bad");
    return `  ${name.padEnd(13)} ${verdict.padEnd(6)}  ${SAID[name]}`;
  });
}

const SAID: Readonly<Record<PromiseName, string>> = {
  "one-leader": "no two nodes ever held the lease",
  "one-writer": "no older epoch wrote after a newer one",
  "epochs-rise": "each leader's epoch was above the last",
  "nothing-lost": "each leader knew all that was decided before it",
  "one-target": "what was shown was the target that a majority reached",
  "recovers": "after the last fault all was well again",
};

/** The broken promises, with the command that repeats each. */
export function brokenText(sweep: Sweep, { paint }: SimulateLook): string[] {
  return sweep.broken.slice(0, 5).flatMap(({ promise, seed, atMs, detail, repeat }) => [
    `${paint(`${promise} broken`, "bad")} with seed ${seed}, ${
      (atMs / 1000).toFixed(3)
    } s into it: ${detail}`,
    `    again: ${repeat}`,
  ]);
}

/** One line on what a drill is. */
export function headText(scenario: Scenario, { paint }: SimulateLook): string {
  return `${paint(scenario.name, "strong")}: ${scenario.about}`;
}
