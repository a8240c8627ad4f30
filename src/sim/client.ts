/** A virtual client of one service: resolves with a cache, calls, again and again. */
import type { VirtualTarget } from "./target.ts";

/** One call as the client saw it. */
export interface Call {
  readonly atMs: number;
  readonly ok: boolean;
  /** The target that it went to; null when there was no answer to its question. */
  readonly target: string | null;
}

export interface ClientWorld {
  now(): number;
  after(ms: number, act: () => void): void;
  /** The published value as a resolver without a cache gets it; undefined when nobody answers. */
  resolve(): string | null | undefined;
  target(value: string): VirtualTarget | null;
}

/** How often it calls, ms. */
const EVERY_MS = 100;
/** The zone that it calls from: no node's. */
const ZONE = "clients";

export class VirtualClient {
  readonly service: string;
  calls = 0;
  failed = 0;
  /** The longest time between two good calls. */
  longestGapMs = 0;
  /** How its last call went; null before the first. */
  lastOk: boolean | null = null;
  /** The value in its cache. */
  value: string | null | undefined;
  onCall: (call: Call) => void = () => {};
  readonly #ttlMs: number;
  readonly #world: ClientWorld;
  #askAt = 0;
  #lastGoodAt: number | null = null;

  constructor(service: string, ttlMs: number, world: ClientWorld) {
    this.service = service;
    this.#ttlMs = ttlMs;
    this.#world = world;
    this.#next();
  }

  #next(): void {
    this.#world.after(EVERY_MS, () => {
      this.#call();
      this.#next();
    });
  }

  #call(): void {
    const now = this.#world.now();
    if (now >= this.#askAt) {
      const value = this.#world.resolve();
      if (value !== undefined) this.value = value; // a resolver goes on with what it has
      this.#askAt = value === undefined ? now : now + this.#ttlMs;
    }
    if (this.value === undefined) return; // not published yet
    const target = this.value === null ? null : this.#world.target(this.value);
    const ok = target !== null && target.isUpFrom(ZONE);
    this.calls++;
    this.lastOk = ok;
    if (!ok) this.failed++;
    else {
      if (this.#lastGoodAt !== null) this.longestGapMs = Math.max(this.longestGapMs, now - this.#lastGoodAt);
      this.#lastGoodAt = now;
    }
    this.onCall({ atMs: now, ok, target: target?.name ?? null });
  }
}
