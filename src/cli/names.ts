/**
 * `abfail names LINE`, which only the shells' completions call: the names that may stand where the cursor is, one a
 * line. It is quiet and quick: what cannot be found out within a second is nothing, and never an error on a terminal on
 * which somebody types. Names of a config named on the line, else of the node that the line would ask.
 */
import { parseToml } from "../config/toml.ts";
import type { CommandSpec } from "./command_spec.ts";
import { DEFAULT_API, parseNodeApi, trusting } from "./node_api.ts";
import type { NamesOptions } from "./options.ts";
import { print } from "./output.ts";
import { fetchStatus } from "./status_source.ts";

/** How long a node may take, ms: with the start of the program, about a second. */
const NODE_MS = 700;
/** Largest config that is read while somebody types, bytes. */
const CONFIG_BYTES = 1024 * 1024;
/** Names at most. */
const MOST = 1000;

/** What may stand where the cursor is. */
export type Wanted =
  | { readonly kind: "service" }
  | { readonly kind: "target"; readonly service: string }
  | { readonly kind: "node" };

/** What a line says so far. */
export interface TypedLine {
  readonly wanted: Wanted | null;
  /** By their long names; the value that was given last. */
  readonly options: ReadonlyMap<string, string>;
}

/** The names of a cluster. */
export interface Names {
  readonly nodes: readonly string[];
  readonly services: readonly { readonly name: string; readonly targets: readonly string[] }[];
}

/** Prints them. Exit code: 0, always. */
export async function namesCommand({ line, commands }: NamesOptions): Promise<number> {
  const typed = readLine(line, commands);
  if (typed.wanted === null) return 0;
  const names = namesFor(typed.wanted, await findNames(typed.options));
  if (names.length > 0) print(names.join("\n"));
  return 0;
}

/** Reads what was typed up to the cursor, the program's name first: words are split as shells do, roughly. */
export function readLine(line: string, commands: readonly CommandSpec[]): TypedLine {
  const words = [...line.slice(0, 10_000).matchAll(/(?:"[^"]*"|'[^']*'|\\.|[^\s"'\\])+/g)].map(([word]) =>
    word.replaceAll(
      /"([^"]*)"|'([^']*)'|\\(.)/g,
      (_all, ...parts: unknown[]) => String(parts.slice(0, 3).find((part) => part !== undefined) ?? ""),
    )
  );
  if (!/\s$/.test(line)) words.pop(); // The word that is being typed.
  const command = commands.find(({ name }) => name === words[1]);
  const options = new Map<string, string>();
  const positional: string[] = [];
  let open: string | null = null;
  for (const word of command === undefined ? [] : words.slice(2)) {
    if (open !== null) {
      options.set(open, word);
      open = null;
      continue;
    }
    const [flag = "", ...rest] = word.split("=");
    const option = command?.options.find(({ flags }) => flags.includes(flag));
    if (option === undefined && !word.startsWith("-")) positional.push(word);
    if (option === undefined || option.value.kind === "none") continue;
    const long = option.flags.at(-1) ?? flag;
    if (rest.length > 0) options.set(long, rest.join("="));
    else open = long;
  }
  return { wanted: command === undefined ? null : wantedBy(command, open, positional), options };
}

function wantedBy(command: CommandSpec, open: string | null, positional: readonly string[]): Wanted | null {
  if (open !== null) return open === "--node-id" ? { kind: "node" } : null;
  switch (command.arguments[positional.length]?.name) {
    case "service":
      return { kind: "service" };
    case "target":
      return { kind: "target", service: positional.at(-1) ?? "" };
    default:
      return null;
  }
}

/** Those that are wanted. Others' names come from afar and go to a shell: only plain ones are passed on. */
export function namesFor(wanted: Wanted, { nodes, services }: Names): readonly string[] {
  const all = wanted.kind === "node"
    ? nodes
    : wanted.kind === "service"
    ? services.map(({ name }) => name)
    : services.find(({ name }) => name === wanted.service)?.targets ?? [];
  return [...new Set(all)].filter((name) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(name)).slice(0, MOST);
}

const NOTHING: Names = { nodes: [], services: [] };

/** Of the config that is named, else of the node; nothing where neither can be read in time. */
export async function findNames(options: ReadonlyMap<string, string>): Promise<Names> {
  const config = options.get("--config");
  const found = config === undefined ? null : namesOfFile(config);
  if (found !== null) return found;
  const file = (name: string): string | null => options.get(name) ?? null;
  const tls = { caFile: file("--ca-file"), certFile: file("--cert-file"), keyFile: file("--key-file") };
  const api = await trusting(parseNodeApi(options.get("--api") ?? DEFAULT_API), tls, null);
  if (!api.ok) return NOTHING;
  const answer = await fetchStatus(api.value, NODE_MS);
  if (!answer.ok) return NOTHING;
  const { node, peers, services } = answer.value.status;
  return {
    nodes: [node.id, ...peers.map(({ id }) => id)].toSorted((a, b) => a - b).map(String),
    services: services.map(({ name, targets }) => ({ name, targets: targets.map((one) => one.name) })),
  };
}

/** The names in a config; null where it cannot be read. It may be half written: only its names are looked at. */
function namesOfFile(path: string): Names | null {
  try {
    const place = path.replace(/^~(?=\/)/, () => Deno.env.get("HOME") ?? "~");
    const { isFile, size } = Deno.statSync(place);
    if (!isFile || size > CONFIG_BYTES) return null;
    const toml = parseToml(Deno.readTextFileSync(place));
    return toml.ok ? namesOfToml(toml.value) : null;
  } catch {
    return null;
  }
}

/** The names in the tables of a config, right or wrong. */
export function namesOfToml(toml: Readonly<Record<string, unknown>>): Names {
  return {
    nodes: tables(table(toml["cluster"])["nodes"]).map(({ id = "" }) => String(id)),
    services: tables(toml["services"]).map(({ name = "", targets }) => ({
      name: String(name),
      targets: tables(targets).map((one) => String(one["name"] ?? "")),
    })),
  };
}

function tables(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(table) : [];
}

function table(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? value as Readonly<Record<string, unknown>> : {};
}
