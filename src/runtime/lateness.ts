import type { MonoMs } from "../base/time.ts";

/** A window's length, ms; figures are of the present window and the one before. */
const WINDOW_MS = 30_000;
/** Width of a bucket, ms, and how many there are; the last takes all that is later. */
const BUCKET_MS = 0.5;
const BUCKETS = 4000;

interface Window {
  readonly counts: Uint32Array;
  total: number;
  maxMs: number;
}

function emptyWindow(): Window {
  return { counts: new Uint32Array(BUCKETS), total: 0, maxMs: 0 };
}

/** How late things happened in the last half to whole minute: quantiles to half a millisecond. */
export class Lateness {
  #since: MonoMs = -Infinity;
  #now = emptyWindow();
  #before = emptyWindow();

  /** Takes note of one thing that was due `lateMs` ago. */
  note(now: MonoMs, lateMs: number): void {
    this.#turn(now);
    const late = Math.max(0, lateMs);
    const bucket = Math.min(BUCKETS - 1, Math.floor(late / BUCKET_MS));
    this.#now.counts[bucket] = (this.#now.counts[bucket] ?? 0) + 1;
    this.#now.total++;
    this.#now.maxMs = Math.max(this.#now.maxMs, late);
  }

  /** Upper edge of the bucket below which a share `q` (0..1) lies, ms; null when there was nothing. */
  quantileMs(q: number): number | null {
    const total = this.#now.total + this.#before.total;
    if (total === 0) return null;
    if (q >= 1) return Math.max(this.#now.maxMs, this.#before.maxMs);
    let left = Math.ceil(q * total);
    for (let i = 0; i < BUCKETS; i++) {
      left -= (this.#now.counts[i] ?? 0) + (this.#before.counts[i] ?? 0);
      if (left <= 0) return (i + 1) * BUCKET_MS;
    }
    return BUCKETS * BUCKET_MS;
  }

  #turn(now: MonoMs): void {
    if (now - this.#since < WINDOW_MS) return;
    this.#before = now - this.#since < 2 * WINDOW_MS ? this.#now : emptyWindow();
    this.#now = emptyWindow();
    this.#since = now;
  }
}
