/**
 * `deno task bench [ROW ...] [--vs] [--rounds N] [--json FILE|-]`: measures on this machine; one table, and the same as
 * JSON. Read next: `benches.ts`, `frame.ts`, `row.ts`.
 */
import { sweepNetns } from "../support/netns.ts";
import { BENCHES } from "./benches.ts";
import { type Arguments, DEFAULT_ROUNDS, readArguments, runBenches } from "./frame.ts";
import { disposeAll } from "./keep.ts";
import { renderMachine, renderRows, thisMachine } from "./show.ts";

const HELP = `Usage: deno task bench [ROW ...] [--vs] [--rounds N] [--json FILE|-]

Measures on this machine and prints one table, then the same as JSON.

  --vs         run the peers beside it in the same run, A B A B; those that are not installed are named
  --rounds N   rounds of each measurement (default ${DEFAULT_ROUNDS})
  --json FILE  write the JSON there instead; - prints it alone on stdout, the table on stderr

Rows (default: all):
${BENCHES.map(({ name, about }) => `  ${name.padEnd(14)} ${about}`).join("\n")}`;

async function main(args: readonly string[]): Promise<number> {
  const asked = readArguments(args, BENCHES.map(({ name }) => name));
  if (typeof asked === "string") {
    console.error(`error: ${asked}`);
    return 2;
  }
  if (asked.help) {
    console.log(HELP);
    return 0;
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, interrupted);
  await sweepNetns();
  const machine = thisMachine();
  const print = asked.json === "-" ? console.error : console.log;
  const benches = BENCHES.filter(({ name }) => asked.names.includes(name));
  const { vs, rounds } = asked;
  const rows = await runBenches(benches, { vs, rounds, say: print }, console.error);
  await disposeAll();
  print(`${renderMachine(machine)}\n\n${renderRows(rows)}`);
  await writeJson(asked, JSON.stringify({ machine, vs, rounds, rows }));
  return 0;
}

async function writeJson(asked: Arguments, text: string): Promise<void> {
  if (asked.json === null || asked.json === "-") console.log(text);
  else await Deno.writeTextFile(asked.json, `${text}\n`);
}

/** One Ctrl-C comes twice: from the terminal and from `deno task`, which passes it on. */
const SAME_INTERRUPT_MS = 1500;
let interruptedAt = Infinity;

function interrupted(): void {
  const now = performance.now();
  if (interruptedAt === Infinity) {
    interruptedAt = now;
    console.error("interrupted: taking everything down; again to leave it");
    void disposeAll().finally(() => Deno.exit(130));
  } else if (now - interruptedAt > SAME_INTERRUPT_MS) Deno.exit(130);
}

Deno.exitCode = await main(Deno.args);
Deno.exit();
