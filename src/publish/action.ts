/** What a publisher can be asked for, and what it answers. */

/** What a publisher is to do; `value` is what to publish, null to withdraw. */
export type PublishAction =
  /** `epoch`: this leader's; a publisher with a fence looks whose it holds. */
  | { readonly kind: "read"; readonly epoch?: string }
  | {
    readonly kind: "write";
    readonly target: string | null;
    readonly value: string | null;
    readonly previous: string | null;
    readonly epoch: string;
    /** The value stands there already: written all the same, to prove that it could be (`rehearse`). */
    readonly rehearsal?: true;
  };

/** What came of an action. */
export type PublishResult =
  /**
   * `shows`: the published value; null = nothing; undefined = this publisher cannot read. `unclaimed`: its fence is not
   * this epoch's (or a write of this epoch may still come late): a write, even of the same value, shuts late ones out.
   */
  | { readonly kind: "ok"; readonly shows: string | null | undefined; readonly unclaimed?: boolean }
  | { readonly kind: "failed"; readonly detail: string; readonly retryAfterMs: number | null }
  /** Its fence holds a later epoch than the leader's: the leader goes on in a ballot above it (ELECTION.md [16]). */
  | { readonly kind: "fenced"; readonly epoch: string }
  /**
   * Nothing was begun: the lease was about to end, or a rehearsal would have spent what a failover may need. No
   * failure, only later: `waitMs`, where it is told.
   */
  | { readonly kind: "not-started"; readonly waitMs?: number };
