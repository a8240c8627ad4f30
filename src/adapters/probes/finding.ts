/** What a probe found, and the time that it has. */
import { describeError } from "./describe_error.ts";
import type { Trace } from "./trace.ts";

/** What a verdict rests on: a key of the check, or what every probe needs. */
export type Rule =
  /** A connection could be made, or could not. */
  | "connection"
  | "timeout"
  /** Cut off from outside. */
  | "cut-off"
  /** A file that the check names cannot be read on this node. */
  | "file"
  /** The TLS handshake. */
  | "handshake"
  | "verify"
  /** The answer is not what the protocol has. */
  | "protocol"
  | "expect_status"
  | "expect_body"
  | "follow_redirects"
  | "http2"
  | "expect"
  /** `grpc`: what the service says of itself. */
  | "service"
  /** `exec`: the exit code. */
  | "command";

/** The essence of an outcome. */
export interface Finding {
  readonly ok: boolean;
  readonly detail: string;
  readonly rule: Rule;
  readonly warning?: string;
  readonly inconclusive?: boolean;
}

/** What a probe waits for. */
export type Stage = "connection" | "TLS handshake" | "answer" | "whole answer" | "end of the program";

/** Why a closed attempt is aborted: one for all, because making an exception takes longer than all the rest. */
const CLOSED = new Error("closed");

/** One probe under way: ends at its timeout, or when it is cut off, whatever comes first. */
export class Attempt {
  /** Fires when the probe must end. */
  readonly signal: AbortSignal;
  /** Resolves when `signal` fires, or when the attempt is closed. */
  readonly aborted: Promise<void>;
  /** What it waits for now; said when the time is over. */
  stage: Stage = "connection";
  /** Said with it: what has come that did not count. */
  remark: string | null = null;
  readonly timeoutMs: number;
  /** Null in a running node. */
  readonly trace: Trace | null;
  #ended: Finding | null = null;
  #closed = false;
  readonly #abort = new AbortController();
  readonly #timers: ReturnType<typeof setTimeout>[] = [];

  constructor(timeoutMs: number, trace: Trace | null = null) {
    this.timeoutMs = timeoutMs;
    this.trace = trace;
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
    const remark = this.remark === null ? "" : ` (${this.remark})`;
    this.#ended = why === "timeout"
      ? { ok: false, detail: `no ${this.stage} within ${this.timeoutMs} ms${remark}`, rule: "timeout" }
      : { ok: false, detail: "the probe was cut off", rule: "cut-off", inconclusive: true };
    this.#abort.abort();
  }

  /** What an exception means at this stage. `host` is whom it was for. */
  failure(problem: unknown, host: string): Finding & { readonly ok: false } {
    return { ok: false, detail: describeError(problem, host), rule: this.ruleOfStage };
  }

  /** Where a probe that fails now has failed. */
  get ruleOfStage(): Rule {
    switch (this.stage) {
      case "connection":
        return "connection";
      case "TLS handshake":
        return "handshake";
      default:
        return "protocol";
    }
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
    if (!this.signal.aborted) this.#abort.abort(CLOSED);
  }
}
