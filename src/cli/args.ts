/**
 * The command line: which commands and options there are, and what to say when they are used wrongly. The one door to
 * commander. Its traps: a usage error is exit code 1 there and 2 here; help without a command is an error; settings of
 * a command go to its subcommands only when made before they are added.
 */
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { COMMAND_HELP, helpTail } from "./command_help.ts";
import type { CommandHelp, CommandSpec, OptionSpec } from "./command_spec.ts";
import { nearest } from "../config/suggest.ts";
import type { Dispatch } from "./dispatch.ts";
import { LOG_LEVELS } from "../config/log_categories.ts";
import { EXTRAS, GUARDS, INIT_PUBLISHERS, type OperateAction, type ReachOptions, SHELLS } from "./options.ts";
import { durationMs, share, wholeNumber } from "./values.ts";
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

type Finish = (code: number) => void;

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

function addRunning(program: Command, dispatch: Dispatch, finish: Finish): void {
  program.commandsGroup("Run and look:");
  program.command("run").description("run a node")
    .option("-c, --config <file>", "the config, the same on every node (required)")
    .addOption(nodeIdOption("which node of the config this is").env("ABFAIL_NODE_ID"))
    .addOption(
      new Option("--log-level <level>", "least important messages to log; info where the config says nothing")
        .choices(LOG_LEVELS),
    )
    .addOption(
      new Option("--log-format <format>", "how to log").choices(["text", "json"] as const)
        .default("text" as const),
    )
    .action(async ({ config, nodeId, logLevel, logFormat }, command) => {
      if (config === undefined) return lacksConfig(command);
      finish(await dispatch.run({ config, nodeId: nodeId ?? null, logLevel: logLevel ?? null, logFormat }));
    });
  program.command("status").description("how the cluster is, as one node sees it")
    .option("-c, --config <file>", "ask the node of this machine, or the one of --node-id, in this config")
    .addOption(new Option("--api <url>", API_HELP).conflicts("config"))
    .addOption(nodeIdOption("which node of the config to ask"))
    .option("--ca-file <file>", CA_HELP)
    .option("--cert-file <file>", CERT_HELP)
    .option("--key-file <file>", KEY_HELP)
    .option("--json", "print one JSON document", false)
    .addOption(new Option("--watch", "go on showing it until Ctrl-C").default(false).conflicts("json"))
    .action(async ({ json, watch, ...given }) => {
      finish(await dispatch.status({ ...place(given), json, watch }));
    });
  addEvents(program, dispatch, finish);
  addSimulate(program, dispatch, finish);
}

function addEvents(program: Command, dispatch: Dispatch, finish: Finish): void {
  program.command("events").description("what a node has told lately, in the words of its log")
    .option("-c, --config <file>", "ask the node of this machine, or the one of --node-id, in this config")
    .addOption(new Option("--api <url>", API_HELP).conflicts("config"))
    .addOption(nodeIdOption("which node of the config to ask"))
    .option("--ca-file <file>", CA_HELP)
    .option("--cert-file <file>", CERT_HELP)
    .option("--key-file <file>", KEY_HELP)
    .option("--follow", "go on with what happens until Ctrl-C", false)
    .option("--json", "print one JSON document a line", false)
    .action(async ({ follow, json, ...given }) => {
      finish(await dispatch.events({ ...place(given), follow, json }));
    });
}

