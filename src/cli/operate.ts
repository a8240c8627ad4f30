/** `switch`, `unpin`, `drain`, `undrain`, `step-down`: ask one node, which carries it to the leader. */
import { unreachable } from "../base/assert.ts";
import { err, ok, type Result } from "../base/result.ts";
import { printable } from "../view/text.ts";
import { loadConfig, reasonOf } from "./load.ts";
import {
  askNode,
  COMMAND_MS,
  DEFAULT_API,
  type Machine,
  type NodeApi,
  nodeApiOf,
  parseNodeApi,
  trusting,
} from "./node_api.ts";
import type { OperateAction, OperateOptions, ReachOptions } from "./options.ts";
import { complain, print } from "./output.ts";
import { cut } from "./shape.ts";

/** Exit code: 0 done, 1 refused, 2 wrong usage or config, 3 the node cannot be reached. */
export async function operateCommand(options: OperateOptions): Promise<number> {
  const way = await findWay(options);
  if (!way.ok) {
    complain(`error: ${way.error}`);
    return 2;
  }
  const { path, body } = requestOf(options.action);
  const answer = await askNode(way.value.api, path, COMMAND_MS, { body, token: way.value.token });
  if (!answer.ok) {
    complain(`error: ${answer.error}`);
    return 3;
  }
  const { status } = answer.value;
  const said = parseAnswer(answer.value.body);
  const done = status >= 200 && status < 300;
  if (done && said.message !== null) {
    print(said.message);
    return 0;
  }
  if (done || said.error === null) {
    complain(`error: what answers at ${way.value.api.text} is no abfail node: HTTP ${status} to ${path}`);
    return 3;
  }
  complain(`error: ${said.error}`);
  if (status === 401) complain(tokenHelp(way.value.token !== null));
  return 1;
}

/** Where to ask, and what proves the right to. */
export interface Way {
  readonly api: NodeApi;
  readonly token: string | null;
}

/** Finds it by the options that say which node to ask. */
export async function findWay(options: ReachOptions): Promise<Result<Way, string>> {
  const given = options.tokenFile === null
    ? ok((Deno.env.get("ABFAIL_TOKEN") ?? "").trim() || null)
    : readToken(options.tokenFile);
  if (!given.ok) return given;
  const config = options.config === null ? null : await loadConfig(options.config, { keys: "optional" });
  if (config?.ok === false) return config;
  const settings = config?.value.api ?? null;
  const found = options.api !== null
    ? parseNodeApi(options.api)
    : config === null
    ? parseNodeApi(DEFAULT_API)
    : given.value === null && options.nodeId === null && isSocket(settings?.socket ?? null)
    ? parseNodeApi(`unix:${await Deno.realPath(settings?.socket ?? "")}`)
    : nodeApiOf(config.value, options.nodeId, thisMachine());
  const api = await trusting(found, options, settings?.tls ?? null);
  if (!api.ok) return api;
  if (given.value !== null || api.value.kind === "unix" || settings?.tokenFile == null) {
    return ok({ api: api.value, token: given.value });
  }
  const token = readToken(settings.tokenFile);
  return token.ok ? ok({ api: api.value, token: token.value }) : token;
}

/** What to POST for an action (PRODUCT.md, HTTP API). */
function requestOf(
  action: OperateAction,
): { readonly path: string; readonly body: Readonly<Record<string, unknown>> } {
  const service = action.kind === "step-down" ? "" : `/v1/services/${encodeURIComponent(action.service)}`;
  switch (action.kind) {
    case "switch":
      return {
        path: `${service}/switch`,
        body: { target: action.target, ...(action.dryRun ? { dryRun: true } : {}) },
      };
    case "unpin":
      return { path: `${service}/unpin`, body: {} };
    case "drain":
    case "undrain":
      return { path: `${service}/targets/${encodeURIComponent(action.target)}/${action.kind}`, body: {} };
    case "step-down":
      return { path: "/v1/step-down", body: {} };
    default:
      return unreachable(action);
  }
}

function readToken(path: string): Result<string, string> {
  try {
    const token = Deno.readTextFileSync(path).trim();
    if (token === "") return err(`the token file ${path} is empty`);
    // A header takes nothing else, and the message of what it refuses would show the token.
    return /^[\x21-\x7e]+$/.test(token)
      ? ok(token)
      : err(`the token in ${path} has spaces or other characters in it`);
  } catch (problem) {
    return err(`cannot read the token file ${path}: ${reasonOf(problem)}`);
  }
}

function isSocket(path: string | null): boolean {
  if (path === null) return false;
  try {
    return Deno.statSync(path).isSocket === true;
  } catch {
    return false;
  }
}

function thisMachine(): Machine {
  const nodeId = Number(Deno.env.get("ABFAIL_NODE_ID") ?? "");
  const addresses = Deno.networkInterfaces().map((one) => one.address);
  return { nodeId: Number.isInteger(nodeId) && nodeId > 0 ? nodeId : null, addresses };
}

/** Longest message of a node that is shown, characters. */
const MESSAGE_LENGTH = 2000;

/** What a node answered to a request that it did or refused. */
export function parseAnswer(
  body: string,
): { readonly message: string | null; readonly error: string | null } {
  let value: unknown = null;
  try {
    value = JSON.parse(body);
  } catch {
    // No answer of a node: said by the caller.
  }
  const text = (key: string): string | null => {
    const found = typeof value === "object" && value !== null
      ? (value as Record<string, unknown>)[key]
      : null;
    return typeof found === "string" ? printable(cut(found, MESSAGE_LENGTH)) : null;
  };
  return { message: text("message"), error: text("error") };
}

/** Where the token came from, or how to give one. */
export function tokenHelp(hadToken: boolean): string {
  return hadToken
    ? "    the token came from --token-file, ABFAIL_TOKEN or token_file of the config"
    : "    give it with --token-file FILE, in ABFAIL_TOKEN, or by --config FILE with token_file in it";
}
