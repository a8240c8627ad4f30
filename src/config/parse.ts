/**
 * From the text of a config file to a config that cannot be wrong, or to everything that is wrong with it.
 *
 *     toml.ts    text -> values              lines.ts   text -> on which line each key stands
 *     keys.ts    which keys there are and what each takes (field.ts, field_table.ts, values.ts)
 *     check_cluster.ts, check_services.ts    what must hold between keys
 *     build.ts   values -> Config            flat.ts, digest.ts   comparing configs
 *     budget.ts  how long a failover takes   schema.ts  JSON Schema for editors
 *
 * Why no schema library: the messages are the product here (line, found, allowed, nearest key), and one table of
 * keys gives them, the types and the JSON Schema.
 */
import { err, ok, type Result } from "../base/result.ts";
import { buildConfig, type BuiltConfig } from "./build.ts";
import { checkCluster } from "./check_cluster.ts";
import { checkDns } from "./check_dns.ts";
import { checkNotify } from "./check_notify.ts";
import { checkServices } from "./check_services.ts";
import type { CheckConfig, Config, DnsTransferConfig } from "./config.ts";
import { flatten } from "./flat.ts";
import type { NotifyConfig } from "./notify.ts";
import { keyHomes } from "./homes.ts";
import { document } from "./keys.ts";
import { mapLines, type Path } from "./lines.ts";
import type { ConfigProblem } from "./problem.ts";
import { locate, modeWarning, programWarning, readLocated } from "./locate.ts";
import type { ConfigReader } from "./config_reader.ts";
import { type KeysNeed, readKeys } from "./read_keys.ts";
import { mapSecretFile, secretFileOf } from "./publisher.ts";
import { Reading } from "./reading.ts";
import { parseToml } from "./toml.ts";

export type { ConfigReader } from "./config_reader.ts";

/** Characters of a config at most. */
const MAX_TEXT = 1024 * 1024;

/** How strict to be about the world around the text. */
export interface ParseOptions {
  /** What it means when the keys cannot be had. Default `needed`. */
  readonly keys?: KeysNeed;
}

/**
 * Reads a config. All problems are returned at once, in the order of the file (broken TOML hides what is behind
 * it). `file` is shown in messages, and relative paths in the text start at its folder. Pure: files and variables come
 * through `io`.
 */
export function parseConfig(
  text: string,
  file: string,
  io: ConfigReader,
  options: ParseOptions = {},
): Result<Config, ConfigProblem[]> {
  const source = text.replace(/^\uFEFF/, "");
  const broken = (message: string, help: readonly string[], line: number | null, column: number | null) =>
    err([{ file, line, column, path: "", message, help }]);
  if (source.length > MAX_TEXT) return broken("this is larger than 1 MiB", [], null, null);
  const toml = parseToml(source);
  if (!toml.ok) return broken(toml.error.message, toml.error.help, toml.error.line, toml.error.column);

  const reading = new Reading(file, toml.value, mapLines(source), keyHomes(document.schema));
  const read = document.read(toml.value, [], reading);
  if (read === undefined) return err(allOf(reading));
  const resolve = (path: string): string => locate(file, path, io);
  const keys = readKeys(read, resolve, io, reading, options.keys ?? "needed");
  checkCluster(read, reading);
  checkDns(read, reading);
  checkServices(read, reading);
  checkNotify(read, reading);
  if (reading.problems.length > 0) return err(allOf(reading));

  const asWritten = buildConfig(read, keys);
  warnOfFiles(asWritten, resolve, io, reading);
  const built = resolvePaths(asWritten, resolve);
  return ok({ ...built, file, warnings: reading.warnings, flat: flatten(asWritten) });
}

/** In the order of the file. */
function allOf({ problems, untold, file }: Reading): ConfigProblem[] {
  const inOrder = problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  if (untold === 0) return inOrder;
  return [...inOrder, { file, line: null, column: null, path: "", message: `and ${untold} more`, help: [] }];
}

