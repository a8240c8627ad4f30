import type { PublishAction, PublishResult } from "../../publish/action.ts";

/** One place where the answer is exposed. What to do, and when, is decided by `publish/reconcile.ts`. */
export interface Publisher {
  /** It can tell what the world shows. */
  readonly canRead: boolean;
  /**
   * Performs one action. Never rejects. Ends within `timeoutMs`, or soon after `signal` fires, whatever the far
   * side does; what was begun is cut off then.
   */
  perform(action: PublishAction, timeoutMs: number, signal?: AbortSignal): Promise<PublishResult>;
}
