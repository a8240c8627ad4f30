/** Standard output and standard error. A reader that went away (`| head`) is no error. */

/** Prints a result, with a final newline. */
export function print(text: string): void {
  write(Deno.stdout, text.endsWith("\n") ? text : `${text}\n`);
}

/** Prints a message, with a final newline. */
export function complain(text: string): void {
  write(Deno.stderr, text.endsWith("\n") ? text : `${text}\n`);
}

/** Whether results may be coloured: a terminal, and no NO_COLOR. */
export function wantsColour(): boolean {
  return Deno.stdout.isTerminal() && (Deno.env.get("NO_COLOR") ?? "") === "" &&
    Deno.env.get("TERM") !== "dumb";
}

/** Columns that text may take. */
export function columns(): number {
  try {
    return Math.min(120, Math.max(40, Deno.consoleSize().columns));
  } catch {
    return 100;
  }
}

function write(to: { writeSync(bytes: Uint8Array): number }, text: string): void {
  try {
    let rest = new TextEncoder().encode(text);
    while (rest.length > 0) rest = rest.subarray(to.writeSync(rest));
  } catch {
    // Nobody reads it any more.
  }
}
