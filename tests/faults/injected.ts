/** What `inject` gives back. */
import type { Undo } from "./roads.ts";

/** A fault under way. */
export interface Injected {
  /** What was done, for people. */
  readonly text: string;
  readonly hitsLeader: boolean;
  /** The active target, where it was hit. */
  readonly hitsActive: string | null;
  /** It ends by itself: when it is done. */
  readonly done: Promise<void> | null;
  readonly undo: Undo;
}

/** It undoes itself. */
export const NOTHING: Undo = () => Promise.resolve();
