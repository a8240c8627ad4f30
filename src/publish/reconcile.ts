/**
 * Makes one publisher show what is decided, and keeps it so. Pure: says what to do, is told what came of it. The
 * caller asks for the lease before each write.
 *
 *      tenure begins                 the wish changes
 *           |                              |
 *           v         differs              v           ok                    shows the wish
 *        [ read ] ----------------------> [ write ] ---------> [ read back ] --------------> (right)
 *           |  shows the wish already        ^  | failed             | differs                 |
 *           +-----------> (right)            |  v                    v                         | every 30 s, and once
 *                                       [ look again ] <------- back-off 200 ms .. 30 s        | after the longest time
 *                                                                                              v that a write takes
 *          drift: repair = write, report = tell it <----------------- differs ----------- [ verify ]
 *
 * - One write at a time, ever: a write that outlives its tenure holds up the next tenure until it ends.
 * - Only the newest wish counts. It does not wait for reads under way, except for the first look of a tenure.
 * - Where reading fails, a wish is written without having looked: a broken reader must not stop a failover.
 * - Once per tenure, and after a failed write, it looks a second time when no late write can be under way any more
 *   (ELECTION.md, What a write to the outside must also do). A publisher that cannot read writes again instead.
 * - A difference found at the beginning of a tenure is no drift: the former leader may not have come that far. The
 *   same holds until the second look, and when a former leader is heard again, which may have slept over its lease.
 * - Where the far side compares epochs, a right value under an earlier epoch is written again under this one: it shuts
 *   out what the former leader may still have under way. A later epoch there means a new ballot, then all anew.
 */
import { assert, unreachable } from "../base/assert.ts";
import type { Env, MonoMs } from "../base/time.ts";
import type { PublishAction, PublishResult } from "./action.ts";
import { NOT_STARTED_MS, onFailed, onFenced, onNotStarted, onRead, onWritten, settle } from "./outcome.ts";
import { type Desired, lookAgain, type Operation, type Reconciler } from "./reconciler.ts";
import { isWell } from "./rehearsal.ts";
import { QUIET, type Told } from "./told.ts";

export { createReconciler, type Desired, type Reconciler, type ReconcilerSettings } from "./reconciler.ts";
export { planRehearsal } from "./rehearsal.ts";

/** An action so long after its timeout without any answer is lost, ms. */
const LOST_AFTER_MS = 3000;
/** Before the first look for what a former leader does on waking, ms. */
const LATE_LOOK_MS = 300;

/** One action to perform. */
export interface Due {
  /** To be given back to `finished`. */
  readonly operation: number;
  readonly action: PublishAction;
  readonly timeoutMs: number;
}

/** What `finished` has to tell. */
export interface Finished extends Told {
  /** What it shows, its state or its error is another one now. */
  readonly changed: boolean;
}

/** A tenure begins (or goes on under another epoch), or this node leads no more. Forgets what it knew. */
export function setLeading(r: Reconciler, leading: { readonly epoch: string } | null, now: MonoMs): void {
  r.leading = leading?.epoch ?? null;
  r.desired = null;
  r.shows = undefined;
  r.seen = false;
  r.unclaimed = false;
  r.wrote = undefined;
  r.confirmed = false;
  r.drifted = false;
  r.failing = false;
  r.failures = 0;
  r.blind = false;
  r.tryAt = now;
  r.verifyAt = Infinity;
  r.lookAgainAt = leading === null ? Infinity : now + r.timeoutMs;
  r.rehearseAt = Infinity; // until `planRehearsal`
  r.operation = r.operation?.kind === "write" ? { ...r.operation, stale: true } : null;
  settle(r);
}

/** What is to be shown. The same wish again changes nothing but its epoch. */
export function setDesired(r: Reconciler, desired: Desired, now: MonoMs): void {
  const before = r.desired;
  r.desired = desired;
  const same = before !== null && before.value === desired.value &&
    (r.canRead || before.target === desired.target);
  if (same) return;
  if (r.wrote !== undefined) r.seen = true; // as far as is known; it is about to change anyway
  r.wrote = undefined;
  r.confirmed = false;
  r.drifted = false;
  r.failures = 0;
  r.tryAt = now;
  r.verifyAt = now;
  // A rehearsal that was given up may still be done, and bring the former value back.
  if (now < r.rehearsal.lateUntil) lookAgain(r, r.rehearsal.lateUntil);
  if (r.seen && r.operation?.kind === "read") r.operation = null;
  settle(r);
}

/**
 * A former leader is heard again: what it had under way when it fell asleep may come now. Looks at once, and again when
 * nothing can come any more.
 */
export function expectLateWrite(r: Reconciler, now: MonoMs): void {
  if (r.leading === null) return;
  lookAgain(r, now + r.timeoutMs);
  r.verifyAt = Math.min(r.verifyAt, now + LATE_LOOK_MS);
}

/**
 * True while a write is under way, of whatever tenure: the lease is not handed over meanwhile. One that is lost, without
 * any answer long after its time, holds up nobody.
 */
