/**
 * The log: events as lines on stderr, through LogTape (imported here alone; only `run` imports this file), each in its
 * category. Repetitions are folded. Writing never throws and never blocks the loop: a reader of stderr that stalls costs
 * lines, not the lease.
 */
import { configureSync, getLogger, type LogRecord, resetSync } from "@logtape/logtape";
import { LOG_CATEGORIES, type LogCategory, type LogConfig, type LogLevel } from "../config/log_categories.ts";
import type { LogEvent } from "../node/events.ts";
import { categoryOf } from "../view/log_category.ts";
import { LogFold } from "../view/log_fold.ts";
import { jsonLine, textLine } from "../view/log_line.ts";
import { stopwatchMs, wallClockMs } from "./clock.ts";

export interface LogOptions {
  /** Events below it are left out; null = as the config says, else below info. */
  readonly level: LogLevel | null;
  readonly format: "text" | "json";
  /** What the config says. */
  readonly config?: LogConfig;
  /** Where the bytes go; stderr where left out. Returns how many it took, as `Deno.stderr.write` does. */
  readonly write?: (bytes: Uint8Array) => Promise<number>;
  /** Monotonic time, ms; for tests. */
  readonly now?: () => number;
  /** What is counted together, ms; for tests. */
  readonly foldMs?: number;
}

/** Takes events. `LogEvent` holds primitives alone, so no secret and no object can slip in. */
export interface Logger {
  log(event: LogEvent): void;
  /** Whether events of that name are logged at that level: what costs much to say is not said in vain. */
  wants(level: LogLevel, name: string): boolean;
  /** Other levels, after a reload. */
  use(config: LogConfig): void;
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
const METHODS: Readonly<Record<LogLevel, "debug" | "info" | "warn" | "error">> = {
  debug: "debug",
  info: "info",
  warning: "warn",
  error: "error",
};

/** Sets the process's log up; a second call takes over from the first. */
export function createLogger(options: LogOptions): Logger {
  const lines = new LineWriter(options.write ?? ((bytes): Promise<number> => Deno.stderr.write(bytes)));
  const { now = stopwatchMs } = options;
  const lineOf = options.format === "json" ? jsonLine : textLine;
  const fold = new LogFold(options.foldMs);
  const sink = (record: LogRecord): void => {
    for (const event of fold.add(record.properties.event as LogEvent, now())) {
      lines.add(lineOf(event, record.timestamp));
    }
    wakeForCounts();
  };
  let timer: ReturnType<typeof setTimeout> | null = null;
  const wakeForCounts = (): void => {
    if (timer !== null || fold.nextAt === Infinity) return;
    timer = setTimeout(() => {
      timer = null;
      for (const event of fold.due(now())) lines.add(lineOf(event, wallClockMs()));
      wakeForCounts();
    }, Math.max(0, Math.ceil(fold.nextAt - now())));
    Deno.unrefTimer(timer);
  };
  configure(sink, options.level, options.config);
  return {
    log: (event): void => {
      getLogger([CATEGORY, categoryOf(event.name)])[METHODS[event.level]]("{event}", { event });
    },
    wants: (level, name) => getLogger([CATEGORY, categoryOf(name)]).isEnabledFor(level),
    use: (config): void => configure(sink, options.level, config),
    get lost(): number {
      return lines.lost;
    },
    close: async (): Promise<void> => {
      if (timer !== null) clearTimeout(timer);
      for (const event of fold.rest(now())) lines.add(lineOf(event, wallClockMs()));
      await lines.flush();
      resetSync();
    },
  };
}

/** One logger a category, each with a level of its own. */
function configure(sink: (record: LogRecord) => void, level: LogLevel | null, config?: LogConfig): void {
  const levelOf = (category: LogCategory): LogLevel =>
    config?.levels[category] ?? level ?? config?.level ?? "info";
  configureSync({
    reset: true,
    sinks: { lines: sink },
    loggers: [
      ...LOG_CATEGORIES.map((category) => ({
        category: [CATEGORY, category],
        sinks: ["lines" as const],
        lowestLevel: levelOf(category),
      })),
      // Without this LogTape talks about itself.
      { category: ["logtape", "meta"], sinks: [], lowestLevel: "fatal" },
    ],
  });
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
