/** `abfail init`: a config to start from, or what watches a cluster (`--with`). */
import { unreachable } from "../base/assert.ts";
import { parseConfig } from "../config/parse.ts";
import { configText } from "./example_config.ts";
import alerts from "./extras/alerts.yml" with { type: "text" };
import unit from "./extras/abfail.service" with { type: "text" };
import dashboard from "./extras/dashboard.json" with { type: "text" };
import { freshKey } from "./keygen.ts";
import { type Asker, askPlan } from "./init_ask.ts";
import { commandWords, PUBLISHER_NEEDS } from "./init_details.ts";
import { type ConfigPlan, planOf, saysSomething } from "./init_plan.ts";
import { reasonOf, SYSTEM } from "./load.ts";
import type { Extra, InitOptions } from "./options.ts";
import { complain, print } from "./output.ts";
import { Terminal } from "./terminal.ts";

/** Mode of a config: it holds the key. */
const SECRET_MODE = 0o600;
/** Mode of what Prometheus and Grafana read. */
const PUBLIC_MODE = 0o644;

/** What `init` stands in; tests put others in. */
export interface InitSurroundings {
  /** Null where nobody can be asked. */
  readonly asker: Asker | null;
  /** Whether results go to a terminal: then a file is asked for. */
  readonly showsResult: boolean;
}

/** Prints a config or an extra, or writes it to a new file. Exit code: 0 done, 2 not: nothing was written then. */
export async function initCommand(options: InitOptions, given?: InitSurroundings): Promise<number> {
  if (options.extra !== null) {
    return await deliver(extraText(options.extra), options.output, PUBLIC_MODE, `Wrote ${options.output}.`);
  }
  if (options.output !== null && await isThere(options.output)) return refuse(options.output);
  const terminal = new Terminal();
  const { asker, showsResult } = given ?? {
    asker: terminal.canAsk ? terminal : null,
    showsResult: Deno.stdout.isTerminal(),
  };
  if (asker !== null && !options.yes && !saysSomething(options)) {
    return await askAndWrite(asker, showsResult, options.output);
  }
  const read = planOf(options);
  if (!read.ok) {
    complain(read.error.map((one) => `error: ${one}`).join("\n"));
    return 2;
  }
  return await write(read.value.plan, options.output, read.value.examples);
}

async function askAndWrite(asker: Asker, showsResult: boolean, output: string | null): Promise<number> {
  const plan = await askPlan(asker);
  let file = output;
  if (plan !== null && file === null && showsResult) {
    const typed = await asker.ask("\nFile to write [abfail.toml]: ");
    if (typed !== null) file = typed.trim() === "" ? "abfail.toml" : typed.trim();
  }
  if (plan === null || (file === null && showsResult)) {
    complain("\nerror: ended before the last answer; nothing was written");
    return 2;
  }
  asker.say("");
  return await write(plan, file, []);
}

/** Judges the file as `check` does before it is written. */
async function write(plan: ConfigPlan, output: string | null, examples: readonly string[]): Promise<number> {
  const text = configText(plan, freshKey());
  const parsed = parseConfig(text, output ?? "the config", SYSTEM);
  if (!parsed.ok) {
    const found = parsed.error.map(({ path, message }) => `  ${path}: ${message}`);
    complain(`error: that would be no right config:\n${found.join("\n")}`);
    return 2;
  }
  const told = output === null ? "" : next(output, examples, secretFor(plan));
  return await deliver(text, output, SECRET_MODE, told);
}

/** `told`: what to say once it is written. */
async function deliver(
  text: string,
  output: string | null,
  mode: number,
  told: string,
): Promise<number> {
  if (output === null) {
    print(text);
    return 0;
  }
  try {
    await Deno.writeTextFile(output, text, { createNew: true, mode });
  } catch (problem) {
    if (problem instanceof Deno.errors.AlreadyExists) return refuse(output);
    complain(`error: cannot write ${output}: ${reasonOf(problem)}`);
    return 2;
  }
  complain(told);
  return 0;
}

function refuse(output: string): number {
  complain(`error: cannot write ${output}: it is there already, and is left as it is`);
  return 2;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false; // Where it cannot be looked at, writing says why.
  }
}

/** Alert rules for Prometheus, a dashboard for Grafana's import, or a hardened unit for systemd. */
export function extraText(extra: Extra): string {
  switch (extra) {
    case "alerts":
      return alerts;
    case "dashboard":
      return dashboard;
    case "systemd":
      return unit;
    default:
      return unreachable(extra);
  }
}

function next(output: string, examples: readonly string[], secret: string | null): string {
  const steps = [
    ...(examples.length === 0 ? [] : [`put your own into it; still an example: ${examples.join(", ")}`]),
    ...(secret === null ? [] : [secret]),
    `abfail check --config ${output}`,
    `copy it to every node; there: abfail run --config ${output}`,
  ];
  return `Wrote ${output} with a fresh key. Next:\n${steps.map((one, i) => `  ${i + 1}. ${one}`).join("\n")}`;
}

/** What must lie on every node beside the config. */
function secretFor({ publisher, secret, details }: ConfigPlan): string | null {
  if (details.command !== undefined) {
    return `put ${commandWords(details.command)[0]} on every node, executable`;
  }
  const what = PUBLISHER_NEEDS[publisher].secret?.what;
  if (secret === null || what === undefined) return null;
  return secret.kind === "file"
    ? `put ${what} into ${secret.path} on every node, mode 600`
    : `put ${what} into the variable ${secret.variable} of the environment on every node`;
}
