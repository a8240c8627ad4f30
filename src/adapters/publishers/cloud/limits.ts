/**
 * What a cloud API says about its rate limits, and a reserve that only a write may spend: while little is left, the
 * periodic look at a record that is right is answered from memory.
 */

/** Below this share of the limit, only writes and rare looks are spent. */
const RESERVE = 0.1;
/** Within the reserve, the world is still looked at so often, ms. */
const RARE_LOOK_MS = 300_000;
/** Above this a reset is a time of day (seconds since 1970), below it seconds from now. */
const UNIX_SECONDS = 1_000_000_000;

/** `Retry-After`: seconds or an HTTP date. Ms from now, not negative; null when there is none. */
export function retryAfterMs(headers: Headers, wallMs: number): number | null {
  const text = headers.get("retry-after")?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = text === "" ? NaN : Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - wallMs);
}

/** One reading of a limit. */
export interface Limit {
  /** Requests per window; null when it is not told. */
  readonly limit: number | null;
  readonly remaining: number;
  /** When it is full again, or when the first of them comes back; ms since 1970. */
  readonly resetAtMs: number;
}

/** `ratelimit-limit/-remaining/-reset` (several spellings), or `Ratelimit: "default";r=50;t=30`. */
export function readLimit(headers: Headers, wallMs: number): Limit | null {
  const structured = /(?:^|;)\s*r=(\d+)\s*;\s*t=(\d+)/.exec(headers.get("ratelimit") ?? "");
  if (structured !== null) {
    const quota = /(?:^|;)\s*q=(\d+)/.exec(headers.get("ratelimit-policy") ?? "");
    return {
      limit: quota === null ? null : Number(quota[1]),
      remaining: Number(structured[1]),
      resetAtMs: wallMs + Number(structured[2]) * 1000,
    };
  }
  const remaining = count(headers.get("ratelimit-remaining") ?? headers.get("x-ratelimit-remaining"));
  const reset = count(headers.get("ratelimit-reset") ?? headers.get("x-ratelimit-reset"));
  if (remaining === null || reset === null) return null;
  return {
    limit: count(headers.get("ratelimit-limit") ?? headers.get("x-ratelimit-limit")),
    remaining,
    resetAtMs: reset > UNIX_SECONDS ? reset * 1000 : wallMs + reset * 1000,
  };
}

function count(text: string | null): number | null {
  return text !== null && /^\d{1,12}$/.test(text.trim()) ? Number(text) : null;
}

/** How much one account may still ask, as far as its last answer told. */
export class RateBudget {
  readonly #wallMs: () => number;
  #last: Limit | null = null;

  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  /** Takes note of an answer's headers. */
  note(headers: Headers): void {
    this.#last = readLimit(headers, this.#wallMs()) ?? this.#last;
  }

  /** Only what is kept for writes is left. */
  get isLow(): boolean {
    if (this.#last === null || this.#wallMs() >= this.#last.resetAtMs) return false;
    return this.#last.remaining < Math.max(2, (this.#last.limit ?? 100) * RESERVE);
  }

  /** What was seen at `seenAtMs` may stand in for a look now. */
  maySkipLook(seenAtMs: number): boolean {
    return this.isLow && this.#wallMs() - seenAtMs < RARE_LOOK_MS;
  }

  /** Until the limit is full again, ms; null when nothing is known of it. */
  get resetInMs(): number | null {
    if (this.#last === null) return null;
    const left = this.#last.resetAtMs - this.#wallMs();
    return left > 0 ? left : null;
  }
}
