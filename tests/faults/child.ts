/** A process of the arena that is no node: it tells lines of JSON on stdout and takes lines of JSON on stdin. */
import type { Launcher } from "../../src/drill/launch.ts";

/** How a script of this folder is started. */
export function script(name: string): Launcher {
  const path = decodeURIComponent(new URL(name, import.meta.url).pathname);
  return { program: Deno.execPath(), args: ["run", "-q", "--no-prompt", "--allow-all", path] };
}

export class Child {
  readonly pid: number;
  /** Resolves when it has ended and its output is read. */
  readonly ended: Promise<void>;
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  #running = true;

  constructor(launcher: Launcher, args: readonly string[], onLine: (line: string) => void = (): void => {}) {
    this.#child = new Deno.Command(launcher.program, {
      args: [...launcher.args, ...args],
      env: { NO_COLOR: "1", RUST_BACKTRACE: "0" },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.pid = this.#child.pid;
    this.#stdin = this.#child.stdin.getWriter();
    this.ended = this.#follow(onLine);
  }

  get running(): boolean {
    return this.#running;
  }

  kill(signal: Deno.Signal): void {
    if (!this.#running) return;
    try {
      this.#child.kill(signal);
    } catch {
      // It ended this very moment.
    }
  }

  /** One line of JSON to its stdin. */
  async tell(message: unknown): Promise<void> {
    if (!this.#running) return;
    await this.#stdin.write(new TextEncoder().encode(JSON.stringify(message) + "\n")).catch(() => {});
  }

  async stop(): Promise<void> {
    this.kill("SIGKILL");
    await this.#stdin.abort().catch(() => {});
    await this.ended;
  }

  async #follow(onLine: (line: string) => void): Promise<void> {
    for await (const line of lines(this.#child.stdout)) onLine(line);
    await this.#child.status;
    this.#running = false;
    await this.#stdin.abort().catch(() => {}); // also of one that was killed and is started again as another
  }
}

/** A stream cut into lines; the last one may lack its end. */
export async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  if (rest !== "") yield rest;
}

/** Takes the orders that come in on stdin, one line of JSON each; ends with it. */
export async function takeOrders<T>(take: (order: T) => void): Promise<void> {
  for await (const line of lines(Deno.stdin.readable)) if (line !== "") take(JSON.parse(line) as T);
  Deno.exit(0);
}

/** Tells the arena something. */
export function tellArena(message: unknown): void {
  const bytes = new TextEncoder().encode(JSON.stringify(message) + "\n");
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}
