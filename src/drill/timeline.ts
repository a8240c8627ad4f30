/** What a drill tells while it goes on: one line for each thing done, and what came of it. */
import { formatDuration } from "../view/duration.ts";
import { colourPaint, type Paint, plainPaint, type Tone } from "../view/paint.ts";

/** Where the lines go. */
export interface Terminal {
  write(text: string): void;
  readonly colour: boolean;
  /** Whether a last line may be written over again and again. */
  readonly live: boolean;
  readonly columns: number;
}

/** Says nothing: for `--json`. */
export const SILENT: Terminal = { write: () => {}, colour: false, live: false, columns: 80 };

const CLEAR = "\r\x1b[K";

export class Timeline {
  readonly #terminal: Terminal;
  readonly #paint: Paint;
  readonly #startedAt = performance.now();
  #ticker = "";

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#paint = terminal.colour ? colourPaint : plainPaint;
  }

  /** Something is about to be done. */
  begin(text: string): void {
    this.#line(`▸ ${text}`, "strong");
  }

  /** Something that a node, a service or the client did. */
  note(text: string, tone: Tone = "faint"): void {
    this.#line(`    ${text}`, tone);
  }

  /** What was awaited has come. */
  done(text: string, tookMs: number): void {
    this.#line(`  ✓ ${text}: ${formatDuration(tookMs)}`, "good");
  }

  /** What was awaited has not come. */
  missed(text: string): void {
    this.#line(`  ✗ ${text}`, "bad");
  }

  /** Plain text between or after the lines. */
  text(text: string, tone: Tone = "plain"): void {
    this.#write(this.#paint(text, tone));
  }

  /** The line at the bottom of a terminal that shows how it goes; elsewhere nothing. */
  tick(text: string): void {
    if (!this.#terminal.live) return;
    this.#ticker = this.#paint(text.slice(0, this.#terminal.columns - 1), "faint");
    this.#terminal.write(CLEAR + this.#ticker);
  }

  /** Takes that line away. */
  endTicks(): void {
    if (this.#ticker !== "") this.#terminal.write(CLEAR);
    this.#ticker = "";
  }

  #line(text: string, tone: Tone): void {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(2).padStart(6);
    this.#write(`${this.#paint(`${seconds} s`, "faint")}  ${this.#paint(text, tone)}`);
  }

  #write(text: string): void {
    const clear = this.#ticker === "" ? "" : CLEAR;
    this.#terminal.write(`${clear}${text}\n${this.#ticker}`);
  }
}
