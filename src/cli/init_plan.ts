/**
 * What `abfail init` is told, by options or by answers, read one by one: each reader gives a value or one phrase on what
 * is wrong and how it is written. `example_config.ts` makes the file of it.
 */
import { err, ok, type Result } from "../base/result.ts";
import { formatHostPort, hostKind, isHostName, parseAddress } from "../config/address.ts";
import { nearest } from "../config/suggest.ts";
import {
  flagOf,
  PUBLISHER_NEEDS,
  readMachine,
  readSecretFile,
  readSecretVariable,
  type SecretPlace,
  takersOf,
} from "./init_details.ts";
import {
  DETAIL_KEYS,
  type DetailKey,
  INIT_PUBLISHERS,
  type InitOptions,
  type InitPublisher,
} from "./options.ts";

/** UDP between nodes, where an address names no port. */
const NODE_PORT = 7420;

/** Checks that a type, a port and a path make whole. */
export const INIT_CHECKS = ["http", "https", "tcp", "tls", "grpc"] as const;

/** A node of the cluster. */
export interface PlannedNode {
  /** Free text; "" when none was given. */
  readonly zone: string;
  /** `host:port`. */
  readonly address: string;
}

/** A copy of the service. */
export interface PlannedTarget {
  readonly name: string;
  /** `host` or `host:port`, where it is checked. */
  readonly address: string;
  /** What is published; its host when null. */
  readonly publish: string | null;
}

/** How it is checked. */
export interface PlannedCheck {
  readonly type: typeof INIT_CHECKS[number];
  readonly port: number | null;
  /** Of http and https. */
  readonly path: string | null;
}

/** All of a config that is asked for. */
export interface ConfigPlan {
  readonly cluster: string;
  readonly nodes: readonly PlannedNode[];
  readonly service: string;
  readonly check: PlannedCheck;
  readonly targets: readonly PlannedTarget[];
  readonly publisher: InitPublisher;
  /** The name that clients ask for, where the publisher keeps a record. */
  readonly record: string;
  /** The zone that holds it. */
  readonly zone: string;
  /** What this publisher needs beside. */
  readonly details: Readonly<Partial<Record<DetailKey, string>>>;
  /** The machine's number by the target's name, where the publisher moves an address. */
  readonly machines: Readonly<Record<string, number>>;
  /** Where each node has the credential; null where it takes none, or needs none and none was named. */
  readonly secret: SecretPlace | null;
}

/** Zones of the first nodes of the example. */
const ZONES = ["nyc1", "sfo2", "home"];

/** The example: what stands for what was not said. `nodes`: 2 to 64. */
export function examplePlan(nodes = 3): ConfigPlan {
  return {
    cluster: "prod",
    nodes: Array.from({ length: nodes }, (_, i) => {
      return { zone: ZONES[i] ?? `zone${i + 1}`, address: `10.0.${i + 1}.10:${NODE_PORT}` };
    }),
    service: "web",
    check: { type: "http", port: 8080, path: "/healthz" },
    targets: [
      { name: "nyc1", address: "10.0.1.20", publish: null },
      { name: "sfo2", address: "10.0.2.20", publish: null },
    ],
    publisher: "dns",
    record: "web.ha.example.com",
    zone: "ha.example.com",
    details: {},
    machines: {},
    secret: null,
  };
}

/** The options that say something about the config; with none of them, a terminal is asked. */
export function saysSomething(options: InitOptions): boolean {
  return options.nodes !== null || options.node.length > 0 || options.target.length > 0 ||
    [options.name, options.service, options.check, options.publisher, options.record, options.zone]
      .some((one) => one !== null) ||
    Object.values(options.details).some((one) => one !== undefined) ||
    options.machine.length > 0 || options.tokenFile !== null || options.tokenEnv !== null;
}

