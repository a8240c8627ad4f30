/**
 * The command line: which commands and options there are, and what to say when they are used wrongly.
 * Commander's traps: a usage error is exit code 1 there and 2 here; help without a command is an error; settings of
 * a command go to its subcommands only when made before they are added.
 */
import { nearest } from "../config/suggest.ts";
import { addConfiguring } from "./args_configuring.ts";
import { addOperating } from "./args_operating.ts";
import type { Finish } from "./args_reach.ts";
import { addRunning } from "./args_running.ts";
import { helpTail } from "./command_help.ts";
import { Argument, Command, CommanderError, InvalidArgumentError } from "./commander.ts";
import { describe, helpOf } from "./describe.ts";
import type { Dispatch } from "./dispatch.ts";
import { SHELLS } from "./options.ts";
import { VERSION } from "./version.ts";

/** Where text goes. */
export interface Output {
  out(text: string): void;
  error(text: string): void;
  /** Columns that help may take. */
  readonly columns: number;
}

/** Exit code for wrong usage (PRODUCT.md, Commands). */
const USAGE = 2;

/** Reads the command line and does what it says. Returns the exit code. */
export async function runArgs(args: readonly string[], dispatch: Dispatch, output: Output): Promise<number> {
  let code = 0;
  const program = buildProgram(dispatch, output, (result) => code = result);
  const [first, word] = args;
  if (first === "help" && word !== undefined && !program.commands.some((one) => one.name() === word)) {
    const near = nearest(word, program.commands.map((one) => one.name()));
    const hint = near === null ? "" : `\n(Did you mean ${near}?)`;
    output.error(`error: unknown command '${word}'${hint}\n(\`abfail --help\` shows what there is)`);
    return USAGE;
  }
  try {
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (problem) {
    if (!(problem instanceof CommanderError)) throw problem;
    if (problem.code === "commander.excessArguments") suggestFileOption(args, output);
    return problem.exitCode === 0 ? 0 : USAGE;
  }
}

/** `abfail check abfail.toml`: a file stands behind an option. */
function suggestFileOption(args: readonly string[], output: Output): void {
  const file = args.find((word) => word.endsWith(".toml"));
  if (file === undefined) return;
  const option = args[0] === "init" ? "--output" : "--config";
  output.error(`(Did you mean ${option} ${file}?)`);
}

function buildProgram(dispatch: Dispatch, output: Output, finish: Finish): Command {
  const program = new Command("abfail")
    .description("Keeps one copy of a service in charge, and one DNS name pointing at it.")
    .version(`abfail ${VERSION}`, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .exitOverride()
    .showSuggestionAfterError(true)
    .showHelpAfterError("(`abfail --help` shows what there is)")
    .configureOutput({
      writeOut: (text) => output.out(text),
      writeErr: (text) => output.error(text),
      getOutHelpWidth: () => output.columns,
      getErrHelpWidth: () => output.columns,
    })
    .addHelpText("after", START);
  addRunning(program as Command, dispatch, finish);
  addConfiguring(program as Command, dispatch, finish);
  addOperating(program as Command, dispatch, finish);
  program.commandsGroup("Help:").helpCommand("help [command]", "print the help of a command");
  program.command("completions").description("print completions for a shell")
    .addArgument(new Argument("<shell>", "which shell").choices(SHELLS))
    .action(async (shell) => {
      finish(await dispatch.completions({ shell, commands: describe(program as Command) }));
    });
  program.command("names", { hidden: true }).description("names for completions").argument("<line>")
    .action(async (line) => {
      finish(await dispatch.names({ line, commands: describe(program as Command) }));
    });
  program.command("man").description("print the man page").action(async () => {
    finish(await dispatch.man({ commands: describe(program as Command) }));
  });
  for (const command of program.commands) {
    command.addHelpText("after", helpTail(helpOf(command.name())));
    command.options.forEach(suggestChoice);
    command.registeredArguments.forEach(suggestChoice);
    command.showHelpAfterError(`(\`abfail ${command.name()} --help\` shows how it is used)`);
  }
  return program as Command;
}

const START = `
To begin:
  abfail init --output abfail.toml      a config to fill in
  abfail check --config abfail.toml     is it right, and how long will a failover take?
  abfail run --config abfail.toml       on each node
`;

/** A word that is none of the choices: which one was meant? */
function suggestChoice(
  taking: { readonly argChoices?: readonly string[] | undefined; parseArg?: unknown },
): void {
  const choices = taking.argChoices;
  if (choices === undefined) return;
  taking.parseArg = (given: string): string => {
    if (choices.includes(given)) return given;
    const near = nearest(given, choices);
    const hint = near === null ? "" : ` Did you mean ${near}?`;
    throw new InvalidArgumentError(`Allowed choices are ${choices.join(", ")}.${hint}`);
  };
}
