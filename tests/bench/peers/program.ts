/** A peer's process: its output lines with the moment they came in, and its children by their pids. Linux only. */

/** One line of output. */
export interface Line {
  /** `performance.now()`. */
  readonly at: number;
  readonly text: string;
}

export class PeerProgram {
  readonly pid: number;
  readonly lines: Line[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #read: Promise<unknown>;
  #running = true;

  /** Starts it with this launcher (a namespace, or the program itself). stdout and stderr are read alike. */
  constructor(command: readonly string[], options: { readonly cwd?: string } = {}) {
    const [program, ...args] = command;
    this.#child = new Deno.Command(program as string, {
      args,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    const ended = this.#child.status.then(() => this.#running = false);
    this.#read = Promise.all([this.#follow(this.#child.stdout), this.#follow(this.#child.stderr), ended]);
  }

  get running(): boolean {
    return this.#running;
  }

  /** It and its descendants, the oldest first. */
  pids(): number[] {
    return this.#running ? [this.pid, ...descendants(this.pid)] : [];
  }

  /** Sends a signal to it, and with `all` to its descendants; gives the moment. */
  signal(signal: Deno.Signal, all = true): number {
    const pids = all ? this.pids() : [this.pid];
    const at = performance.now();
    for (const pid of pids) {
      try {
        Deno.kill(pid, signal);
      } catch {
        // It has ended.
      }
    }
    return at;
  }

  /** The first line since then that fits. */
  find(pattern: RegExp, since = -Infinity): Line | null {
    return this.lines.find((line) => line.at >= since && pattern.test(line.text)) ?? null;
  }

  /** All lines since then that fit, with what the pattern took out of them. */
  all(pattern: RegExp, since = -Infinity): { readonly at: number; readonly match: RegExpExecArray }[] {
    return this.lines.flatMap(({ at, text }) => {
      const match = at >= since ? pattern.exec(text) : null;
      return match === null ? [] : [{ at, match }];
    });
  }

  /** Ends it and its descendants, at once. */
  async stop(): Promise<void> {
    const pids = this.pids();
    for (const signal of ["SIGCONT", "SIGKILL"] as const) {
      for (const pid of pids) {
        try {
          Deno.kill(pid, signal);
        } catch {
          // It has ended.
        }
      }
    }
    await this.#read;
  }

  async #follow(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const at = performance.now();
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) this.lines.push({ at, text: part });
    }
  }
}

/** All processes below one, from /proc. */
function descendants(pid: number): number[] {
  const parents = new Map<number, number[]>();
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const text = Deno.readTextFileSync(`/proc/${name}/stat`);
      const parent = Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
      parents.set(parent, [...parents.get(parent) ?? [], Number(name)]);
    } catch {
      // It has ended meanwhile.
    }
  }
  const below = (one: number): number[] =>
    (parents.get(one) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(pid);
}

/** Asks until something is there; null when the time is over. */
export async function poll<T>(
  limitMs: number,
  everyMs: number,
  look: () => T | null | Promise<T | null>,
): Promise<T | null> {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() >= end) return null;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