/** Reads all options at once: a plan, and which parts are still the example's, or everything that is wrong. */
export function planOf(
  options: InitOptions,
): Result<{ readonly plan: ConfigPlan; readonly examples: readonly string[] }, readonly string[]> {
  const wrong: string[] = [];
  const examples: string[] = [];
  const example = examplePlan(options.nodes ?? 3);
  const take = <T>(option: string, text: string, read: (text: string) => Result<T, string>): T | null => {
    const value = read(text);
    if (value.ok) return value.value;
    wrong.push(`${option}: ${value.error}`);
    return null;
  };
  const one = <T>(
    option: string,
    text: string | null,
    read: (text: string) => Result<T, string>,
    without: T,
  ) => text === null ? without : take(option, text, read) ?? without;
  const many = <T>(option: string, texts: readonly string[], read: (text: string) => Result<T, string>) =>
    texts.map((text) => take(option, text, read)).filter((value) => value !== null);
  const nodes = options.node.length === 0 ? example.nodes : many("--node", options.node, readNode);
  const targets = options.target.length === 0
    ? example.targets
    : many("--target", options.target, readTarget);
  const publisher = one("--publisher", options.publisher, readPublisher, example.publisher);
  const record = one("--record", options.record, readName, exampleRecord(publisher));
  const plan: ConfigPlan = {
    cluster: one("--name", options.name, readWord, example.cluster),
    nodes,
    service: one("--service", options.service, readWord, example.service),
    check: one("--check", options.check, readCheck, example.check),
    targets,
    publisher,
    record,
    zone: one("--zone", options.zone, readName, parentOf(record)),
    details: detailsOf(publisher, options, take),
    machines: machinesOf(publisher, options, targets, many("--machine", options.machine, readMachine)),
    secret: one("--token-file", options.tokenFile, readSecretFile, null) ??
      one("--token-env", options.tokenEnv, readSecretVariable, null) ?? likelySecret(publisher),
  };
  if (options.node.length > 0 && options.nodes !== null) wrong.push("--nodes: not together with --node");
  wrong.push(...strays(publisher, options));
  if (wrong.length === 0) wrong.push(...misfits(plan));
  if (wrong.length > 0) return err(wrong);
  if (options.node.length === 0) examples.push("the nodes' addresses");
  if (options.target.length === 0) examples.push("the targets");
  const { details, hasRecord, machine } = PUBLISHER_NEEDS[publisher];
  if (hasRecord && options.record === null) examples.push("the name that is published");
  for (const { key, label } of details) if (options.details[key] === undefined) examples.push(label);
  if (machine !== null && options.machine.length === 0) examples.push(`the numbers of the ${machine}s`);
  return ok({ plan, examples });
}

/** The details of a publisher, those that were not given by their examples. */
function detailsOf(
  publisher: InitPublisher,
  options: InitOptions,
  take: (
    option: string,
    text: string,
    read: (text: string) => Result<string, string>,
  ) => string | null,
): ConfigPlan["details"] {
  return Object.fromEntries(PUBLISHER_NEEDS[publisher].details.map(({ key, flag, example, read }) => {
    const given = options.details[key];
    return [key, given === undefined ? example : take(flag, given, read) ?? example];
  }));
}

/** The first machine of the example. */
const EXAMPLE_MACHINE = 3164444;

function machinesOf(
  publisher: InitPublisher,
  options: InitOptions,
  targets: readonly PlannedTarget[],
  read: readonly { readonly target: string; readonly number: number }[],
): ConfigPlan["machines"] {
  if (PUBLISHER_NEEDS[publisher].machine === null) return {};
  const pairs = options.machine.length === 0
    ? targets.map(({ name }, i) => [name, EXAMPLE_MACHINE + i] as const)
    : read.map(({ target, number }) => [target, number] as const);
  return Object.fromEntries(pairs);
}

/** Where its credential is likely to be. */
export function likelySecret(publisher: InitPublisher): SecretPlace | null {
  const { secret } = PUBLISHER_NEEDS[publisher];
  return secret?.isNeeded === true ? { kind: "file", path: secret.file } : null;
}

