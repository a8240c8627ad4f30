/** What a publisher came to show, and who made it so: the last few changes that this node saw. */
import type { MonoMs } from "../base/time.ts";

/** One change of what the world shows. */
export interface Change {
  /** When this node saw or made it. */
  readonly at: MonoMs;
  readonly from: string | null;
  readonly to: string | null;
  /** `us`: written by this node. `former`: most likely the late write of a former leader. `other`: someone else. */
  readonly by: "us" | "former" | "other";
}

/** Changes that are kept. */
const HISTORY_MAX = 20;
/** So far back foreign changes count as a quarrel, ms. */
const QUARREL_WITHIN_MS = 600_000;

/** The history with one more change. */
export function withChange(history: readonly Change[], change: Change): readonly Change[] {
  return [...history, change].slice(-HISTORY_MAX);
}

/** How often someone else has changed it of late. */
export function foreignChanges(history: readonly Change[], now: MonoMs): number {
  return history.filter(({ at, by }) => by === "other" && at > now - QUARREL_WITHIN_MS).length;
}