function addSimulate(program: Command, dispatch: Dispatch, finish: Finish): void {
  program.command("simulate").description("drills: the same code in a virtual world, or live on this machine")
    .option("-c, --config <file>", "simulate this config; a built-in one when absent")
    .option("--scenario <name>", "a built-in scenario, a TOML file, or all")
    .option("--seed <n>", "first seed of chance", wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option("--runs <n>", "how many seeds to try", wholeNumber(1, 1_000_000), 1)
    .option("--nodes <n>", "nodes of the built-in config", wholeNumber(1, 64))
    .option("--duration <duration>", "virtual time of each run", durationMs)
    .option("--loss <share>", "datagrams lost, such as 0.1 or 10%", share)
    .addOption(
      new Option("--without <guard>", "take one guard away: a broken promise must be found").choices(GUARDS),
    )
    .addOption(new Option("--replay <file>", "replay what a node recorded").conflicts(["scenario", "live"]))
    .option("--budget <duration>", "exit 1 when a failover takes longer", durationMs)
    .addOption(new Option("--live", "real nodes, services and clients on this machine").default(false))
    .option("--json", "print one JSON document", false)
    .option("--report <file>", "write an HTML page with the timeline")
    .action(async (given) => {
      finish(
        await dispatch.simulate({
          config: given.config ?? null,
          scenario: given.scenario ?? null,
          seed: given.seed ?? null,
          runs: given.runs,
          nodes: given.nodes ?? null,
          durationMs: given.duration ?? null,
          loss: given.loss ?? null,
          without: given.without ?? null,
          replay: given.replay ?? null,
          budgetMs: given.budget ?? null,
          live: given.live,
          json: given.json,
          report: given.report ?? null,
        }),
      );
    });
}

function addConfiguring(program: Command, dispatch: Dispatch, finish: Finish): void {
  program.commandsGroup("Configure:");
  addInit(program, dispatch, finish);
  program.command("check").description("is this config right, and what will it do?")
    .option("-c, --config <file>", "the config to check (required)")
    .option("--against <old>", "the config that runs now: is it safe to go from it to this one?")
    .option("--try-publishers", "read each publisher with these credentials, write nothing", false)
    .option("--json", "print one JSON document", false)
    .action(async ({ config, against = null, tryPublishers, json }, command) => {
      if (config === undefined) return lacksConfig(command);
      finish(await dispatch.check({ config, against, tryPublishers, json }));
    });
  program.command("probe").description("run a service's check once from here, and say what came back")
    .argument("<service>", "name of the service")
    .argument("[target]", "name of one target; all of them when absent")
    .option("-c, --config <file>", "the config (required)")
    .option("--json", "print one JSON document", false)
    .action(async (service, target, { config, json }, command) => {
      if (config === undefined) return lacksConfig(command);
      finish(await dispatch.probe({ config, service, target: target ?? null, json }));
    });
  program.command("notify").description(
    "send a test message to everyone in [[notify]], and say what they answered",
  )
    .option("-c, --config <file>", "the config (required)")
    .option("--test", "send it (required)", false)
    .option("--json", "print one JSON document", false)
    .action(async ({ config, test, json }, command) => {
      if (config === undefined) return lacksConfig(command);
      if (!test) return command.error("error: option '--test' is needed: it sends a message to everyone");
      finish(await dispatch.notify({ config, json }));
    });
  program.command("keygen").description("print a fresh cluster key")
    .action(async () => finish(await dispatch.keygen()));
  program.command("schema").description("print the JSON Schema of the config, for editors")
    .action(async () => finish(await dispatch.schema()));
}

function addInit(program: Command, dispatch: Dispatch, finish: Finish): void {
  const collect = (text: string, before: readonly string[]): readonly string[] => [...before, text];
  program.command("init").description(
    "a commented config with a fresh key: asks at a terminal, or takes options",
  )
    .option("--name <name>", "name of the cluster")
    .option("--node <[zone=]address>", "a node, such as nyc1=10.0.1.10; once for each", collect, [])
    .option("--service <name>", "name of the service")
    .option("--check <type>", "how it is checked, such as http:8080/healthz or tcp:5432")
    .option(
      "--target <name=address>",
      "a copy of it, such as nyc1=10.0.1.20, the preferred one first; ,PUBLISHED behind it where that differs",
      collect,
      [],
    )
    .option("--publisher <type>", `where the answer is published: ${INIT_PUBLISHERS.join(", ")}`)
    .option("--record <name>", "the name that clients ask for")
    .option("--zone <name>", "the zone that holds it, where that is not the name without its first part")
    .option("--server <host>", "rfc2136: the name server that takes updates")
    .option("--nodes <n>", "how many nodes the example is to have", wholeNumber(2, 64))
    .option("-y, --yes", "ask nothing: what is not given is the example's", false)
    .option("-o, --output <file>", "write it to a new file that only you can read")
    .addOption(
      new Option(
        "--with <extra>",
        "instead of a config: Prometheus alert rules, a Grafana dashboard, or a systemd unit",
      )
        .choices(EXTRAS).conflicts("nodes"),
    )
    .action(async (given) => {
      const { nodes = null, output = null, with: extra = null, name = null, service = null } = given;
      const { check = null, publisher = null, record = null, zone = null, server = null } = given;
      const { node, target, yes } = given;
      finish(
        await dispatch.init({
          ...{
            nodes,
            output,
            extra,
            name,
            node,
            service,
            check,
            target,
            publisher,
            record,
            zone,
            server,
            yes,
          },
        }),
      );
    });
}

function addOperating(program: Command, dispatch: Dispatch, finish: Finish): void {
  program.commandsGroup("Operate (each asks one node, which tells the leader):");
  const operate = async (action: OperateAction, given: GivenReach): Promise<void> => {
    finish(await dispatch.operate({ action, ...reach(given) }));
  };
  withReach(
    program.command("switch").description("make a target active by hand, and keep it (pin)")
      .argument("<service>", "name of the service").argument("<target>", "name of the target")
      .option("--dry-run", "only say what would happen", false),
  ).action(async (service, target, { dryRun, ...given }) => {
    await operate({ kind: "switch", service, target, dryRun }, given);
  });
  withReach(
    program.command("unpin").description("go back to automatic after a switch by hand")
      .argument("<service>", "name of the service"),
  ).action(async (service, given) => await operate({ kind: "unpin", service }, given));
  withReach(
    program.command("drain").description("take a target out for maintenance")
      .argument("<service>", "name of the service").argument("<target>", "name of the target"),
  ).action(async (service, target, given) => await operate({ kind: "drain", service, target }, given));
  withReach(
    program.command("undrain").description("put a target back after maintenance")
      .argument("<service>", "name of the service").argument("<target>", "name of the target"),
  ).action(async (service, target, given) => await operate({ kind: "undrain", service, target }, given));
  withReach(
    program.command("step-down").description("hand leadership over now"),
  ).action(async (given) => await operate({ kind: "step-down" }, given));
  withReach(
    program.command("record").description("what a node saw and decided, for `simulate --replay`")
      .option("-o, --output <file>", "the file to write, readable by you alone (required)")
      .option("--minutes <n>", "how far back; all that the node kept, up to 10", wholeNumber(1, 10)),
  ).action(async ({ output, minutes, ...given }, command) => {
    if (output === undefined) return command.error("error: option '-o, --output <file>' is needed");
    finish(await dispatch.record({ ...reach(given), minutes: minutes ?? null, output }));
  });
}

interface GivenPlace {
  readonly config?: string | undefined;
  readonly api?: string | undefined;
  readonly nodeId?: number | undefined;
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

interface GivenReach extends GivenPlace {
  readonly tokenFile?: string | undefined;
}

function place(given: GivenPlace): Omit<ReachOptions, "tokenFile"> {
  const { config = null, api = null, nodeId = null } = given;
  const { caFile = null, certFile = null, keyFile = null } = given;
  return { config, api, nodeId, caFile, certFile, keyFile };
}

function reach(given: GivenReach): ReachOptions {
  return { ...place(given), tokenFile: given.tokenFile ?? null };
}

/** The options that say which node to ask. */
function withReach<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
): Command<A, O & GivenReach> {
  return command
    .option("-c, --config <file>", "ask a node of this config, with its socket or token")
    .addOption(new Option("--api <url>", API_HELP))
    .addOption(nodeIdOption("which node of the config to ask"))
    .option(
      "--token-file <file>",
      "file with the API's token; else ABFAIL_TOKEN, else the config's token_file",
    )
    .option("--ca-file <file>", CA_HELP)
    .option("--cert-file <file>", CERT_HELP)
    .option("--key-file <file>", KEY_HELP) as unknown as Command<A, O & GivenReach>;
}

function nodeIdOption(what: string): Option<"--node-id <n>", undefined, undefined, number> {
  return new Option("--node-id <n>", what).argParser(wholeNumber(1, 65535)) as Option<
    "--node-id <n>",
    undefined,
    undefined,
    number
  >;
}

/** Not commander's own check of required options: it would hide that `--confg` was a slip. */
function lacksConfig(command: { error(message: string): never }): never {
  return command.error("error: option '-c, --config <file>' is needed");
}

const API_HELP = "a node's API: http(s)://HOST:PORT or unix:/PATH (default: http://127.0.0.1:7421)";
const CA_HELP = "CAs (PEM) to trust for https://, instead of the usual ones or those of the config";
const CERT_HELP = "certificate (PEM) to show where the node asks for one; with --key-file";
const KEY_HELP = "its private key (PEM)";

function helpOf(name: string): CommandHelp {
  return COMMAND_HELP[name] ?? { examples: [], notes: [] };
}

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

/** The commands as plain data, for completions. */
function describe(program: Command): CommandSpec[] {
  return program.commands.map((command) => ({
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
        : option.argChoices !== undefined
        ? { kind: "words", words: option.argChoices }
        : /<(file|old)>/.test(option.flags)
        ? { kind: "file" }
        : { kind: "any" },
    })),
  }));
}