/** Options that this publisher does not take, and for which they are. */
function strays(publisher: InitPublisher, options: InitOptions): readonly string[] {
  const needs = PUBLISHER_NEEDS[publisher];
  const found: string[] = [];
  for (const key of DETAIL_KEYS) {
    if (options.details[key] === undefined || needs.details.some((one) => one.key === key)) continue;
    found.push(`${flagOf(key)}: only for --publisher ${takersOf(key).join(" or ")}`);
  }
  if (!needs.hasRecord) {
    if (options.record !== null) found.push(`--record: ${publisher} publishes no name`);
    if (options.zone !== null) found.push(`--zone: ${publisher} publishes no name`);
  }
  if (needs.machine === null && options.machine.length > 0) {
    const movers = INIT_PUBLISHERS.filter((one) => PUBLISHER_NEEDS[one].machine !== null);
    found.push(`--machine: only for --publisher ${movers.join(" or ")}`);
  }
  if (options.tokenFile !== null && options.tokenEnv !== null) {
    found.push("--token-env: not together with --token-file");
  }
  for (const [flag, value] of [["--token-file", options.tokenFile], ["--token-env", options.tokenEnv]]) {
    if (needs.secret === null && value !== null) found.push(`${flag}: ${publisher} takes no credential`);
  }
  const twice = options.machine.map((one) => one.split("=")[0]).find((name, i, all) => all.indexOf(name) < i);
  if (twice !== undefined) found.push(`--machine: ${quote(twice)} is there twice`);
  return found;
}

/** What does not fit together, one phrase each. What the config's own rules say comes on top (`init.ts`). */
export function misfits(plan: ConfigPlan): readonly string[] {
  const found: string[] = [];
  if (plan.nodes.length === 1) {
    found.push("--node: one node is no cluster: three or more (two survive the loss of none)");
  }
  if (plan.targets.length === 1) {
    found.push("--target: with one target there is nothing to fail over to: two or more");
  }
  const { hasRecord, machine } = PUBLISHER_NEEDS[plan.publisher];
  const isInside = !hasRecord || plan.record.endsWith(`.${plan.zone}`) || plan.record === plan.zone;
  if (!isInside) found.push(`--zone: ${plan.record} is not in the zone ${plan.zone}`);
  const lacksPort = plan.targets.some(({ address }) => portOf(address) === null);
  const needsPort = plan.check.type === "tcp" || plan.check.type === "grpc";
  if (needsPort && plan.check.port === null && lacksPort) {
    found.push(`--check: a port is needed: ${plan.check.type}:PORT`);
  }
  if (machine !== null) {
    const names = plan.targets.map(({ name }) => name);
    for (const name of names.filter((one) => !Object.hasOwn(plan.machines, one))) {
      found.push(`--machine: the ${machine} behind ${name} is missing: --machine ${name}=NUMBER`);
    }
    for (const name of Object.keys(plan.machines).filter((one) => !names.includes(one))) {
      found.push(
        `--machine: ${quote(name)} is no target; there are ${names.join(", ")}${didYouMean(name, names)}`,
      );
    }
  }
  const kinds = new Set(plan.targets.map((target) => hostKind(shownBy(target))));
  if (kinds.size > 1 && isCloud(plan.publisher)) {
    found.push("--target: all targets must publish the same kind: IPv4, IPv6 or host names");
  }
  return found;
}

/** What a target publishes. */
export function shownBy(target: PlannedTarget): string {
  if (target.publish !== null) return target.publish;
  const parsed = parseAddress(target.address);
  return parsed.ok ? parsed.value.host : target.address;
}

/** True for the APIs of DNS providers: one record of one type. */
export function isCloud(publisher: InitPublisher): boolean {
  const freely = ["dns", "rfc2136", "powerdns"].includes(publisher);
  return PUBLISHER_NEEDS[publisher].hasRecord && !freely;
}

/** `web.ha.example.com` is in `ha.example.com`. */
export function parentOf(name: string): string {
  return name.split(".").length > 2 ? name.slice(name.indexOf(".") + 1) : name;
}

/** The name of the example: its zone is for the embedded server, or one that is there already. */
export function exampleRecord(publisher: InitPublisher): string {
  return publisher === "dns" ? "web.ha.example.com" : "web.example.com";
}

/** The name of a cluster or a service. */
export function readWord(text: string): Result<string, string> {
  if (/^[A-Za-z0-9._-]{1,63}$/.test(text)) return ok(text);
  return err(`${quote(text)}: letters, digits, dots and hyphens, at most 63`);
}

