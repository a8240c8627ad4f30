/** Actions: what a provider does after it has answered. They are looked at until they have ended. */
import { CloudFailure } from "./failure.ts";
import { pause } from "./record.ts";

/** An action as it was last seen. `unknown`: the provider does not know it (any more). */
export interface ActionState {
  readonly status: "running" | "done" | "failed" | "unknown";
  /** Why it failed; empty where the provider does not say. */
  readonly why: string;
  readonly code?: string;
}

/** Between two looks at an action, ms: doubles from the first to the last. */
const POLL_MS = { first: 100, most: 1000 } as const;

/**
 * Waits until an action has ended; throws when it ended badly, or when the deadline comes first. That a look does not
 * get through says nothing of the action: it is looked at again, as late as the provider asks.
 */
export async function followAction(
  begun: ActionState,
  look: (signal: AbortSignal) => Promise<ActionState>,
  signal: AbortSignal,
): Promise<void> {
  let action = begun;
  for (
    let wait: number = POLL_MS.first;
    action.status === "running";
    wait = Math.min(POLL_MS.most, wait * 2)
  ) {
    await pause(wait, signal, "the action");
    try {
      action = await look(signal);
    } catch (error) {
      const asked = quietOf(error);
      if (asked === null || signal.aborted) throw error;
      await pause(asked, signal, "the action");
    }
  }
  if (action.status === "failed") {
    const why = action.why === "" ? "it does not say why" : action.why;
    throw new CloudFailure(`the action failed: ${why}`, { code: action.code ?? "" });
  }
}

/** Ms to wait before the next look; null for what no later look mends. */
function quietOf(error: unknown): number | null {
  if (!(error instanceof CloudFailure)) return null;
  const { status, retryAfterMs } = error;
  return retryAfterMs ?? (status === null || status >= 500 || status < 300 ? 0 : null);
}
