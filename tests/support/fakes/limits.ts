/** Rate limits as providers document them: so many requests within a window that slides. */
import type { Asked } from "./fake.ts";

/** One limit. */
export interface Window {
  readonly limit: number;
  readonly ms: number;
  /** Which requests count; all when absent. */
  readonly counts?: (asked: Asked) => boolean;
  /** Who has gone over it is refused so long, ms; until there is room again when absent. */
  readonly blockMs?: number;
}

/** How an account stands. */
export interface Standing {
  readonly limit: number;
  readonly remaining: number;
  /** When the oldest request that counts is forgotten, ms since 1970. */
  readonly resetAtMs: number;
}

/** Over a limit. */
export interface Refused extends Standing {
  /** Until there is room again, whole seconds. */
  readonly retryAfterS: number;
}

/** Counts the requests of one account. */
export class Throttle {
  readonly #windows: readonly Window[];
  readonly #seen: { readonly atMs: number; readonly windows: readonly Window[] }[] = [];
  #blockedUntil = -Infinity;

  constructor(windows: readonly Window[]) {
    this.#windows = windows;
  }

  /** Counts a request, unless it is over a limit. `refused` where it is. */
  take(asked: Asked): { readonly refused: Refused | null; readonly standing: Standing } {
    const now = Date.now();
    const windows = this.#windows.filter(({ counts }) => counts === undefined || counts(asked));
    for (const window of windows) {
      const standing = this.#standing(window, now);
      if (standing.remaining > 0 && now >= this.#blockedUntil) continue;
      if (window.blockMs !== undefined && now >= this.#blockedUntil) {
        this.#blockedUntil = now + window.blockMs;
      }
      const until = Math.max(this.#blockedUntil, standing.resetAtMs);
      const refused = {
        ...standing,
        remaining: 0,
        retryAfterS: Math.max(1, Math.ceil((until - now) / 1000)),
      };
      return { refused, standing };
    }
    this.#seen.push({ atMs: now, windows });
    const [first] = windows;
    const standing = first === undefined
      ? { limit: 0, remaining: 0, resetAtMs: now }
      : this.#standing(first, now);
    return { refused: null, standing };
  }

  #standing(window: Window, now: number): Standing {
    const counted = this.#seen.filter(({ atMs, windows }) =>
      windows.includes(window) && atMs > now - window.ms
    );
    const resetAtMs = (counted[0]?.atMs ?? now) + window.ms;
    return { limit: window.limit, remaining: Math.max(0, window.limit - counted.length), resetAtMs };
  }
}