/** `[ZONE=]ADDRESS[:PORT]`, such as `nyc1=10.0.1.10`. */
export function readNode(text: string): Result<PlannedNode, string> {
  const { name, rest } = split(text);
  const address = parseAddress(rest);
  if (!address.ok) return err(`${address.error}; it is written [ZONE=]ADDRESS, such as nyc1=10.0.1.10`);
  const { host, port } = address.value;
  if (name !== null && !/^[\x20\x21\x23-\x5b\x5d-\x7e]{1,63}$/.test(name)) {
    return err(`${quote(name)} is no zone: plain text, at most 63 characters`);
  }
  return ok({ zone: name ?? "", address: formatHostPort({ host, port: port ?? NODE_PORT }) });
}

/** `NAME=ADDRESS[:PORT][,PUBLISH]`, such as `nyc1=10.0.1.20` or `nyc1=10.0.1.20,203.0.113.20`. */
export function readTarget(text: string): Result<PlannedTarget, string> {
  const how = "it is written NAME=ADDRESS, such as nyc1=10.0.1.20";
  const { name, rest } = split(text);
  if (name === null) return err(`${quote(text)} has no name; ${how}`);
  if (!readWord(name).ok) return err(`${quote(name)} is no name; ${how}`);
  const [where = "", shown = null, ...more] = rest.split(",");
  const address = parseAddress(where);
  if (!address.ok) return err(`${address.error}; ${how}`);
  if (more.length > 0 || (shown !== null && hostKind(shown) === null)) {
    return err(`${quote(rest)}: behind the comma stands what is published, one address or host name`);
  }
  return ok({ name, address: where, publish: shown });
}

/** `TYPE[:PORT][/PATH]`, such as `http:8080/healthz`. */
export function readCheck(text: string): Result<PlannedCheck, string> {
  const how = "it is written TYPE[:PORT][/PATH], such as http:8080/healthz or tcp:5432";
  const match = /^([A-Za-z]+)(?::([0-9]{1,5}))?(\/[\x21\x23-\x5b\x5d-\x7e]*)?$/.exec(text);
  if (match === null) return err(`${quote(text)}: ${how}`);
  const [, type = "", port = null, path = null] = match;
  const known = INIT_CHECKS.find((one) => one === type);
  if (known === undefined) {
    if (["udp", "dns", "exec"].includes(type)) {
      return err(
        `${type} needs more than init asks for: take another and change [services.check] in the file`,
      );
    }
    return err(`${quote(type)} is none of ${INIT_CHECKS.join(", ")}${didYouMean(type, INIT_CHECKS)}`);
  }
  if (port !== null && (Number(port) < 1 || Number(port) > 65535)) {
    return err(`${port} is no port: 1 to 65535`);
  }
  const isWeb = known === "http" || known === "https";
  if (path !== null && !isWeb) return err(`${known} has no path; ${how}`);
  return ok({ type: known, port: port === null ? null : Number(port), path: isWeb ? path ?? "/" : null });
}

/** The type of a publisher. */
export function readPublisher(text: string): Result<InitPublisher, string> {
  const known = INIT_PUBLISHERS.find((one) => one === text);
  if (known !== undefined) return ok(known);
  return err(`${quote(text)} is none of ${INIT_PUBLISHERS.join(", ")}${didYouMean(text, INIT_PUBLISHERS)}`);
}

/** A host name with a dot in it. */
export function readName(text: string): Result<string, string> {
  const name = text.replace(/\.$/, "");
  if (isHostName(name) && name.includes(".") && hostKind(name) === "name") return ok(name);
  return err(`${quote(text)} is no full name, such as web.example.com`);
}

function split(text: string): { readonly name: string | null; readonly rest: string } {
  const at = text.indexOf("=");
  return at < 0 ? { name: null, rest: text } : { name: text.slice(0, at), rest: text.slice(at + 1) };
}

function portOf(address: string): number | null {
  const parsed = parseAddress(address);
  return parsed.ok ? parsed.value.port : null;
}

function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === null ? "" : ` (did you mean ${near}?)`;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
