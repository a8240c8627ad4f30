/** The commands, as completions and the man page get them. */
import { runArgs } from "../../../src/cli/args.ts";
import type { CommandSpec } from "../../../src/cli/command_spec.ts";
import type { Dispatch } from "../../../src/cli/dispatch.ts";

export async function commandsOf(): Promise<readonly CommandSpec[]> {
  let commands: readonly CommandSpec[] = [];
  const dispatch = {
    completions: (options: { readonly commands: readonly CommandSpec[] }): Promise<number> => {
      commands = options.commands;
      return Promise.resolve(0);
    },
  } as unknown as Dispatch;
  await runArgs(["completions", "bash"], dispatch, { out: () => {}, error: () => {}, columns: 100 });
  return commands;
}
