/** One run of a program that ends in time: limits on its time and on its output. */

/** What a program left behind. */
export type ProgramRun =
  /** It ended; `code` is 128 + the signal where one killed it. */
  | { readonly kind: "ended"; readonly code: number; readonly stdout: string; readonly stderr: string }
  /** It was cut off: its time was over, or the signal fired. */
  | { readonly kind: "cut-off"; readonly why: "timeout" | "signal"; readonly stderr: string }
  | { readonly kind: "not-started"; readonly detail: string };

export interface ProgramOptions {
  /** The program and its arguments; no shell reads them. */
  readonly command: readonly string[];
  /** Added to this process's environment; the cluster keys in that are not handed on. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | null;
  /** Whatever the program left running in its process group is ended with it. */
  readonly endGroup?: boolean;
}

/** Bytes of each output that are kept; the rest is read and dropped. */
const MAX_OUTPUT = 64 * 1024;
/** From SIGTERM until SIGKILL, ms. */
const TERM_MS = 300;
/** A program may leave others behind that hold its outputs: they are read so long after its end, ms. */
const LINGER_MS = 50;

/** Runs a program in a process group of its own; the whole group is ended when its time is over. Never rejects. */
export async function runProgram(options: ProgramOptions): Promise<ProgramRun> {
  const { signal } = options;
  if (signal?.aborted === true) return { kind: "cut-off", why: "signal", stderr: "" };
  const started = start(options);
  if (typeof started === "string") return { kind: "not-started", detail: started };
  const child = started;
  let cut: "timeout" | "signal" | null = null;
  let hard: ReturnType<typeof setTimeout> | undefined;
  const stop = (why: "timeout" | "signal"): void => {
    if (cut !== null) return;
    cut = why;
    kill(child.pid, "SIGTERM");
    hard = setTimeout(() => kill(child.pid, "SIGKILL"), TERM_MS);
  };
  const soft = setTimeout(() => stop("timeout"), options.timeoutMs);
  const onAbort = (): void => stop("signal");
  signal?.addEventListener("abort", onAbort);
  const fed = feed(child.stdin, options.stdin);
  const stdout = new Collected(child.stdout);
  const stderr = new Collected(child.stderr);
  try {
    const { code } = await child.status;
    // What is left of the group must not write any more once the time is over.
    if (cut !== null || options.endGroup === true) kill(child.pid, "SIGKILL");
    await Promise.all([stdout.end(LINGER_MS), stderr.end(LINGER_MS), fed]);
    return cut === null
      ? { kind: "ended", code, stdout: stdout.text(), stderr: stderr.text() }
      : { kind: "cut-off", why: cut, stderr: stderr.text() };
  } finally {
    clearTimeout(soft);
    clearTimeout(hard);
    signal?.removeEventListener("abort", onAbort);
  }
}

function start({ command, env }: ProgramOptions): Deno.ChildProcess | string {
  const [program, ...args] = command;
  if (program === undefined) return "there is no command";
  try {
    return new Deno.Command(program, {
      args,
      env: { ...env, ABFAIL_KEYS: "" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
  } catch (problem) {
    if (problem instanceof Deno.errors.NotFound) return `there is no program ${program}`;
    if (problem instanceof Deno.errors.PermissionDenied) return `${program} may not be executed`;
    if (problem instanceof Deno.errors.NotCapable) return `running ${program} is not allowed (--allow-run)`;
    return `${program} cannot be started`;
  }
}

/** A program need not read what it is told. */
async function feed(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    await writer.abort().catch(() => {});
  }
}

function kill(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(-pid, signal);
  } catch {
    // It has ended already.
  }
}

/** The beginning of one output. */
class Collected {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #chunks: Uint8Array[] = [];
  readonly #done: Promise<void>;
  #length = 0;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
    this.#done = this.#collect();
  }

  /** Waits for the end of the output, but not for long; then it is closed. */
  async end(waitMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, waitMs));
    await Promise.race([this.#done, late]);
    clearTimeout(timer);
    await this.#reader.cancel().catch(() => {});
    await this.#done;
  }

  text(): string {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return new TextDecoder().decode(bytes);
  }

  async #collect(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) return;
        const kept = value.subarray(0, MAX_OUTPUT - this.#length);
        if (kept.length === 0) continue;
        this.#chunks.push(kept);
        this.#length += kept.length;
      }
    } catch {
      // Closed under our hands: what came so far counts.
    }
  }
}
