/** How one try to tell one receiver ended. */

/** It was taken; what the receiver said, in a word or two. */
export interface Delivered {
  readonly answer: string;
}

/** Why one try failed. `again`: another try may help. */
export interface NotifyFailure {
  /** A phrase for people, without a secret in it. */
  readonly detail: string;
  readonly again: boolean;
  /** The receiver asked for so much quiet, ms; null = it did not. */
  readonly afterMs: number | null;
}