export function isWriting(r: Reconciler, now: MonoMs): boolean {
  return r.operation?.kind === "write" && now < r.operation.until;
}

/** True while `operation` is the one under way, and of this tenure: its answer will count. */
export function isCurrent(r: Reconciler, operation: number): boolean {
  return r.operation?.number === operation && !r.operation.stale;
}

/** When `due` is to be asked; Infinity when there is nothing to wait for but news. */
export function nextAt(r: Reconciler): MonoMs {
  if (r.leading === null) return Infinity;
  if (r.operation !== null) return r.operation.until;
  return plan(r)?.at ?? Infinity;
}

/** The action to begin now, if there is one. It counts as begun: `finished` must follow. */
export function due(r: Reconciler, now: MonoMs): Due | null {
  if (r.leading === null) return null;
  if (r.operation !== null) {
    if (now < r.operation.until) return null;
    giveUp(r, r.operation, now);
  }
  const planned = plan(r);
  if (planned === null || now < planned.at) return null;
  const number = ++r.operations;
  const { target, value } = r.desired ?? { target: null, value: null };
  r.operation = {
    number,
    kind: planned.kind,
    target,
    value,
    secondLook: now >= r.lookAgainAt,
    mayBeLate: r.lookAgainAt !== Infinity,
    rehearsal: planned.rehearsal === true,
    until: now + r.timeoutMs + LOST_AFTER_MS,
    stale: false,
  };
  return { operation: number, action: actionOf(r, planned), timeoutMs: r.timeoutMs };
}

/** What came of an action. Answers to anything but the action under way say nothing. */
export function finished(r: Reconciler, operation: number, result: PublishResult, env: Env): Finished {
  const under = r.operation;
  if (under === null || under.number !== operation) return { changed: false, ...QUIET };
  r.operation = null;
  if (under.stale) return { changed: false, ...QUIET };
  const { shows, state, error } = r;
  const told = onResult(r, under, result, env);
  settle(r);
  return { changed: shows !== r.shows || state !== r.state || error !== r.error, ...told };
}

function onResult(r: Reconciler, under: Operation, result: PublishResult, env: Env): Told {
  switch (result.kind) {
    case "failed":
      return onFailed(r, under, result.detail, result.retryAfterMs, env);
    case "fenced":
      return onFenced(r, env);
    case "not-started":
      return onNotStarted(r, under, result.waitMs ?? NOT_STARTED_MS, env);
    case "ok":
      r.unclaimed = result.unclaimed ?? false;
      return under.kind === "read"
        ? onRead(r, under, result.shows, env)
        : onWritten(r, under, result.shows, env);
    default:
      return unreachable(result);
  }
}

interface Plan {
  readonly kind: "read" | "write";
  readonly at: MonoMs;
  readonly rehearsal?: boolean;
}

/** What is to be done next, and when. */
function plan(r: Reconciler): Plan | null {
  const floor = Math.max(r.tryAt, r.quietUntil);
  const { desired } = r;
  if (!r.canRead) {
    if (desired === null) return null;
    if (!r.confirmed) return { kind: "write", at: floor };
    if (r.lookAgainAt !== Infinity) return { kind: "write", at: Math.max(floor, r.lookAgainAt) };
    return rehearsalPlan(r, floor);
  }
  if (!r.seen) {
    const unlooked = r.blind && desired !== null && r.wrote === undefined;
    return { kind: unlooked ? "write" : "read", at: floor };
  }
  const leave = r.drifted && r.onDrift === "report";
  if (desired !== null && r.shows !== desired.value && !leave) return { kind: "write", at: floor };
  if (desired !== null && r.shows === desired.value && r.unclaimed) return { kind: "write", at: floor };
  const look: Plan = { kind: "read", at: Math.max(floor, Math.min(r.verifyAt, r.lookAgainAt)) };
  const rehearsal = rehearsalPlan(r, floor);
  return rehearsal !== null && rehearsal.at < look.at ? rehearsal : look;
}

function rehearsalPlan(r: Reconciler, floor: MonoMs): Plan | null {
  if (r.rehearseAt === Infinity || !isWell(r)) return null;
  return { kind: "write", at: Math.max(floor, r.rehearseAt), rehearsal: true };
}

function actionOf(r: Reconciler, { kind, rehearsal }: Plan): PublishAction {
  const { desired } = r;
  if (kind === "read") return r.leading === null ? { kind } : { kind, epoch: r.leading };
  assert(desired !== null && r.leading !== null, "only a decision is written, only by a leader");
  const { target, value } = desired;
  const action = { kind, target, value, previous: r.shows ?? null, epoch: r.leading } as const;
  return rehearsal === true ? { ...action, rehearsal } : action;
}

/** No answer came, which no publisher should do: as a failure, only that nobody is told before the next. */
function giveUp(r: Reconciler, under: Operation, now: MonoMs): void {
  r.operation = null;
  if (under.stale) return;
  const failing = r.failing;
  onFailed(r, under, "no answer came", null, { now, wallMs: 0, random: { next: () => 0.5 } });
  r.failing = failing;
  settle(r);
}
