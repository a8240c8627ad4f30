/** Options that many commands share: which config, which node to ask, and what proves the right to. */
import { type Command, Option } from "./commander.ts";
import type { ReachOptions } from "./options.ts";
import { wholeNumber } from "./values.ts";

/** What a command hands its exit code to. */
export type Finish = (code: number) => void;

/** Which node to ask, as it was given. */
export interface GivenPlace {
  readonly config?: string | undefined;
  readonly api?: string | undefined;
  readonly nodeId?: number | undefined;
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/** And the token. */
export interface GivenReach extends GivenPlace {
  readonly tokenFile?: string | undefined;
}

/** Which node is asked. */
export function place(given: GivenPlace): Omit<ReachOptions, "tokenFile"> {
  const { config = null, api = null, nodeId = null } = given;
  const { caFile = null, certFile = null, keyFile = null } = given;
  return { config, api, nodeId, caFile, certFile, keyFile };
}

/** And with which token. */
export function reach(given: GivenReach): ReachOptions {
  return { ...place(given), tokenFile: given.tokenFile ?? null };
}

/** The options that say which node is asked, for commands that only look. */
export function withPlace<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
): Command<A, O & GivenPlace> {
  return command
    .option("-c, --config <file>", "ask the node of this machine, or the one of --node-id, in this config")
    .addOption(new Option("--api <url>", API_HELP).conflicts("config"))
    .addOption(nodeIdOption("which node of the config to ask"))
    .option("--ca-file <file>", CA_HELP)
    .option("--cert-file <file>", CERT_HELP)
    .option("--key-file <file>", KEY_HELP) as unknown as Command<A, O & GivenPlace>;
}

/** The options that say which node to ask, and with which token: for commands that change something. */
export function withReach<A extends unknown[], O extends Record<string, unknown>>(
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

/** `--node-id`; `what` it is for. */
export function nodeIdOption(what: string): Option<"--node-id <n>", undefined, undefined, number> {
  return new Option("--node-id <n>", what).argParser(wholeNumber(1, 65535)) as Option<
    "--node-id <n>",
    undefined,
    undefined,
    number
  >;
}

/** Not commander's own check of required options: it would hide that `--confg` was a slip. */
export function lacksConfig(command: { error(message: string): never }): never {
  return command.error("error: option '-c, --config <file>' is needed");
}

const API_HELP = "a node's API: http(s)://HOST:PORT or unix:/PATH (default: http://127.0.0.1:7421)";
const CA_HELP = "CAs (PEM) to trust for https://, instead of the usual ones or those of the config";
const CERT_HELP = "certificate (PEM) to show where the node asks for one; with --key-file";
const KEY_HELP = "its private key (PEM)";
