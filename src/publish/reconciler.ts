/** What is known and wanted of one publisher; changed by `reconcile.ts` alone. */
import type { MonoMs, WallMs } from "../base/time.ts";
import type { Change } from "./history.ts";

/** The answer that is to be shown. */
export interface Desired {
  /** Null: nothing is to be published. */
  readonly target: string | null;
  /** What that target publishes. */
  readonly value: string | null;
  readonly epoch: string;
}

/** What stays the same about a publisher. */
export interface ReconcilerSettings {
  /** The publisher can tell what the world shows. */
  readonly canRead: boolean;
  /** An action takes so long at most, ms. */
  readonly timeoutMs: number;
  /** What to do when someone else changed what was published. */
  readonly onDrift: "repair" | "report";
  /** How often to prove that it could be written, ms; null = never. */
  readonly rehearseMs: number | null;
}

/** One action under way. */
export interface Operation {
  readonly number: number;
  readonly kind: "read" | "write";
  /** What is being written; the wish of the moment for a read. */
  readonly target: string | null;
  readonly value: string | null;
  /** Begun when no late write of a former leader can be under way any more: the last look for one. */
  readonly secondLook: boolean;
  /** Such a write may have come: what differs now is put right, whatever `onDrift` says. */
  readonly mayBeLate: boolean;
  /** Writes what stands there already. */
  readonly rehearsal: boolean;
  /** Without an answer by then it counts as lost, mono ms. */
  readonly until: MonoMs;
  /** Belongs to a tenure that has ended: its answer is of no interest, but nothing starts beside it. */
  readonly stale: boolean;
}

/** How the last rehearsals went. */
export interface Rehearsal {
  /** In a row. */
  readonly failures: number;
  /** Why the last one failed. */
  readonly error: string | null;
  /** A failed one may still be done until then, mono ms. */
  readonly lateUntil: MonoMs;
}

/** One publisher: what is known of it, what is wanted, what is under way. */
export interface Reconciler {
  readonly canRead: boolean;
  readonly timeoutMs: number;
  readonly onDrift: "repair" | "report";
  readonly rehearseMs: number | null;
  /** The epoch of this node's tenure; null while it does not lead. */
  leading: string | null;
  /** Null while nothing is decided. */
  desired: Desired | null;
  /** What the world shows, as last seen or written in this tenure: null = nothing, undefined = not known (yet). */
  shows: string | null | undefined;
  /** `shows` can be built on: it was read, and no write has begun since. */
  seen: boolean;
  /** The fence there is not this epoch's: written even where the value is right already. */
  unclaimed: boolean;
  /** What was written for the present wish and has not been read back; undefined = nothing. */
  wrote: string | null | undefined;
  /** The present wish has been seen in the world, or was written where nothing can be read. */
  confirmed: boolean;
  /** Someone else changed it since. */
  drifted: boolean;
  state: "ok" | "pending" | "failed" | "drift";
  /** The last failure or drift, one sentence for people; null when there is none. */
  error: string | null;
  /** It fails, and that has been told. */
  failing: boolean;
  /** Failures in a row of the present wish. */
  failures: number;
  /** The last read failed: a write does not wait for another. */
  blind: boolean;
  /** Nothing starts before, mono ms: back-off. */
  tryAt: MonoMs;
  /** The far side asked for quiet until then, mono ms; it binds a new wish too. */
  quietUntil: MonoMs;
  /** The next look at a publisher that is right, mono ms. */
  verifyAt: MonoMs;
  /** The second look, once no former leader's write can be under way any more; Infinity when it is done. */
  lookAgainAt: MonoMs;
  operation: Operation | null;
  /** The number of the last operation. */
  operations: number;
  /** When this node last changed what the world shows. */
  lastChangeAt: MonoMs | null;
  /** When the world was last seen to show what it should. */
  verifiedAt: MonoMs | null;
  /** When a write is to be rehearsed next, mono ms; Infinity = not at all. */
  rehearseAt: MonoMs;
  /** When a write was last seen to be possible; null = not known. */
  provenWallMs: WallMs | null;
  /** The last rehearsal was a success that the others do not know of yet. */
  newlyProven: boolean;
  rehearsal: Rehearsal;
  /** What the world came to show, as far as this node saw it; the newest last. */
  history: readonly Change[];
}

/** No rehearsal has failed since the last success. */
export const WELL_REHEARSED: Rehearsal = { failures: 0, error: null, lateUntil: -Infinity };

/** A publisher of a node that does not lead. */
export function createReconciler(settings: ReconcilerSettings): Reconciler {
  return {
    ...settings,
    leading: null,
    desired: null,
    shows: undefined,
    seen: false,
    unclaimed: false,
    wrote: undefined,
    confirmed: false,
    drifted: false,
    state: "pending",
    error: null,
    failing: false,
    failures: 0,
    blind: false,
    tryAt: -Infinity,
    quietUntil: -Infinity,
    verifyAt: Infinity,
    lookAgainAt: Infinity,
    operation: null,
    operations: 0,
    lastChangeAt: null,
    verifiedAt: null,
    rehearseAt: Infinity,
    provenWallMs: null,
    newlyProven: false,
    rehearsal: WELL_REHEARSED,
    history: [],
  };
}

/**
 * A write that nobody waits for any more may come until `at`: looks again then. What is under way has begun too soon to be
 * that look.
 */
export function lookAgain(r: Reconciler, at: MonoMs): void {
  r.lookAgainAt = at;
  if (r.operation !== null) r.operation = { ...r.operation, secondLook: false, mayBeLate: true };
}

/** The longest quiet that a far side may ask for, ms. */
const MAX_QUIET_MS = 600_000;

/** The far side asked for so much quiet; null = it did not. */
export function keepQuiet(r: Reconciler, askedMs: number | null, now: MonoMs): void {
  if (askedMs !== null) r.quietUntil = now + Math.min(Math.max(0, askedMs), MAX_QUIET_MS);
}
