/**
 * Flap damping: a target that goes down again and again is gone back to later each time.
 *
 *     it is left because it is down       it has fallen once more
 *     it stays in charge                  one fall is forgotten for every `forgetMs` until it is left again
 *     going back to it waits              failback_delay x 2 ^ (falls - 1), max_failback_delay at most
 *     it is pinned or undrained by hand   all its falls are forgotten: the operator knows better
 *
 * The count is committed, so a new leader goes on with it; time in charge is counted by each leader from its own
 * takeover, so that a change of leaders never makes it forget sooner. Damping delays going back and nothing else: a
 * flapping target is taken at once when the active one is down and it is the best that is left.
 */
import type { ServiceConfig } from "../config/config.ts";
import type { ServiceDecision } from "./cluster_state.ts";
import type { DecideInput } from "./decision.ts";
import type { FailoverTimers } from "./timers.ts";

/** Falls counted at most. */
const MAX_FALLS = 20;
/** Default of max_failback_delay, in failback_delays. */
const MAX_DELAYS = 32;
/** One fall is forgotten for so many failback_delays in charge, and for so long at least, ms. */
const FORGET_DELAYS = 10;
const FORGET_AT_LEAST_MS = 60_000;

/** How often a target has fallen, as committed; 0 for most. */
export function fallsOf(decision: ServiceDecision | null, target: string): number {
  return decision?.falls?.find((falls) => falls.target === target)?.count ?? 0;
}

/** True for a target that is held back longer than the others. */
export function isFlapping(falls: number): boolean {
  return falls > 1;
}

/** How long a target must be usable before it is gone back to, ms. */
export function holdBackMs(service: ServiceConfig, falls: number): number {
  const { failbackDelayMs } = service;
  if (!isFlapping(falls)) return failbackDelayMs;
  const most = service.maxFailbackDelayMs ?? MAX_DELAYS * failbackDelayMs;
  return Math.max(failbackDelayMs, Math.min(most, failbackDelayMs * 2 ** (falls - 1)));
}

/** In charge for so long without a fall, one is forgotten, ms. */
export function forgetMs(service: ServiceConfig): number {
  return Math.max(FORGET_AT_LEAST_MS, FORGET_DELAYS * service.failbackDelayMs);
}

/** The falls of the active target, which is about to be left because it is down. */
export function fallsNow(input: DecideInput): number {
  const { service, decision, timers, now } = input;
  const known = fallsOf(decision, decision?.active ?? "");
  const forgotten = Math.floor((now - timers.lastSwitchAt) / forgetMs(service));
  return Math.min(MAX_FALLS, Math.max(0, known - forgotten) + 1);
}

/**
 * For how long a flapping target that is usable again is still held back, ms; null when it is not usable now, or the
 * time is over. Only the leader can tell.
 */
export function heldBackFor(
  service: ServiceConfig,
  decision: ServiceDecision | null,
  timers: FailoverTimers,
  target: string,
  now: number,
): number | null {
  const since = timers.usableSince.get(target);
  if (since === undefined) return null;
  const left = since + holdBackMs(service, fallsOf(decision, target)) - now;
  return left > 0 ? left : null;
}
