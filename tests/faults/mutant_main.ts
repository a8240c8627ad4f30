/**
 * `abfail run`, broken on purpose: `mutant_main.ts MUTANT run --config FILE --node-id N ...`. The same program from the
 * command on; the shipped one has no way here.
 */
import { runCommand } from "../../src/cli/run.ts";
import { isMutant, partsOf } from "./mutants.ts";

const [mutant = "", ...args] = Deno.args;
const option = (name: string): string => args[args.indexOf(name) + 1] ?? "";
if (!isMutant(mutant)) throw new Error(`there is no mutant ${mutant}`);
const options = {
  config: option("--config"),
  nodeId: Number(option("--node-id")),
  logLevel: "info",
  logFormat: "json",
} as const;
Deno.exitCode = await runCommand(options, partsOf(mutant));
