/**
 * One node's opinion of one target: when to probe, and what a row of outcomes means.
 *
 *                  rise good in a row                       The next probe starts
 *        unknown ---------------------> up                    - `fast_interval` after the last one started, while the
 *           |                          ^  |                     opinion may be about to change: it is unknown, or a
 *           | fall bad in a row        |  | fall bad            row against it has begun;
 *           |           rise good in a |  | in a row          - else at the next slot of a grid, `interval` apart,
 *           |           row            |  v                     that begins at the first probe and never moves.
 *           +-------------------------> down
 *
 * Slots that pass while a probe is under way, or while the process does not run, are skipped, not made up for.
 * The grid's phase is drawn at random, so nodes and targets stay spread. There are never two probes of one target
 * at once. A target that refuses connections is therefore held down `interval + (fall - 1) * fast_interval` after
 * it died at the latest.
 */
import { assert } from "../base/assert.ts";
import type { MonoMs } from "../base/time.ts";
import type { CheckTiming } from "../config/config.ts";

/** What one probe found. */
export interface ProbeOutcome {
  readonly ok: boolean;
  readonly latencyMs: number;
  /** For people: `HTTP 200`, `connection refused`, `no answer within 800 ms`. */
  readonly detail: string;
  /** The probe says nothing about the target (this process did not run meanwhile): not counted. */
  readonly inconclusive?: boolean;
  /** All is well, but not for long: `certificate ends in 5 days`. */
  readonly warning?: string;
}

/** What one node thinks of one target. */
export type Opinion = "up" | "down" | "unknown";

/** One node's view of one target, and when to try it next. */
export interface Probing {
  opinion: Opinion;
  /** Good probes in a row; 0 after a bad one. */
  good: number;
  /** Bad probes in a row; 0 after a good one. */
  bad: number;
  /** When the next probe is to start; while one is under way, when it counts as lost. */
  nextAt: MonoMs;
  /** When the probe under way started; null when none is. */
  startedAt: MonoMs | null;
  last: { readonly outcome: ProbeOutcome; readonly at: MonoMs } | null;
  opinionSince: MonoMs;
  /** A slot of the grid, the latest that has begun. */
  slotAt: MonoMs;
  /** When the first probe of the present row of bad ones started; null while there is no such row. */
  failingSince: MonoMs | null;
}

/** What an outcome changed. */
export interface OpinionChange {
  readonly opinionChanged: boolean;
  /** The opinion before. */
  readonly from: Opinion;
}

/** The first probes of a node are spread over this long at most, ms: it wants to know soon. */
const FIRST_SPREAD_MS = 1000;
/**
 * More first probes than this a second are not started: a process that just began has cold code, and each target
 * is tried `rise` times before it falls into its slots. 5,000 targets at 1 s, begun within one second, made a queue
 * that took ten seconds to go away.
 */
const FIRST_PER_SECOND = 2000;
/** A probe whose outcome has not come so long after its timeout is lost, ms. */
const LOST_AFTER_MS = 1000;
/** Found lost even later than this, ms, it was this process that did not run: nothing is counted. */
const NOT_RUNNING_MS = 250;
/** So much of an interval before a slot is that slot: sums of fractions are not exact. */
const ROUNDING = 1e-6;

/**
 * A target of which nothing is known. `phase` (0..1) spreads the first probe over the interval, 1 s at most; over longer
 * where there are thousands of `targets`.
 */
export function createProbing(timing: CheckTiming, now: MonoMs, phase: number, targets = 1): Probing {
  assert(phase >= 0 && phase <= 1, "a phase is between 0 and 1");
  const crowded = targets > FIRST_PER_SECOND;
  const spreadMs = crowded ? targets / FIRST_PER_SECOND * 1000 : Math.min(timing.intervalMs, FIRST_SPREAD_MS);
  const firstAt = now + phase * spreadMs;
  return {
    opinion: "unknown",
    good: 0,
    bad: 0,
    nextAt: firstAt,
    startedAt: null,
    last: null,
    opinionSince: now,
    slotAt: firstAt,
    failingSince: null,
  };
}

/** When `startProbe` is due. While a probe is under way, that is when it is given up as lost. */
export function nextProbeAt(probing: Probing): MonoMs {
  return probing.nextAt;
}

/**
 * A probe starts now. One still under way is given up first and counts as bad, unless this process did not run
 * when it should have been: then it says nothing. What giving up changed is returned.
 */
export function startProbe(probing: Probing, timing: CheckTiming, now: MonoMs): OpinionChange {
  const change = probing.startedAt === null
    ? { opinionChanged: false, from: probing.opinion }
    : giveUp(probing, timing, now);
  probing.startedAt = now;
  probing.nextAt = now + timing.timeoutMs + LOST_AFTER_MS;
  return change;
}

/** The probe under way ended. Ignored when none is. */
export function finishProbe(
  probing: Probing,
  timing: CheckTiming,
  outcome: ProbeOutcome,
  now: MonoMs,
): OpinionChange {
  const from = probing.opinion;
  const { startedAt } = probing;
  if (startedAt === null) return { opinionChanged: false, from };
  probing.startedAt = null;
  if (outcome.inconclusive !== true) {
    count(probing, outcome.ok, startedAt);
    probing.last = { outcome, at: now };
    const next = judge(probing, timing);
    if (next !== from) {
      probing.opinion = next;
      probing.opinionSince = now;
    }
  }
  const hurry = outcome.inconclusive === true || isUnsettled(probing);
  probing.nextAt = hurry
    ? Math.max(startedAt + timing.fastIntervalMs, now)
    : nextSlot(probing, timing.intervalMs, startedAt, now);
  return { opinionChanged: probing.opinion !== from, from };
}

function giveUp(probing: Probing, timing: CheckTiming, now: MonoMs): OpinionChange {
  const inconclusive = now - probing.nextAt > NOT_RUNNING_MS;
  const latencyMs = now - (probing.startedAt ?? now);
  return finishProbe(
    probing,
    timing,
    { ok: false, latencyMs, detail: "the probe was lost", inconclusive },
    now,
  );
}

function count(probing: Probing, good: boolean, startedAt: MonoMs): void {
  if (good) {
    probing.good++;
    probing.bad = 0;
    probing.failingSince = null;
  } else {
    probing.bad++;
    probing.good = 0;
    probing.failingSince ??= startedAt;
  }
}

function judge(probing: Probing, timing: CheckTiming): Opinion {
  if (probing.good >= timing.rise) return "up";
  if (probing.bad >= timing.fall) return "down";
  return probing.opinion;
}

/** True while the next outcomes may change the opinion. */
function isUnsettled(probing: Probing): boolean {
  switch (probing.opinion) {
    case "unknown":
      return true;
    case "up":
      return probing.bad > 0;
    case "down":
      return probing.good > 0;
  }
}

/** The first slot after the last start that has not passed. */
function nextSlot(probing: Probing, intervalMs: number, startedAt: MonoMs, now: MonoMs): MonoMs {
  const passed = Math.max(0, Math.floor((startedAt - probing.slotAt) / intervalMs + ROUNDING));
  probing.slotAt += passed * intervalMs;
  const ahead = Math.max(1, Math.ceil((now - probing.slotAt) / intervalMs));
  return probing.slotAt + ahead * intervalMs;
}
