/** The terminal, as far as a command that shows something needs it. Replaced in tests. */
export interface Screen {
  /** Writes to standard output; false when nobody reads it any more. */
  out(text: string): boolean;
  /** Writes one message to standard error. */
  error(text: string): void;
  readonly tty: boolean;
  /** Whether colour is wanted: a terminal, and no NO_COLOR. */
  readonly colour: boolean;
  /** Columns and rows now; wide enough to cut nothing (200 and 50) where standard output is no terminal. */
  size(): { readonly columns: number; readonly rows: number };
  /** Waits; false when the user has interrupted it (SIGINT, SIGTERM), then and from then on. */
  pause(ms: number): Promise<boolean>;
}

/** The process's own terminal. Catches SIGINT and SIGTERM from the first `pause` until it is disposed of. */
export class ProcessScreen implements Screen, Disposable {
  readonly tty = Deno.stdout.isTerminal();
  readonly colour = this.tty && (Deno.env.get("NO_COLOR") ?? "") === "" && Deno.env.get("TERM") !== "dumb";
  #interrupted = false;
  #wake: (() => void) | null = null;
  #listening = false;
  readonly #interrupt = (): void => {
    this.#interrupted = true;
    this.#wake?.();
  };

  out(text: string): boolean {
    try {
      let rest = new TextEncoder().encode(text);
      while (rest.length > 0) rest = rest.subarray(Deno.stdout.writeSync(rest));
      return true;
    } catch {
      return false;
    }
  }

  error(text: string): void {
    console.error(text);
  }

  size(): { readonly columns: number; readonly rows: number } {
    const unknown = { columns: 200, rows: 50 };
    if (!this.tty) return unknown;
    try {
      const size = Deno.consoleSize();
      // Some pseudo-terminals say 0 x 0.
      return size.columns > 0 && size.rows > 0 ? size : { columns: 80, rows: 24 };
    } catch {
      return unknown;
    }
  }

  async pause(ms: number): Promise<boolean> {
    if (!this.#listening) {
      this.#listening = true;
      for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, this.#interrupt);
    }
    if (this.#interrupted) return false;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
    return !this.#interrupted;
  }

  [Symbol.dispose](): void {
    if (!this.#listening) return;
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.removeSignalListener(signal, this.#interrupt);
  }
}
