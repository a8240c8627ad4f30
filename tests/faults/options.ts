/** The options of `test:faults`. */
import { err, ok, type Result } from "../../src/base/result.ts";
import { isMutant, MUTANTS } from "./mutants.ts";
import { FAULT_KINDS, type FaultKind } from "./plan.ts";

export interface Options {
  readonly seed: number;
  readonly minutes: number;
  readonly nodes: number;
  readonly mutant: string | null;
  readonly kinds: readonly FaultKind[];
  readonly json: boolean;
  /** The command that does the same again. */
  readonly repeat: string;
}

const DEFAULT_MINUTES = 3;

/** Reads the command line. The error is one sentence. */
export function parseOptions(args: readonly string[]): Result<Options, string> {
  let seed = Math.floor(Math.random() * 1_000_000);
  let minutes = DEFAULT_MINUTES;
  let nodes = 3;
  let mutant: string | null = null;
  let kinds: readonly FaultKind[] = FAULT_KINDS;
  let json = false;
  for (let i = 0; i < args.length; i++) {
    const name = args[i] ?? "";
    if (name === "--json") {
      json = true;
      continue;
    }
    const value = args[++i];
    if (value === undefined) return err(`${name} needs a value, or is not known`);
    const number = Number(value);
    if (name === "--seed" && Number.isInteger(number) && number >= 0) seed = number;
    else if (name === "--minutes" && number > 0 && number <= 24 * 60) minutes = number;
    else if (name === "--nodes" && (number === 3 || number === 5)) nodes = number;
    else if (name === "--mutant" && isMutant(value)) mutant = value;
    else if (name === "--only") {
      const unknown = value.split(",").find((kind) => !FAULT_KINDS.some((one) => one === kind));
      if (unknown !== undefined) {
        return err(`there is no fault ${unknown}; there are: ${FAULT_KINDS.join(", ")}`);
      }
      kinds = value.split(",") as FaultKind[];
    } else {return err(
        `${name} ${value}: ${
          ALLOWED[name] ?? `there is no such option; ${Object.keys(ALLOWED).join(", ")}, --json`
        }`,
      );}
  }
  const repeat = [
    "deno task test:faults",
    `--minutes ${minutes} --seed ${seed}`,
    ...(nodes === 3 ? [] : [`--nodes ${nodes}`]),
    ...(mutant === null ? [] : [`--mutant ${mutant}`]),
    ...(kinds === FAULT_KINDS ? [] : [`--only ${kinds.join(",")}`]),
  ].join(" ");
  return ok({ seed, minutes, nodes, mutant, kinds, json, repeat });
}

const ALLOWED: Readonly<Record<string, string>> = {
  "--minutes": "a number above 0 is needed",
  "--seed": "a whole number from 0 is needed",
  "--nodes": "3 or 5",
  "--mutant": `one of ${MUTANTS.join(", ")}`,
  "--only": `kinds of faults, with commas between: ${FAULT_KINDS.join(", ")}`,
};
