/** The program: reads the command line, brings in the one command that is wanted, gives back its exit code. */
import type { Output } from "./args.ts";
import type { Dispatch } from "./dispatch.ts";
import { columns, complain, print } from "./output.ts";
import { readRunArgs } from "./run_args.ts";

/** Each command's code is loaded when it is wanted: `--help` and `status` stay quick. */
const COMMANDS: Dispatch = {
  run: async (options) => await (await import("./run.ts")).runCommand(options),
  status: async (options) => await (await import("./status.ts")).statusCommand(options),
  events: async (options) => await (await import("./events.ts")).eventsCommand(options),
  simulate: async (options) => await (await import("./simulate.ts")).simulateCommand(options),
  check: async (options) => await (await import("./check.ts")).checkCommand(options),
  probe: async (options) => await (await import("./probe.ts")).probeCommand(options),
  notify: async (options) => await (await import("./notify.ts")).notifyCommand(options),
  init: async (options) => await (await import("./init.ts")).initCommand(options),
  keygen: async () => await (await import("./keygen.ts")).keygenCommand(),
  schema: async () => await (await import("./schema.ts")).schemaCommand(),
  completions: async (options) => await (await import("./completions.ts")).completionsCommand(options),
  names: async (options) => {
    const code = await (await import("./names.ts")).namesCommand(options);
    Deno.exit(code); // Somebody waits for it with a finger on Tab: a name server that is silent must not hold it.
  },
  man: async (options) => await (await import("./man.ts")).manCommand(options),
  record: async (options) => await (await import("./record.ts")).recordCommand(options),
  operate: async (options) => await (await import("./operate.ts")).operateCommand(options),
};

/** Runs the command line. Exit codes: PRODUCT.md, Commands. */
export async function main(args: readonly string[], commands: Dispatch = COMMANDS): Promise<number> {
  // An empty variable is one that is not set: unit files and compose files leave such behind.
  if (Deno.env.get("ABFAIL_NODE_ID") === "") Deno.env.delete("ABFAIL_NODE_ID");
  // While it is set, TLS asks for a permission that this program does not have; the config names CAs.
  if (Deno.env.has("NODE_EXTRA_CA_CERTS")) Deno.env.delete("NODE_EXTRA_CA_CERTS");
  const run = readRunArgs(args, Deno.env.get("ABFAIL_NODE_ID"));
  if (run !== null) return await commands.run(run);
  const { runArgs } = await import("./args.ts");
  const output: Output = { out: print, error: complain, columns: columns() };
  if (args.length === 0) {
    await runArgs(["--help"], commands, { ...output, out: complain });
    return 2;
  }
  return await runArgs(args, commands, output);
}
