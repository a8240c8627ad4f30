/** The promises that are checked (PRODUCT.md, Drills), and how a broken one is told. */
import type { TrueMs } from "./clock.ts";

export const PROMISES = [
  "one-leader",
  "one-writer",
  "epochs-rise",
  "nothing-lost",
  "one-target",
  "recovers",
] as const;
export type PromiseName = typeof PROMISES[number];

/** One broken promise. */
export interface Broken {
  readonly promise: PromiseName;
  readonly atMs: TrueMs;
  /** What was seen, one sentence. */
  readonly detail: string;
}

/** Collects broken promises: the first of each kind is kept, the rest counted. */
export class Verdict {
  readonly first: Broken[] = [];
  readonly counts = new Map<PromiseName, number>();

  broken(promise: PromiseName, atMs: TrueMs, detail: string): void {
    const count = (this.counts.get(promise) ?? 0) + 1;
    this.counts.set(promise, count);
    if (count === 1) this.first.push({ promise, atMs, detail });
  }

  get clean(): boolean {
    return this.first.length === 0;
  }
}
