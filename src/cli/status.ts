/** `abfail status`: how the cluster is, as one node sees it (PRODUCT.md, Commands). */
import type { Result } from "../base/result.ts";
import type { Config } from "../config/config.ts";
import { renderStatus } from "../view/status_text.ts";
import { printable } from "../view/text.ts";
import { statusExitCode } from "../view/verdict.ts";
import type { TlsFileOptions } from "./client_tls.ts";
import { DEFAULT_API, type Machine, type NodeApi, nodeApiOf, parseNodeApi, trusting } from "./node_api.ts";
import type { StatusOptions } from "./options.ts";
import { ProcessScreen, type Screen } from "./screen.ts";
import { fetchStatus } from "./status_source.ts";
import { watchStatus } from "./status_watch.ts";
import { VERSION } from "./version.ts";

/** Longest page, characters: a thousand services take less. */
const PAGE_LENGTH = 500_000;

/** What the command takes from outside; replaced in tests. */
export interface StatusSurroundings {
  readonly screen: Screen;
  /** The error is text for people, ready to print. */
  loadConfig(path: string): Promise<Result<Config, string>>;
  machine(): Machine;
  /** How long a node may take to answer, ms; default 3 s. */
  readonly timeoutMs?: number;
}

/**
 * Runs the command. Exit code: 0 all is well, 1 the answer is bad, 2 wrong usage or config, 3 the node cannot
 * be reached.
 */
export async function statusCommand(
  options: StatusOptions,
  surroundings?: StatusSurroundings,
): Promise<number> {
  if (surroundings !== undefined) return await run(options, surroundings);
  using screen = new ProcessScreen();
  return await run(options, ownSurroundings(screen));
}

async function run(options: StatusOptions, surroundings: StatusSurroundings): Promise<number> {
  const { screen, timeoutMs } = surroundings;
  if (options.json && options.watch) {
    screen.error("error: --json prints one document and --watch goes on: choose one");
    return 2;
  }
  const api = await findApi(options, surroundings);
  if (!api.ok) {
    screen.error(`error: ${api.error}`);
    return 2;
  }
  if (options.watch) return await watchStatus(() => fetchStatus(api.value, timeoutMs), screen);
  const answer = await fetchStatus(api.value, timeoutMs);
  if (!answer.ok) {
    screen.error(`error: ${answer.error}`);
    return 3;
  }
  const { status, text, missing } = answer.value;
  const width = screen.size().columns;
  const shown = options.json
    ? text.trimEnd() + "\n"
    : atMost(renderStatus(status, { width, colour: screen.colour }));
  screen.out(shown);
  if (missing.length > 0) screen.error(missingNote(status.version, missing));
  return statusExitCode(status);
}

/** What is shown in place of a page that nobody can read: its first lines. */
function atMost(text: string): string {
  if (text.length <= PAGE_LENGTH) return text;
  const lines = text.slice(0, PAGE_LENGTH).split("\n").slice(0, -1);
  return `${lines.join("\n")}\n… and ${text.split("\n").length - lines.length} lines more: see --json\n`;
}

/** Says what was made up for, so that nobody takes it for what the node said. */
function missingNote(version: string, missing: readonly string[]): string {
  const first = missing.slice(0, 3).map((path) => path === "" ? "all of it" : path).join(", ");
  const more = missing.length > 3 ? ` and ${missing.length - 3} more` : "";
  const other = version === VERSION ? "" : ` The node is abfail ${version}, this is ${VERSION}.`;
  return printable(`note: told in a way that is not known here, or not at all: ${first}${more}.${other}`);
}

/** What a command takes from this process and this machine. */
export function ownSurroundings(screen: Screen): StatusSurroundings {
  return { screen, loadConfig: loadConfigLazily, machine: thisMachine };
}

/** Which node to ask. The error is one sentence, or the text of a config that is wrong. */
export async function findApi(
  options: Pick<StatusOptions, "api" | "config" | "nodeId"> & TlsFileOptions,
  surroundings: StatusSurroundings,
): Promise<Result<NodeApi, string>> {
  if (options.api !== null || options.config === null) {
    return await trusting(parseNodeApi(options.api ?? DEFAULT_API), options, null);
  }
  const config = await surroundings.loadConfig(options.config);
  if (!config.ok) return config;
  const api = nodeApiOf(config.value, options.nodeId, surroundings.machine());
  return await trusting(api, options, config.value.api.tls);
}

/** Only on demand: what reads a config takes longer to load than a status takes to ask for. */
async function loadConfigLazily(path: string): Promise<Result<Config, string>> {
  const { loadConfig } = await import("./load.ts");
  return await loadConfig(path, { keys: "optional" });
}

function thisMachine(): Machine {
  const nodeId = Number(Deno.env.get("ABFAIL_NODE_ID") ?? "");
  const addresses = Deno.networkInterfaces().map((one) => one.address);
  return { nodeId: Number.isInteger(nodeId) && nodeId > 0 ? nodeId : null, addresses };
}
