/** What an action's answer means for its publisher. See `reconcile.ts`. */
import type { Env } from "../base/time.ts";
import { type Change, foreignChanges, withChange } from "./history.ts";
import { keepQuiet, lookAgain, type Operation, type Reconciler } from "./reconciler.ts";
import { onRehearsalFailed, rehearsed } from "./rehearsal.ts";
import { QUIET, type Told } from "./told.ts";

/** How often a publisher that is right is looked at, ms. */
export const VERIFY_MS = 30_000;
/**
 * Back-off after the first failure, and at most, ms; half to all of it is waited. While what is decided is not yet shown,
 * users may be sent to a dead target: then the most is less, until a long outage makes it idle to hurry.
 */
const BACKOFF_MS = { first: 200, most: 30_000, urgent: 5000 } as const;
/** So many failures in a row are a long outage: about ten minutes of them. */
const URGENT_FAILURES = 150;
/** A publisher that holds a later epoch is looked at again after so long, should no new ballot have come, ms. */
const FENCED_MS = 1000;
/** A write that the lease was too short for is tried again after so long, ms. */
export const NOT_STARTED_MS = 25;
/** So many foreign changes of late are a quarrel. */
const QUARREL_TIMES = 4;

/** An action failed. */
export function onFailed(
  r: Reconciler,
  operation: Operation,
  detail: string,
  retryAfterMs: number | null,
  env: Env,
): Told {
  if (operation.kind === "read") {
    r.blind = true;
    return fail(r, `reading what it shows failed: ${detail}`, retryAfterMs, env);
  }
  if (operation.rehearsal) {
    // The wish has changed meanwhile, and what was rehearsed may still be done.
    if (r.desired?.value !== operation.value) lookAgain(r, env.now + r.timeoutMs);
    return onRehearsalFailed(r, detail, retryAfterMs, env);
  }
  // It may have been done all the same, or be done late: look before the next try, and again later.
  r.seen = false;
  r.blind = false;
  r.wrote = undefined;
  r.confirmed = false;
  r.lookAgainAt = env.now + r.timeoutMs;
  return fail(r, `publishing ${word(operation.value)} failed: ${detail}`, retryAfterMs, env);
}

/**
 * A later epoch stands there. What follows is a new ballot, and with it a fresh start here; until then, or where the
 * lease is gone by now, there is nothing to tell.
 */
export function onFenced(r: Reconciler, env: Env): Told {
  r.seen = false;
  r.wrote = undefined;
  r.confirmed = false;
  r.tryAt = env.now + FENCED_MS;
  return QUIET;
}

/** It could not begin now. A lease that is too short is renewed within a heartbeat, or lost. */
export function onNotStarted(r: Reconciler, operation: Operation, waitMs: number, env: Env): Told {
  if (operation.rehearsal) r.rehearseAt = Math.max(r.rehearseAt, env.now + waitMs);
  else r.tryAt = env.now + waitMs;
  return QUIET;
}

/** The world was looked at. */
export function onRead(
  r: Reconciler,
  operation: Operation,
  shows: string | null | undefined,
  env: Env,
): Told {
  if (shows === undefined) return onFailed(r, operation, "it did not say what is shown", null, env);
  const before = r.shows;
  r.shows = shows;
  r.seen = true;
  r.blind = false;
  r.verifyAt = env.now + VERIFY_MS;
  if (operation.secondLook) r.lookAgainAt = Infinity;
  const { desired } = r;
  if (desired === null) return recover(r, `it can be read again and shows ${word(shows)}`);
  if (shows === desired.value && !r.unclaimed) return confirm(r, env);
  if (r.wrote !== undefined) {
    r.wrote = undefined;
    if (shows === desired.value) {
      return fail(r, `${word(shows)} was published, but not under this epoch`, null, env);
    }
    return fail(r, `${word(desired.value)} was published, but ${word(shows)} is shown`, null, env);
  }
  if (shows === desired.value) return QUIET; // it is to be claimed
  if (before !== undefined && before !== shows) {
    note(r, env, { from: before, to: shows, by: operation.mayBeLate ? "former" : "other" });
  }
  if (r.confirmed && !operation.mayBeLate) return drift(r, shows, desired.value, env);
  r.confirmed = false;
  return QUIET;
}

