/** Figures of a run, from its history. Pure. */
import { entries, type Entry, type Setting } from "./history.ts";
import { groupByLife, offsetOf } from "./judge_lease.ts";

export interface Spread {
  readonly count: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface Figures {
  readonly faults: Readonly<Record<string, number>>;
  readonly skipped: number;
  readonly calls: number;
  readonly failed: number;
  /** Share of the calls that were served, 0..1. */
  readonly availability: number;
  /** Times without service, from the first failed call to the next that worked. */
  readonly outages: Spread & { readonly totalMs: number };
  /** From a fault that takes the leader away to the next lease, where a majority was left all the while. */
  readonly takeover: Spread;
  /** From a fault of the active target to the first call that another one serves; likewise. */
  readonly failover: Spread;
  /** From the end of the last fault until all was well. */
  readonly recovery: Spread;
  /** Calls served by each target. */
  readonly servedBy: Readonly<Record<string, number>>;
  readonly switches: number;
  readonly tenures: number;
  /** Updates that BIND took, and that it refused because another came first. */
  readonly updates: number;
  readonly refused: number;
  /** Runs of the `exec` publisher. */
  readonly runs: number;
  readonly answers: number;
  readonly looks: number;
  readonly stalls: number;
  /** Statuses of nodes whose wall clock was wrong. */
  readonly wrongClocks: number;
  /** Datagrams that the relay held up, shuffled or doubled. */
  readonly relayed: number;
}

/** Off by more than a status takes to come, ms. */
const WRONG_CLOCK_MS = 1600;

/** Faults after which another node must take over. */
const TAKES_LEADER: ReadonlySet<string> = new Set([
  "isolate-leader",
  "isolate-zone",
  "pause-long",
  "kill",
  "kill-in-publish",
  "pause-in-publish",
]);

export function figuresOf(history: readonly Entry[], _setting: Setting): Figures {
  const faults: Record<string, number> = {};
  const begun = entries(history, "fault").filter(({ phase }) => phase === "begin");
  for (const { fault } of begun) faults[fault] = (faults[fault] ?? 0) + 1;
  const calls = entries(history, "call");
  const failed = calls.filter(({ by }) => by === null).length;
  const outages = outagesOf(history);
  const servedBy: Record<string, number> = {};
  for (const { by } of calls) if (by !== null) servedBy[by] = (servedBy[by] ?? 0) + 1;
  const recovered = entries(history, "recovery").flatMap(({ from, to }) => to === null ? [] : [to - from]);
  return {
    faults,
    skipped: entries(history, "fault").filter(({ phase }) => phase === "skipped").length,
    calls: calls.length,
    failed,
    availability: calls.length === 0 ? 0 : (calls.length - failed) / calls.length,
    outages: { ...spreadOf(outages), totalMs: Math.round(outages.reduce((all, ms) => all + ms, 0)) },
    takeover: spreadOf(takeovers(history)),
    failover: spreadOf(failovers(history)),
    recovery: spreadOf(recovered),
    servedBy,
    switches: new Set(
      entries(history, "switch").map(({ epoch, from, to, reason }) => `${epoch} ${from} ${to} ${reason}`),
    ).size,
    tenures: entries(history, "lease").filter(({ what }) => what === "begins").length,
    updates: entries(history, "update").length,
    refused: entries(history, "refusal").length,
    runs: entries(history, "run").length,
    answers: entries(history, "answer").length,
    looks: entries(history, "look").length,
    stalls: entries(history, "stall").length,
    wrongClocks:
      entries(history, "look").filter(({ wallOffMs }) => Math.abs(wallOffMs) > WRONG_CLOCK_MS).length,
    relayed: entries(history, "relayed").reduce((all, { count }) => all + count, 0),
  };
}

/** Median, 99th percentile and longest of some durations, whole ms; zeros where there is none. */
export function spreadOf(all: readonly number[]): Spread {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { count: sorted.length, medianMs: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

/** How long each time without service was, ms. */
export function outagesOf(history: readonly Entry[]): number[] {
  const found: number[] = [];
  let since: number | null = null;
  for (const { from, to, by } of entries(history, "call")) {
    if (by === null) since ??= from;
    else if (since !== null) {
      found.push(to - since);
      since = null;
    }
  }
  return found;
}

/** Between the two a majority could talk, and there was a target, all the time. */
function couldServe(history: readonly Entry[], from: number, to: number): boolean {
  const shoulds = entries(history, "should");
  const before = shoulds.findLast(({ at }) => at <= from);
  return (before?.serve ?? true) && shoulds.every(({ at, serve }) => at <= from || at > to || serve);
}

function takeovers(history: readonly Entry[]): number[] {
  const looks = groupByLife(entries(history, "look"));
  const begins = entries(history, "lease").filter(({ what }) => what === "begins").map(
    ({ node, life, uptimeMs, at }) => {
      const offset = offsetOf(looks.get(`${node}/${life}`) ?? []);
      return offset === null ? at : uptimeMs + (offset.lo + offset.hi) / 2;
    },
  ).sort((a, b) => a - b);
  const ends = entries(history, "fault").filter(({ phase }) => phase === "end");
  return entries(history, "fault").flatMap(({ phase, fault, at, hits, number }) => {
    if (phase !== "begin" || hits?.leader !== true || !TAKES_LEADER.has(fault)) return [];
    const over = ends.find((end) => end.number === number)?.at ?? Infinity;
    const next = begins.find((begin) => begin > at);
    return next === undefined || next > over || !couldServe(history, at, next) ? [] : [next - at];
  });
}

function failovers(history: readonly Entry[]): number[] {
  const calls = entries(history, "call");
  const ends = entries(history, "fault").filter(({ phase }) => phase === "end");
  return entries(history, "fault").flatMap(({ phase, at, hits, number }) => {
    const active = hits?.active ?? null;
    if (phase !== "begin" || active === null) return [];
    const over = ends.find((end) => end.number === number)?.at ?? Infinity;
    const next = calls.find(({ from, by }) => from > at && by !== null && by !== active);
    return next === undefined || next.to > over || !couldServe(history, at, next.to) ? [] : [next.to - at];
  });
}
