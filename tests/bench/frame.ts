/**
 * The frame: which benches are run, one after the other, and what becomes of those that fail. A bench that fails is a
 * row that says so; the run goes on.
 */
import { disposeAll, within } from "./keep.ts";
import { judge, type Row, without } from "./row.ts";

/** How a bench is to measure. */
export interface Ask {
  /** Peers beside it, A B A B. */
  readonly vs: boolean;
  readonly rounds: number;
  /** Prints something that is no row: a table of the simulator, progress. */
  readonly say: (text: string) => void;
}

export interface Bench {
  /** How it is asked for. */
  readonly name: string;
  /** One line for `--help`. */
  readonly about: string;
  /** Longest that it may take, ms: a bench that hangs has failed. */
  readonly limitMs: number;
  readonly run: (ask: Ask) => Promise<readonly Row[]>;
}

export const DEFAULT_ROUNDS = 10;

export interface Arguments {
  readonly names: readonly string[];
  readonly vs: boolean;
  readonly rounds: number;
  /** A file, `-` for stdout, null = after the table. */
  readonly json: string | null;
  readonly help: boolean;
}

/** Reads the command line; a sentence where it is wrong. */
export function readArguments(args: readonly string[], known: readonly string[]): Arguments | string {
  const names: string[] = [];
  let [vs, help, rounds, json]: [boolean, boolean, number, string | null] = [
    false,
    false,
    DEFAULT_ROUNDS,
    null,
  ];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--vs") vs = true;
    else if (arg === "--help" || arg === "-h") help = true;
    else if (arg === "--rounds") {
      rounds = Number(rest.shift());
      if (!Number.isInteger(rounds) || rounds < 1) return "--rounds takes a whole number, 1 or more";
    } else if (arg === "--json") {
      json = rest.shift() ?? null;
      if (json === null) return "--json takes the name of a file, or - for stdout";
    } else if (arg.startsWith("-")) return `unknown option ${arg}`;
    else if (arg !== "all") {
      if (!known.includes(arg)) return `no bench ${arg}; there is: all, ${known.join(", ")}`;
      names.push(arg);
    }
  }
  return { names: names.length === 0 ? known : names, vs, rounds, json, help };
}

/** Runs benches one after the other and judges all their rows together. */
export async function runBenches(
  benches: readonly Bench[],
  ask: Ask,
  tell: (text: string) => void = (): void => {},
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const bench of benches) {
    const since = performance.now();
    tell(`measuring ${bench.name} ...`);
    try {
      for (const row of await within(bench.limitMs, bench.run(ask))) rows.push({ ...row, bench: bench.name });
    } catch (problem) {
      const text = problem instanceof Error ? problem.message : String(problem);
      tell(`${bench.name} failed: ${problem instanceof Error ? problem.stack : problem}`);
      const row = without({ what: bench.about, unit: "" }, `FAILED: ${text.split("\n")[0]}`);
      rows.push({ ...row, bench: bench.name });
      await disposeAll(); // what it left running would disturb the next
    }
    tell(`${bench.name} took ${Math.round((performance.now() - since) / 1000)} s`);
  }
  return judge(rows);
}
