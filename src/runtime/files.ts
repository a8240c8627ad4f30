/** Open files, where there are few: who gets how many, and what is said when they run out. */
import { isShortage } from "../adapters/probes/describe_error.ts";
import type { MonoMs } from "../base/time.ts";
import type { LogEvent } from "../node/events.ts";
import { processEvent } from "../node/process_event.ts";
import type { ProbeOutcome } from "../health/probing.ts";

/** What a node needs with a handful of targets; below it, it does not start. */
export const LEAST_FILES = 40;
/** With so many, nobody's share matters. */
const PLENTY = 1024;
/** A notice is shown so long after the last time, and one line is logged in so much, ms. */
const NOTICE_MS = 10_000;
const LOG_EVERY_MS = 60_000;

/** Connections that strangers may hold; undefined: as ever. */
export interface FileShares {
  readonly api?: number;
  readonly dns?: number;
}

/** Divides few files: a quarter for the API, an eighth for DNS over TCP; the rest is for the node itself. */
export function shareFiles(limit: number | null): FileShares {
  if (limit === null || limit >= PLENTY) return {};
  return { api: Math.max(4, Math.floor(limit / 4)), dns: Math.max(4, Math.floor(limit / 8)) };
}

/** A sentence when a node cannot run with so few; null when it can, or nobody knows. */
export function tooFewFiles(limit: number | null): string | null {
  if (limit === null || limit >= LEAST_FILES) return null;
  const few = limit === 0 ? "hardly any" : String(limit);
  return `this process may open ${few} files and sockets, a node needs ${LEAST_FILES} and more: ` +
    "raise `ulimit -n` (systemd: LimitNOFILE=)";
}

/** Watches probes fail for want of something of this machine. */
export class ShortageWatch {
  readonly #log: (event: LogEvent) => void;
  #last: { readonly words: string; readonly at: MonoMs } | null = null;
  #loggedAt: MonoMs = -Infinity;

  constructor(log: (event: LogEvent) => void) {
    this.#log = log;
  }

  /** A probe has ended. */
  probed({ ok, detail }: ProbeOutcome, now: MonoMs): void {
    if (ok || !isShortage(detail)) return;
    this.#last = { words: detail, at: now };
    if (now - this.#loggedAt < LOG_EVERY_MS) return;
    this.#loggedAt = now;
    const [text = ""] = this.problems(now);
    this.#log(processEvent("warning", "shortage", text, { reason: detail }));
  }

  /** For status. */
  problems(now: MonoMs): string[] {
    if (this.#last === null || now - this.#last.at > NOTICE_MS) return [];
    return [
      `Targets cannot be checked from here: ${this.#last.words} (ulimit -n, LimitNOFILE=). ` +
      "This node keeps its opinions of before.",
    ];
  }
}
