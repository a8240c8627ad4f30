/** What a publisher can be asked for, and what it answers. */

/** What a publisher is to do; `value` is what to publish, null to withdraw. */
export type PublishAction =
  | { readonly kind: "read" }
  | {
    readonly kind: "write";
    readonly target: string | null;
    readonly value: string | null;
    readonly previous: string | null;
    readonly epoch: string;
  };

export type PublishResult =
  /** `shows`: the published value; null = nothing; undefined = this publisher cannot read. */
  | { readonly kind: "ok"; readonly shows: string | null | undefined }
  | { readonly kind: "failed"; readonly detail: string; readonly retryAfterMs: number | null };
