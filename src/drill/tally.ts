/** What the client saw, counted. */
import type { Sample } from "./client.ts";

export class Tally {
  requests = 0;
  failed = 0;
  /** Longest time between two good answers in a row, ms. */
  longestGapMs = 0;
  /** The latest request; null before the first. */
  last: Sample | null = null;
  /** Good answers in a row from the same service, the latest included; 0 after a failure. */
  streak = 0;
  /** When the first of that streak came. */
  streakFrom = 0;
  #goodAt: number | null = null;

  add(sample: Sample): void {
    this.requests += 1;
    if (sample.by === null) {
      this.failed += 1;
      this.streak = 0;
    } else {
      const goes = this.streak > 0 && this.last?.by === sample.by;
      this.streak = goes ? this.streak + 1 : 1;
      if (!goes) this.streakFrom = sample.to;
      if (this.#goodAt !== null) {
        this.longestGapMs = Math.max(this.longestGapMs, sample.to - this.#goodAt);
      }
      this.#goodAt = sample.to;
    }
    this.last = sample;
  }
}
