/**
 * No write of an older epoch after one of a newer: as BIND took them (it compares, so never at all), and as the `exec`
 * publisher's program was started (nothing compares there: the lease decides who STARTS a write). And what is written
 * is one target.
 */
import { entries, type Entry, type Setting, STEP_MS, type Stop } from "./history.ts";
import type { Violation } from "./judge.ts";
import { order } from "./judge_lease.ts";

/** A process that was stopped between its look at the lease and the start of the program: nobody could have helped. */
const BETWEEN_MS = 50;

export interface WritesJudged {
  readonly violations: readonly Violation[];
  /** Started late by a process that had stood still at that very moment. */
  readonly undecided: number;
}

export function judgeWrites(history: readonly Entry[], setting: Setting): WritesJudged {
  const runs = judgeRuns(history);
  return {
    violations: [...judgeUpdates(history, setting), ...runs.violations],
    undecided: runs.undecided,
  };
}

function judgeUpdates(history: readonly Entry[], setting: Setting): Violation[] {
  const found: Violation[] = [];
  let highest: string | null = null;
  for (const { at, epoch, target, addresses } of entries(history, "update")) {
    if (highest !== null && order(epoch, highest) < 0) {
      const text = `BIND took a write of epoch ${epoch} after one of ${highest}`;
      found.push({ promise: "epochs-rise", at, text });
    } else highest = epoch;
    const wanted = target === null ? [] : [setting.addresses.get(target) ?? "?"];
    if (addresses.join() !== wanted.join()) {
      const text = `BIND took ${addresses.join(", ") || "nothing"} for target ${
        target ?? "none"
      } (epoch ${epoch})`;
      found.push({ promise: "one-target", at, text });
    }
  }
  return found;
}

function judgeRuns(history: readonly Entry[]): WritesJudged {
  const violations: Violation[] = [];
  const stops = entries(history, "stop");
  let undecided = 0;
  let highest: { readonly at: number; readonly epoch: string } | null = null;
  for (const run of entries(history, "run").sort((a, b) => a.at - b.at)) {
    const late = highest !== null && order(run.epoch, highest.epoch) < 0 && run.at >= highest.at + STEP_MS;
    if (!late || highest === null) {
      if (highest === null || order(run.epoch, highest.epoch) > 0) highest = run;
      continue;
    }
    if (woke(stops, run)) {
      undecided++;
      continue;
    }
    const text = `the exec publisher was started under epoch ${run.epoch}, ${
      Math.round(run.at - highest.at)
    } ms after one under ${highest.epoch}`;
    violations.push({ promise: "epochs-rise", at: run.at, text });
  }
  return { violations, undecided };
}

/** The node of that epoch had stood still a moment before. */
function woke(
  stops: readonly Stop[],
  { at, epoch }: { readonly at: number; readonly epoch: string },
): boolean {
  const node = Number(epoch.split(".")[1]);
  return stops.some((stop) => stop.node === node && at >= stop.from - STEP_MS && at <= stop.to + BETWEEN_MS);
}
