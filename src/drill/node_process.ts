/** One abfail process: started, listened to, and ended by its pid. */
import type { Launcher } from "./launch.ts";

/** One line of a node's log; what is not JSON (a crash) has only `text`. */
export interface LogLine {
  /** When it came in here, `performance.now()`. */
  readonly at: number;
  readonly level: string;
  /** The event's name, such as `lease`; empty where the line is no event. */
  readonly name: string;
  readonly text: string;
  readonly epoch: string | null;
  readonly service: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export class NodeProcess {
  readonly pid: number;
  readonly log: LogLine[] = [];
  /** How it ended; resolves once its output is read to the end too. */
  readonly ended: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  #running = true;
  #told = false;
  #struck = false;

  /** Starts `abfail ARGS`; its log must be JSON lines on stderr. */
  constructor(
    launcher: Launcher,
    args: readonly string[],
    options: { readonly env?: Readonly<Record<string, string>>; readonly onLine?: (line: LogLine) => void } =
      {},
  ) {
    this.#child = new Deno.Command(launcher.program, {
      args: [...launcher.args, ...args],
      env: { NO_COLOR: "1", RUST_BACKTRACE: "0", ABFAIL_KEYS: "", ...options.env },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    this.ended = this.#follow(options.onLine ?? ((): void => {}));
  }

  get running(): boolean {
    return this.#running;
  }

  /** True when it ended although nobody told it to. */
  get crashed(): boolean {
    return !this.#running && !this.#struck;
  }

  /** Sends a signal; harmless when the process has ended. */
  kill(signal: Deno.Signal): void {
    if (!this.#running) return;
    if (signal === "SIGTERM") this.#told = true;
    if (signal === "SIGTERM" || signal === "SIGKILL") this.#struck = true;
    try {
      this.#child.kill(signal);
    } catch {
      // It ended this very moment.
    }
  }

  /** SIGTERM, once: a second one ends it unclean. SIGKILL when it has not ended within `limitMs`. */
  async stop(limitMs: number): Promise<Deno.CommandStatus> {
    if (!this.#told) this.kill("SIGTERM");
    this.kill("SIGCONT");
    const hard = setTimeout(() => this.kill("SIGKILL"), limitMs);
    try {
      return await this.ended;
    } finally {
      clearTimeout(hard);
    }
  }

  async #follow(onLine: (line: LogLine) => void): Promise<Deno.CommandStatus> {
    const status = this.#child.status.then((value) => {
      this.#running = false;
      return value;
    });
    let rest = "";
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#take(line, onLine);
    }
    if (rest !== "") this.#take(rest, onLine);
    return await status;
  }

  #take(text: string, onLine: (line: LogLine) => void): void {
    const line = readLine(text, performance.now());
    this.log.push(line);
    onLine(line);
  }
}

/** Reads one line of a JSON log. */
export function readLine(text: string, at: number): LogLine {
  const plain = { at, level: "", name: "", text, epoch: null, service: null, data: {} };
  if (!text.startsWith("{")) return plain;
  try {
    return { ...plain, ...JSON.parse(text), at };
  } catch {
    return plain;
  }
}
