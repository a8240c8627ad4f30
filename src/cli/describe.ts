import { COMMAND_HELP } from "./command_help.ts";
import type { CommandHelp, CommandSpec, OptionSpec } from "./command_spec.ts";
import type { Command } from "./commander.ts";
import { INIT_PUBLISHERS } from "./options.ts";

/** What `--help` says below the options. */
export function helpOf(name: string): CommandHelp {
  return COMMAND_HELP[name] ?? { examples: [], notes: [] };
}

/** The commands as plain data, for completions and the man page. */
export function describe(program: Command): CommandSpec[] {
  const visible = program.createHelp().visibleCommands(program);
  return program.commands.filter((command) => visible.includes(command)).map((command) => ({
    name: command.name(),
    usage: command.usage(),
    summary: command.description(),
    help: helpOf(command.name()),
    arguments: command.registeredArguments.map((argument) => {
      return { name: argument.name(), summary: argument.description };
    }),
    words: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
    options: command.createHelp().visibleOptions(command).map((option): OptionSpec => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined),
      term: option.flags,
      summary: option.description,
      value: option.isBoolean() || option.long === "--help"
        ? { kind: "none" }
        : option.long === "--node-id"
        ? { kind: "names" }
        : option.long === "--publisher"
        ? { kind: "words", words: INIT_PUBLISHERS }
        : option.argChoices !== undefined
        ? { kind: "words", words: option.argChoices }
        : /<(file|old)>/.test(option.flags)
        ? { kind: "file" }
        : { kind: "any" },
    })),
  }));
}
