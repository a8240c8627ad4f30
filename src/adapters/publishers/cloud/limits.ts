/**
 * What a cloud API says about its rate limits, and a reserve that only a failover may spend: while little is left, the
 * periodic look at a record that is right is answered from memory, and a rehearsal waits.
 */
import { createHash } from "node:crypto";

/** Below this share of the limit, only writes and rare looks are spent. */
const RESERVE = 0.1;
/** Longest quiet that is kept for all publishers of an account, ms. */
const MAX_QUIET_MS = 600_000;
/** Within the reserve, the world is still looked at so often, ms. */
const RARE_LOOK_MS = 300_000;
/** Above this a reset is a time of day (seconds since 1970), below it seconds from now. */
const UNIX_SECONDS = 1_000_000_000;

/** The longest wait that a far side may ask for, ms: a typing error of theirs must not be ours for years. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/** `Retry-After`: seconds or an HTTP date. Ms from now, 0 to MAX_RETRY_AFTER_MS; null when there is none. */
export function retryAfterMs(headers: Headers, wallMs: number): number | null {
  const text = headers.get("retry-after")?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Number(text) * 1000, MAX_RETRY_AFTER_MS);
  const date = text === "" ? NaN : Date.parse(text);
  return Number.isNaN(date) ? null : Math.min(Math.max(0, date - wallMs), MAX_RETRY_AFTER_MS);
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
function readLimit(headers: Headers, wallMs: number): Limit | null {
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

/** After the time of a reset this long nobody but the first asks: its answer tells all what is left, ms. */
const RELEARN_MS = 5000;

/**
 * How much one account may still ask, as far as its answers told. All publishers with that account share it: what one
 * is told, all know. A failover is never held up by it: its own publisher is told 429, or gets through.
 */
export class RateBudget {
  readonly #wallMs: () => number;
  #last: Limit | null = null;
  #quietUntilMs = -Infinity;

  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  /** A request goes out: until an answer tells, it counts. */
  spend(): void {
    if (this.#last === null) return;
    this.#last = { ...this.#last, remaining: Math.max(0, this.#last.remaining - 1) };
  }

  /** Takes note of an answer's headers. */
  note(headers: Headers): void {
    this.#last = readLimit(headers, this.#wallMs()) ?? this.#last;
  }

  /** The far side has asked for so much quiet. */
  keepQuiet(ms: number): void {
    this.#quietUntilMs = Math.max(this.#quietUntilMs, this.#wallMs() + Math.min(ms, MAX_QUIET_MS));
  }

  /** Only what is kept for failovers is left, or quiet was asked for. */
  get isLow(): boolean {
    return this.#wallMs() < this.#quietUntilMs || this.#isReserve;
  }

  get #isReserve(): boolean {
    if (this.#last === null) return false;
    return this.#last.remaining < Math.max(2, (this.#last.limit ?? 100) * RESERVE);
  }

  /**
   * What can wait may be asked now. Where a limit slides, its reset gives back one request and not all: then one
   * asks, and the others go by what it is told.
   */
  maySpare(): boolean {
    const now = this.#wallMs();
    if (now < this.#quietUntilMs) return false;
    if (this.#last === null || !this.#isReserve) return true;
    if (now < this.#last.resetAtMs) return false;
    this.#last = { ...this.#last, resetAtMs: now + RELEARN_MS };
    return true;
  }

  /** What was seen at `seenAtMs` may stand in for a look now. */
  maySkipLook(seenAtMs: number): boolean {
    return this.#wallMs() - seenAtMs < RARE_LOOK_MS && !this.maySpare();
  }

  /** Until more may be asked, ms; null when nothing is known of it. */
  get resetInMs(): number | null {
    const left = Math.max(this.#quietUntilMs, this.#last?.resetAtMs ?? -Infinity) - this.#wallMs();
    return left > 0 && left !== Infinity ? left : null;
  }
}

/** Accounts that are remembered. */
const ACCOUNTS_MAX = 256;

/** The budgets of all accounts, by address and token: of a token only a digest is kept. */
export class RateBudgets {
  readonly #wallMs: () => number;
  readonly #byAccount = new Map<string, RateBudget>();

  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  /** That of one account. */
  of(baseUrl: string, token: string): RateBudget {
    const key = createHash("sha256").update(`${baseUrl}\n${token}`).digest("base64");
    const budget = this.#byAccount.get(key) ?? new RateBudget(this.#wallMs);
    this.#byAccount.delete(key);
    this.#byAccount.set(key, budget); // the last one used is the last to go
    const [oldest] = this.#byAccount.keys();
    if (this.#byAccount.size > ACCOUNTS_MAX && oldest !== undefined) this.#byAccount.delete(oldest);
    return budget;
  }
}
