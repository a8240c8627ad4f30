/** What an answer of a publisher has to tell. */

/** One thing worth telling; `detail` is one sentence for people, without a full stop. */
export interface Told {
  readonly event: "published" | "publish-failed" | "drift" | "repaired" | null;
  readonly detail: string;
}

/** Nothing to tell. */
export const QUIET: Told = { event: null, detail: "" };
