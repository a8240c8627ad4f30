/** Questions at a terminal: asked on standard error, so that the result can go elsewhere; answered on standard input. */
import type { Asker } from "./init_ask.ts";
import { complain } from "./output.ts";

/** Longest answer that is taken, characters. */
const LONGEST = 4096;

/** The terminal of this process. */
export class Terminal implements Asker {
  readonly #decoder = new TextDecoder();
  #rest = "";

  /** False where nobody sits. */
  get canAsk(): boolean {
    return Deno.stdin.isTerminal() && Deno.stderr.isTerminal();
  }

  say(text: string): void {
    complain(text);
  }

  async ask(question: string): Promise<string | null> {
    Deno.stderr.writeSync(new TextEncoder().encode(question));
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return line;
      }
      const bytes = new Uint8Array(1024);
      const read = await Deno.stdin.read(bytes);
      if (read === null) return null;
      this.#rest = (this.#rest + this.#decoder.decode(bytes.subarray(0, read), { stream: true })).slice(
        0,
        LONGEST,
      );
    }
  }
}
