/**
 * The log: events as lines on stderr, through LogTape (imported here alone; only `run` imports this file).
 * Writing never throws and never blocks the loop: a reader of stderr that stalls costs lines, not the lease.
 */
import { configureSync, getLogger, type LogRecord, resetSync } from "@logtape/logtape";
import type { LogEvent } from "../node/events.ts";
import { jsonLine, textLine } from "../view/log_line.ts";

export interface LogOptions {
  /** Events below it are left out. */
  readonly level: LogEvent["level"];
  readonly format: "text" | "json";
  /** Where the bytes go; stderr where left out. Returns how many it took, as `Deno.stderr.write` does. */
  readonly write?: (bytes: Uint8Array) => Promise<number>;
}

/** Takes events. `LogEvent` holds primitives alone, so no secret and no object can slip in. */
export interface Logger {
  log(event: LogEvent): void;
  /** Lines left out because stderr did not take them. */
  readonly lost: number;
  /** Waits until what was logged is written, at most `CLOSE_MS`. Never rejects. */
  close(): Promise<void>;
}

/** Lines that may wait for stderr; more are counted and left out. */
export const LINES_MAX = 2000;

/** How long `close` waits for stderr, ms. */
export const CLOSE_MS = 200;

const CATEGORY = "abfail";

/** Sets the process's log up; a second call takes over from the first. */
export function createLogger(options: LogOptions): Logger {
  const lines = new LineWriter(options.write ?? ((bytes): Promise<number> => Deno.stderr.write(bytes)));
  const lineOf = options.format === "json" ? jsonLine : textLine;
  const sink = (record: LogRecord): void => {
    lines.add(lineOf(record.properties.event as LogEvent, record.timestamp));
  };
  configureSync({
    reset: true,
    sinks: { lines: sink },
    loggers: [
      { category: CATEGORY, sinks: ["lines"], lowestLevel: options.level },
      // Without this LogTape talks about itself.
      { category: ["logtape", "meta"], sinks: [], lowestLevel: "fatal" },
    ],
  });
  const logger = getLogger(CATEGORY);
  const methods: Readonly<Record<LogEvent["level"], "debug" | "info" | "warn" | "error">> = {
    debug: "debug",
    info: "info",
    warning: "warn",
    error: "error",
  };
  return {
    log: (event): void => logger[methods[event.level]]("{event}", { event }),
    get lost(): number {
      return lines.lost;
    },
    close: async (): Promise<void> => {
      await lines.flush();
      resetSync();
    },
  };
}

/** Writes lines in order, one write at a time; forgets them when the far side is gone. */
class LineWriter {
  lost = 0;
  readonly #write: (bytes: Uint8Array) => Promise<number>;
  #waiting: string[] = [];
  #busy: Promise<void> | null = null;
  #closed = false;

  constructor(write: (bytes: Uint8Array) => Promise<number>) {
    this.#write = write;
  }

  add(line: string): void {
    if (this.#closed || this.#waiting.length >= LINES_MAX) {
      this.lost += 1;
      return;
    }
    this.#waiting.push(line);
    this.#busy ??= this.#drain();
  }

  async flush(): Promise<void> {
    if (this.#busy === null) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, CLOSE_MS));
    await Promise.race([this.#busy, late]);
    clearTimeout(timer);
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#writeAll(new TextEncoder().encode(batch.join("\n") + "\n"));
      } catch {
        // Closed stderr: nobody reads, and there is nowhere left to say so.
        this.#closed = true;
        this.lost += batch.length + this.#waiting.length;
        this.#waiting = [];
      }
    }
    this.#busy = null;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    while (rest.length > 0) rest = rest.subarray(await this.#write(rest));
  }
}
