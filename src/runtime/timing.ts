import type { MonoMs } from "../base/time.ts";

/** How long a late timer is remembered, ms. */
const MEMORY_MS = 10_000;

/** Whether this process keeps its own timing: how late its timer fired lately. */
export class Timing {
  #worst: { at: MonoMs; lateMs: number }[] = [];

  /** Takes note of one timer. */
  note(now: MonoMs, lateMs: number): void {
    while (this.#worst.length > 0 && (this.#worst.at(-1)?.lateMs ?? 0) <= lateMs) this.#worst.pop();
    this.#worst.push({ at: now, lateMs });
    this.#forget(now);
  }

  /** The latest timer of the last ten seconds, ms. */
  worstMs(now: MonoMs): number {
    this.#forget(now);
    return Math.max(0, this.#worst[0]?.lateMs ?? 0);
  }

  #forget(now: MonoMs): void {
    while (this.#worst.length > 0 && (this.#worst[0]?.at ?? now) < now - MEMORY_MS) this.#worst.shift();
  }
}
