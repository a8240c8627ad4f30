/** One end for whatever an action does: its time is over, or its caller gave up. */
export class Deadline implements Disposable {
  readonly #abort = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #outer: AbortSignal | null;
  readonly #timeoutMs: number;
  readonly #onOuter = (): void => this.#end("cut off before it was done");
  #why: string | null = null;

  constructor(timeoutMs: number, outer: AbortSignal | null) {
    this.#timeoutMs = timeoutMs;
    this.#outer = outer;
    this.#timer = setTimeout(() => this.#end(`no answer within ${timeoutMs} ms`), timeoutMs);
    if (outer?.aborted === true) this.#onOuter();
    else outer?.addEventListener("abort", this.#onOuter);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  /** Why it is over; null while it is not. */
  get why(): string | null {
    return this.#why;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#onOuter);
  }

  #end(why: string): void {
    if (this.#why !== null) return;
    this.#why = why;
    this.#abort.abort();
  }
}

/**
 * A process that has slept (SIGSTOP, a frozen VM) finds its timers overdue, among them the one that watches the lease:
 * timers go in the order of their time, so behind this pause the signal says whether a write may still go out.
 */
export function letTimersGoFirst(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
