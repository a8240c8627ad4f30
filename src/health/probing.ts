import type { MonoMs } from "../base/time.ts";

/** What one probe found. */
export interface ProbeOutcome {
  readonly ok: boolean;
  readonly latencyMs: number;
  /** For people: `HTTP 200`, `connection refused`, `no answer within 800 ms`. */
  readonly detail: string;
}

/** What one node thinks of one target. */
export type Opinion = "up" | "down" | "unknown";

/** One node's view of one target, and when to try it next. */
export interface Probing {
  opinion: Opinion;
  /** Good probes in a row; 0 after a bad one. */
  good: number;
  /** Bad probes in a row; 0 after a good one. */
  bad: number;
  /** When the next probe is to start. */
  nextAt: MonoMs;
  /** When the probe under way started; null when none is. */
  startedAt: MonoMs | null;
  last: { readonly outcome: ProbeOutcome; readonly at: MonoMs } | null;
  opinionSince: MonoMs;
}
