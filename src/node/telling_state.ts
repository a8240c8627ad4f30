/** What a leader keeps for telling people (`telling.ts`). */
import type { NodeId } from "../base/id.ts";
import type { MonoMs } from "../base/time.ts";
import type { NoticePhase } from "../failover/notice.ts";

/** What a leader remembers of its notices; a new one begins anew. */
export interface Telling {
  /** On their way to receivers. */
  sent: Set<string>;
  /** Taken, or given up, and not committed yet. */
  done: Delivery[];
  /** Since when something is right or wrong that the notices hold otherwise. */
  turned: Map<string, MonoMs>;
  /** Troubles that may be over by the time that the next notice is made: they are told all the same. */
  brief: Map<string, string>;
  /** That this node leads is to be told; `before` = who led, as far as it knows. */
  leads: { readonly before: NodeId | null } | null;
  /** Who led last, as far as this node knows. */
  lastLeader: NodeId | null;
  /** When something will have lasted long enough to be told, mono ms. */
  reviewAt: MonoMs;
}

/** One notice and one of those who hear it. */
export interface Delivery {
  readonly key: string;
  readonly phase: NoticePhase;
  readonly receiver: string;
}

/** Nothing to tell. */
export function createTelling(): Telling {
  return {
    sent: new Set(),
    done: [],
    turned: new Map(),
    brief: new Map(),
    leads: null,
    lastLeader: null,
    reviewAt: Infinity,
  };
}
