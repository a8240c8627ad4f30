/** `abfail man`: the man page, made from the commands themselves and from the table of the config's keys. */
import type { JsonSchema } from "../config/field.ts";
import { configSchema } from "../config/schema.ts";
import type { CommandSpec, OptionSpec } from "./command_spec.ts";
import { print } from "./output.ts";
import { VERSION } from "./version.ts";

/** When its own words last changed. */
const DATE = "2026-11-25";

/** Columns of a line of the source, before characters are escaped. */
const WIDTH = 72;

/** Prints it. */
export function manCommand({ commands }: { readonly commands: readonly CommandSpec[] }): Promise<number> {
  print(manPage(commands));
  return Promise.resolve(0);
}

/** abfail(1), in the macros of man(7). */
export function manPage(commands: readonly CommandSpec[]): string {
  return [
    `.TH ABFAIL 1 ${DATE} "abfail ${VERSION}"`,
    ".SH NAME",
    "abfail \\- keeps one copy of a service in charge, and one name pointing at it",
    ".SH SYNOPSIS",
    ...commands.flatMap((
      command,
      i,
    ) => [...(i === 0 ? [] : [".br"]), `.B abfail ${escape(command.name)}`, usage(command)]),
    ".SH DESCRIPTION",
    text(
      "Three or more nodes elect a leader over UDP, all of them check the service, the leader decides which copy is " +
        "in charge and publishes it under one DNS name.",
    ),
    ".SH COMMANDS",
    ...commands.flatMap(commandPart),
    ".SH CONFIG",
    "TOML, the same file on every node.",
    "Durations are texts with a unit: 250ms, 1.5s, 2m.",
    "Keys that are not known are errors.",
    ...sections(configSchema()),
    ".SH EXIT STATUS",
    ...listed([
      ["0", "Fine."],
      ["1", "It ran and the answer is bad."],
      ["2", "Wrong usage or config."],
      ["3", "The node cannot be reached."],
    ]),
    ".SH ENVIRONMENT",
    ...listed([
      ["ABFAIL_NODE_ID", "Which node of the config this is; --node-id wins."],
      ["ABFAIL_KEYS", "The cluster's keys, in place of those of the config; a list with commas between."],
      ["ABFAIL_TOKEN", "The API's token, where --token-file is not given."],
      ["NO_COLOR", "No colours."],
    ]),
    ".SH SIGNALS",
    ...listed([
      ["SIGTERM, SIGINT", "Hands the lease over, ends within a second. A second one ends it at once."],
      ["SIGHUP", "Takes up a changed config; one that is wrong is refused and the old one stays."],
    ]),
    "",
  ].join("\n");
}

function usage(command: CommandSpec): string {
  return `.RI ${quoted(command.usage)}`;
}

function commandPart(command: CommandSpec): readonly string[] {
  const { examples, notes } = command.help;
  return [
    `.SS abfail ${escape(command.name)} ${escape(command.usage)}`,
    text(capital(command.summary)),
    ...listed(command.arguments.map(({ name, summary }) => [name, summary])),
    ...listed(command.options.map((option) => [option.term, optionMeaning(option)])),
    ...notes.flatMap((note) => [".PP", text(note)]),
    ...(examples.length === 0
      ? []
      : [".PP", ".nf", ...examples.map((line) => verbatim(`    ${line}`)), ".fi"]),
  ];
}

function optionMeaning({ summary, value }: OptionSpec): string {
  return value.kind === "words" ? `${summary}: ${value.words.join(", ")}` : summary;
}

/** Terms and what they mean. */
function listed(items: readonly (readonly [string, string])[]): readonly string[] {
  return items.flatMap(([term, meaning]) => [".TP", `.B ${escape(term)}`, text(capital(meaning))]);
}

/** Each table of the config with its keys, in the order of the file. */
function sections(schema: JsonSchema): readonly string[] {
  return tablesOf(schema, []).flatMap(({ path, name, keys }) => [
    `.SS ${escape(path)}${name === null ? "" : ` ${escape(name)}`}`,
    ...listed(keys),
  ]);
}

interface KeyTable {
  /** Such as `[[services.publish]]`. */
  readonly path: string;
  /** `type = "dns"`, where tables are told apart by it. */
  readonly name: string | null;
  readonly keys: readonly (readonly [string, string])[];
}

function tablesOf(schema: JsonSchema, path: readonly string[], isList = false): readonly KeyTable[] {
  const variants = schema["oneOf"];
  if (Array.isArray(variants)) {
    return variants.flatMap((one: JsonSchema) => isTable(one) ? tablesOf(one, path, isList) : []);
  }
  const properties = Object.entries((schema["properties"] ?? {}) as Readonly<Record<string, JsonSchema>>);
  const inner = properties.flatMap(([key, value]) => {
    const items = value["items"] as JsonSchema | undefined;
    if (items !== undefined && isTable(items)) return tablesOf(items, [...path, key], true);
    return isTable(value) ? tablesOf(value, [...path, key]) : [];
  });
  const own = properties.filter(([key, value]) => {
    return key !== "type" && !isTable(value) && !isTable((value["items"] ?? {}) as JsonSchema);
  });
  const type = properties.find(([key]) => key === "type")?.[1]["const"];
  const name = path.join(".");
  const head = isList ? `[[${name}]]` : `[${name}]`;
  const table = {
    path: head,
    name: typeof type === "string" ? `type = "${type}"` : null,
    keys: own.map(([key, value]) => [key, meaning(value)] as const),
  };
  return [...(path.length === 0 || own.length === 0 ? [] : [table]), ...inner];
}

function isTable(schema: JsonSchema): boolean {
  const { properties, oneOf } = schema as { properties?: unknown; oneOf?: unknown };
  return properties !== undefined || (Array.isArray(oneOf) && oneOf.some(isTable));
}

function meaning(schema: JsonSchema): string {
  const { description = "", default: standard } = schema as { description?: string; default?: unknown };
  return standard === undefined || standard === ""
    ? description
    : `${description} (default: ${JSON.stringify(standard)})`;
}

function capital(words: string): string {
  const sentence = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.?!)]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** Text: no macro, whatever its lines begin with. */
function text(words: string): string {
  return fold(words).map((line) => escape(line).replace(/^[.']/, "\\&$&")).join("\n");
}

/** A line as it is. */
function verbatim(words: string): string {
  return escape(words).replace(/^[.']/, "\\&$&");
}

/** Lines of no more than `WIDTH` characters, where words allow. */
function fold(words: string): readonly string[] {
  return words.split(" ").reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > WIDTH) return [...lines, word];
    return [...lines.slice(0, -1), `${last} ${word}`];
  }, []);
}

/** Roff's own characters; quotes and hyphens that are to be copied as they are. */
function escape(words: string): string {
  const names: Readonly<Record<string, string>> = {
    ...{ "\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", '"': "\\(dq" },
  };
  return words.replaceAll(/[\\\-'`"]/g, (character) => names[character] ?? character);
}

function quoted(words: string): string {
  return `"${escape(words)}"`;
}