function resolvePaths(config: BuiltConfig, resolve: (path: string) => string): BuiltConfig {
  const orNull = (path: string | null): string | null => path === null ? null : resolve(path);
  const { node, api, dns, services, notify } = config;
  return {
    ...config,
    node: { ...node, stateDir: orNull(node.stateDir) },
    api: {
      ...api,
      tokenFile: orNull(api.tokenFile),
      socket: orNull(api.socket),
      tls: api.tls === null ? null : {
        certFile: resolve(api.tls.certFile),
        keyFile: resolve(api.tls.keyFile),
        clientCaFile: orNull(api.tls.clientCaFile),
      },
    },
    dns: dns === null ? null : { ...dns, transfer: resolveTransfer(dns.transfer, resolve) },
    services: services.map((service) => ({
      ...service,
      check: resolveCheck(service.check, orNull),
      publish: service.publish.map((publisher) => mapSecretFile(publisher, resolve)),
    })),
    notify: notify.map((one) => resolveNotify(one, resolve)),
  };
}

function resolveTransfer(
  transfer: DnsTransferConfig,
  resolve: (path: string) => string,
): DnsTransferConfig {
  const { key } = transfer;
  if (key === null || key.secret.kind !== "file") return transfer;
  return { ...transfer, key: { ...key, secret: { kind: "file", path: resolve(key.secret.path) } } };
}

function resolveNotify(notify: NotifyConfig, resolve: (path: string) => string): NotifyConfig {
  if (notify.type !== "webhook") return notify;
  const { routingKey, caFile } = notify;
  return {
    ...notify,
    routingKey: routingKey?.kind === "file" ? { kind: "file", path: resolve(routingKey.path) } : routingKey,
    caFile: caFile === null ? null : resolve(caFile),
  };
}

function resolveCheck(check: CheckConfig, orNull: (path: string | null) => string | null): CheckConfig {
  if (!("tls" in check) || check.tls === null) return check;
  const { caFile, clientCertFile, clientKeyFile } = check.tls;
  const files = {
    caFile: orNull(caFile),
    clientCertFile: orNull(clientCertFile),
    clientKeyFile: orNull(clientKeyFile),
  };
  return { ...check, tls: { ...check.tls, ...files } };
}

/** Files that cannot be read here: the config may be checked on another machine, so this is no error. */
function warnOfFiles(
  config: BuiltConfig,
  resolve: (path: string) => string,
  io: ConfigReader,
  reading: Reading,
): void {
  const look = (path: string | null, at: Path, kind: "secret" | "public" = "public"): void => {
    if (path === null) return;
    const place = resolve(path);
    const text = readLocated(place, io);
    if (!text.ok) reading.warn(at, `cannot read ${place} here: ${text.error}`);
    else if (text.value.trim() === "") reading.warn(at, `${place} is empty`);
    const open = kind === "secret" ? modeWarning(place, io) : null;
    if (open !== null) reading.warn(at, open);
  };
  look(config.api.tokenFile, ["api", "token_file"], "secret");
  const secret = config.dns?.transfer.key?.secret;
  if (secret?.kind === "file") look(secret.path, ["dns", "transfer_key_file"], "secret");
  look(config.api.tls?.certFile ?? null, ["api", "cert_file"]);
  look(config.api.tls?.keyFile ?? null, ["api", "key_file"], "secret");
  look(config.api.tls?.clientCaFile ?? null, ["api", "client_ca_file"]);
  const program = (command: readonly string[] | null, at: Path): void => {
    const warning = programWarning(command?.[0] ?? "", io);
    if (warning !== null) reading.warn(at, warning);
  };
  for (const [i, { check, publish }] of config.services.entries()) {
    if (check.type === "exec") program(check.command, ["services", i, "check", "command"]);
    for (const [n, publisher] of publish.entries()) {
      const at = ["services", i, "publish", n];
      look(secretFileOf(publisher), at, "secret");
      if (publisher.type !== "exec") continue;
      program(publisher.command, [...at, "command"]);
      program(publisher.readCommand, [...at, "read_command"]);
    }
  }
  for (const [i, notify] of config.notify.entries()) {
    if (notify.type === "exec") program(notify.command, ["notify", i, "command"]);
    if (notify.type !== "webhook") continue;
    const { routingKey, caFile } = notify;
    if (routingKey?.kind === "file") look(routingKey.path, ["notify", i, "routing_key_file"], "secret");
    look(caFile, ["notify", i, "ca_file"]);
  }
  for (const [i, { check }] of config.services.entries()) {
    if (!("tls" in check) || check.tls === null) continue;
    const at = ["services", i, "check"];
    look(check.tls.caFile, [...at, "ca_file"]);
    look(check.tls.clientCertFile, [...at, "client_cert_file"]);
    look(check.tls.clientKeyFile, [...at, "client_key_file"], "secret");
  }
}
