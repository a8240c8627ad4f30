/** What a probe found, and the time that it has. */

/** The essence of an outcome. */
export interface Finding {
  readonly ok: boolean;
  readonly detail: string;
  readonly warning?: string;
  readonly inconclusive?: boolean;
}

/** What a probe waits for. */
export type Stage = "connection" | "TLS handshake" | "answer" | "whole answer";

/** One probe under way: ends at its timeout, or when it is cut off, whatever comes first. */
export class Attempt {
  /** Fires when the probe must end. */
  readonly signal: AbortSignal;
  /** Resolves when `signal` fires, or when the attempt is closed. */
  readonly aborted: Promise<void>;
  /** What it waits for now; said when the time is over. */
  stage: Stage = "connection";
  readonly timeoutMs: number;
  #ended: Finding | null = null;
  #closed = false;
  readonly #abort = new AbortController();
  readonly #timers: ReturnType<typeof setTimeout>[] = [];

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
    this.signal = this.#abort.signal;
    this.aborted = new Promise((resolve) => {
      this.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    this.later(() => this.abort("timeout"), timeoutMs);
  }

  /** What is to be told when the attempt was ended from outside; null while it was not. */
  get ended(): Finding | null {
    return this.#ended;
  }

  /** Ends the probe. */
  abort(why: "timeout" | "cut-off"): void {
    if (this.signal.aborted) return;
    this.#ended = why === "timeout"
      ? { ok: false, detail: `no ${this.stage} within ${this.timeoutMs} ms` }
      : { ok: false, detail: "the probe was cut off", inconclusive: true };
    this.#abort.abort();
  }

  /** Calls back later, unless the attempt is closed by then. */
  later(callback: () => void, ms: number): void {
    if (this.#closed) return;
    this.#timers.push(setTimeout(callback, ms));
  }

  /** Frees what the attempt holds. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    if (!this.signal.aborted) this.#abort.abort();
  }
}
