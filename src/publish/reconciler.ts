/** What is known and wanted of one publisher; changed by `reconcile.ts` alone. */
import type { MonoMs } from "../base/time.ts";

/** The answer that is to be shown. */
export interface Desired {
  /** Null: nothing is to be published. */
  readonly target: string | null;
  /** What that target publishes. */
  readonly value: string | null;
  readonly epoch: string;
}

export interface ReconcilerSettings {
  /** The publisher can tell what the world shows. */
  readonly canRead: boolean;
  /** An action takes so long at most, ms. */
  readonly timeoutMs: number;
  /** What to do when someone else changed what was published. */
  readonly onDrift: "repair" | "report";
}

/** One action under way. */
export interface Operation {
  readonly number: number;
  readonly kind: "read" | "write";
  /** What is being written; the wish of the moment for a read. */
  readonly target: string | null;
  readonly value: string | null;
  /** Looks for the late write of a former leader: what differs now is put right, whatever `onDrift` says. */
  readonly secondLook: boolean;
  /** Without an answer by then it counts as lost, mono ms. */
  readonly until: MonoMs;
  /** Belongs to a tenure that has ended: its answer is of no interest, but nothing starts beside it. */
  readonly stale: boolean;
}

export interface Reconciler {
  readonly canRead: boolean;
  readonly timeoutMs: number;
  readonly onDrift: "repair" | "report";
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
}

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
  };
}
