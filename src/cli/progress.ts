/** A progress bar on standard error; nothing when that is not a terminal. */

const EVERY_MS = 100;
const WIDTH = 24;

export class Progress {
  readonly #total: number;
  #shownAt = -Infinity;
  #shown = false;

  /** `total` 0 = show nothing. */
  constructor(total: number) {
    this.#total = Deno.stderr.isTerminal() && total > 1 ? total : 0;
  }

  show(done: number, what: string): void {
    const now = performance.now();
    if (this.#total === 0 || now - this.#shownAt < EVERY_MS) return;
    this.#shownAt = now;
    this.#shown = true;
    const filled = Math.round(WIDTH * done / this.#total);
    this.#write(
      `\r[${"#".repeat(filled)}${".".repeat(WIDTH - filled)}] ${done}/${this.#total} ${what}\x1b[K`,
    );
  }

  /** Takes it away, so that results have the line. */
  clear(): void {
    if (this.#shown) this.#write("\r\x1b[K");
    this.#shown = false;
  }

  #write(text: string): void {
    try {
      Deno.stderr.writeSync(new TextEncoder().encode(text));
    } catch {
      // Nobody looks any more.
    }
  }
}