function note(r: Reconciler, env: Env, change: Omit<Change, "at">): void {
  r.history = withChange(r.history, { at: env.now, ...change });
}

/** A write was done. Some publishers say at once what is shown now. */
export function onWritten(
  r: Reconciler,
  operation: Operation,
  shows: string | null | undefined,
  env: Env,
): Told {
  if (r.shows !== operation.value) {
    r.lastChangeAt = env.now;
    note(r, env, { from: r.shows ?? null, to: operation.value, by: "us" });
  }
  r.shows = operation.value;
  const proof = rehearsed(r, operation, env);
  const { desired } = r;
  if (desired?.value !== operation.value || (!r.canRead && desired.target !== operation.target)) {
    r.seen = true; // the wish has changed meanwhile: no time to read back what nobody wants any more
    return QUIET;
  }
  if (!r.canRead) {
    if (operation.secondLook) r.lookAgainAt = Infinity;
    const first = !r.confirmed;
    r.confirmed = true;
    const recovered = recover(r, `${word(operation.value)} is published`);
    if (first) return { event: "published", detail: `${word(operation.value)} is published` };
    return recovered.event === null ? proof : recovered;
  }
  r.wrote = operation.value;
  r.seen = false;
  r.blind = false;
  if (shows === undefined) return proof;
  const told = onRead(r, operation, shows, env);
  return told.event === null ? proof : told;
}

/** Brings `state` and `error` in line with the rest. */
export function settle(r: Reconciler): void {
  if (r.leading === null) r.state = "pending";
  else if (r.failing) r.state = "failed";
  else if (r.drifted) r.state = "drift";
  else r.state = r.confirmed ? "ok" : "pending";
  if (r.state === "ok" || r.state === "pending") r.error = null;
}

function confirm(r: Reconciler, env: Env): Told {
  const shown = word(r.desired?.value ?? null);
  const wasDrift = r.drifted;
  const isNew = !r.confirmed && r.wrote !== undefined;
  r.confirmed = true;
  r.drifted = false;
  r.wrote = undefined;
  r.verifiedAt = env.now;
  const recovered = recover(r, `${shown} is shown, it works again`);
  if (wasDrift) return { event: "repaired", detail: `${shown} is shown again` };
  return isNew ? { event: "published", detail: `${shown} is published` } : recovered;
}

function drift(r: Reconciler, shows: string | null, wanted: string | null, env: Env): Told {
  const known = r.drifted;
  r.drifted = true;
  r.error = `${word(shows)} is shown instead of ${word(wanted)}`;
  const then = r.onDrift === "repair" ? "it is put right" : "it is left so (on_drift)";
  const times = foreignChanges(r.history, env.now);
  const again = times < QUARREL_TIMES
    ? ""
    : `; for the ${times}th time in 10 minutes: does something else publish this name?`;
  if (again !== "") r.error += again;
  const recovered = recover(r, r.error);
  if (known && recovered.event === null) return QUIET;
  return { event: "drift", detail: `${r.error}; ${then}` };
}

function fail(r: Reconciler, error: string, retryAfterMs: number | null, env: Env): Told {
  const news = !r.failing;
  r.failing = true;
  r.failures++;
  r.error = error;
  const isUrgent = !r.confirmed && r.desired !== null && r.failures <= URGENT_FAILURES;
  const most = isUrgent ? BACKOFF_MS.urgent : BACKOFF_MS.most;
  r.tryAt = env.now + backoffMs(r.failures, most, env.random.next());
  keepQuiet(r, retryAfterMs, env.now);
  return news ? { event: "publish-failed", detail: error } : QUIET;
}

function recover(r: Reconciler, detail: string): Told {
  const news = r.failing;
  r.failing = false;
  r.failures = 0;
  return news ? { event: "published", detail } : QUIET;
}

/** Doubles from 200 ms up to `most`; `chance` (0..1) takes off up to half of it. */
function backoffMs(failures: number, most: number, chance: number): number {
  const whole = Math.min(most, BACKOFF_MS.first * 2 ** Math.min(failures - 1, 30));
  return whole * (1 - chance / 2);
}

function word(value: string | null): string {
  return value ?? "nothing";
}
