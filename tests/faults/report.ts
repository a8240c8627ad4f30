/** What a run prints at its end. Pure. */
import type { Figures, Spread } from "./figures.ts";
import { PROMISES, type Verdict } from "./judge.ts";

export interface Report {
  readonly seed: number;
  readonly minutes: number;
  readonly nodes: number;
  readonly mutant: string | null;
  readonly startedAt: number;
  readonly tookMs: number;
  readonly budgetMs: number;
  readonly verdict: Verdict;
  readonly figures: Figures;
  /** The command that repeats it. */
  readonly repeat: string;
  /** Where the logs are; null when they were removed. */
  readonly folder: string | null;
}

/** Violations printed of each promise; more are counted. */
const SHOWN = 8;

export function reportText(report: Report): string {
  const { figures, verdict } = report;
  const faults = Object.entries(figures.faults).sort(([, a], [, b]) => b - a).map(([name, count]) =>
    `${name} ${count}`
  );
  return [
    "",
    `faults         ${faults.join(", ")}${
      figures.skipped > 0 ? ` (${figures.skipped} could not be: broken already)` : ""
    }`,
    `client         ${figures.calls} calls, ${figures.failed} failed: ${
      (figures.availability * 100).toFixed(2)
    } % available`,
    `without        ${spreadText(figures.outages)}, ${
      seconds(figures.outages.totalMs)
    } in all; budget of one failover ${seconds(report.budgetMs)}`,
    `takeover       ${spreadText(figures.takeover)} (the leader is lost -> the next lease)`,
    `failover       ${
      spreadText(figures.failover)
    } (the active target is lost -> a call is served by another)`,
    `recovery       ${spreadText(figures.recovery)} (the last fault is over -> all is well)`,
    `served by      ${
      Object.entries(figures.servedBy).map(([name, count]) => `${name} ${count}`).join(", ")
    }`,
    `seen           ${figures.tenures} leases, ${figures.switches} switches, ${figures.updates} updates at BIND ` +
    `(${figures.refused} more refused: another came first), ${figures.runs} runs of exec, ` +
    `${figures.answers} DNS answers, ${figures.looks} statuses (${figures.wrongClocks} with a wrong clock), ${figures.relayed} datagrams relayed`,
    ...(figures.stalls > 0
      ? [`machine        stood still ${figures.stalls} times: calls around that are not judged`]
      : []),
    ...(verdict.undecided > 0
      ? [`undecided      ${verdict.undecided} writes began in the very moment of a pause`]
      : []),
    "",
    ...violationLines(report),
    `repeat         ${report.repeat}`,
    ...(report.folder === null ? [] : [`logs           ${report.folder}`]),
    "",
    `${verdict.violations.length} broken promises in ${
      (report.tookMs / 60_000).toFixed(1)
    } minutes, seed ${report.seed}`,
  ].join("\n");
}

function violationLines({ verdict, startedAt }: Report): string[] {
  return PROMISES.flatMap((promise) => {
    const all = verdict.violations.filter((one) => one.promise === promise);
    const lines = all.slice(0, SHOWN).map(({ at, text }) => `    ${clock(at - startedAt)}  ${text}`);
    const more = all.length > SHOWN ? [`    ... and ${all.length - SHOWN} more`] : [];
    return [
      `${promise.padEnd(14)} ${all.length === 0 ? "kept" : `BROKEN ${all.length} times`}`,
      ...lines,
      ...more,
    ];
  });
}

function spreadText({ count, medianMs, p99Ms, maxMs }: Spread): string {
  return count === 0
    ? "none"
    : `${count} times: median ${seconds(medianMs)}, p99 ${seconds(p99Ms)}, longest ${seconds(maxMs)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

/** Minutes and seconds since the begin. */
export function clock(ms: number): string {
  const tenths = Math.max(0, Math.round(ms / 100));
  const minutes = Math.floor(tenths / 600);
  return `${String(minutes).padStart(2, "0")}:${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}`;
}
