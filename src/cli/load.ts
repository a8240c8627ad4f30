/** Reading a config file: from disk, with everything that is wrong said at once. */
import { err, ok, type Result } from "../base/result.ts";
import type { Config } from "../config/config.ts";
import { OPEN } from "../config/locate.ts";
import { type ConfigReader, parseConfig, type ParseOptions } from "../config/parse.ts";
import { type ConfigProblem, explainProblem } from "../config/problem.ts";

/** Why a config could not be loaded. */
export interface LoadProblem {
  /** One per thing that is wrong; empty when the file could not be read. */
  readonly problems: readonly ConfigProblem[];
  /** All of it for people, several lines, to be printed behind `error: `. */
  readonly text: string;
}

/**
 * Loads a config. The error is text for people: a first line, then a line `file:line: path: ...` for each
 * problem. `{ keys: "optional" }` is for commands that only ask a node: they need no cluster keys.
 */
export async function loadConfig(path: string, options: ParseOptions = {}): Promise<Result<Config, string>> {
  const loaded = await loadConfigFully(path, options);
  return loaded.ok ? loaded : err(loaded.error.text);
}

/** The same with the problems one by one. */
export async function loadConfigFully(
  path: string,
  options: ParseOptions = {},
): Promise<Result<Config, LoadProblem>> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (problem) {
    const missing = problem instanceof Deno.errors.NotFound;
    const help = missing ? "\n    `abfail init --output FILE` writes one to start from" : "";
    return err({ problems: [], text: `cannot read the config ${path}: ${reasonOf(problem)}${help}` });
  }
  const parsed = parseConfig(text, path, SYSTEM, options);
  if (!parsed.ok) return err({ problems: parsed.error, text: explainAll(path, parsed.error) });
  const warning = permissionWarning(path, text);
  if (warning === null) return parsed;
  return ok({ ...parsed.value, warnings: [...parsed.value.warnings, warning] });
}

function explainAll(path: string, problems: readonly ConfigProblem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return [`${count} in ${path}`, ...problems.map(explainProblem)].join("\n");
}

/** The variables and files of this machine. */
export const SYSTEM: ConfigReader = {
  env: (name) => Deno.env.get(name),
  readTextFile: (path) => {
    try {
      return ok(Deno.readTextFileSync(path));
    } catch (problem) {
      return err(reasonOf(problem));
    }
  },
  mode: (path) => {
    try {
      return Deno.statSync(path).mode;
    } catch {
      return null;
    }
  },
};

function permissionWarning(path: string, text: string): string | null {
  if (!/^\s*keys\s*=/m.test(text)) return null;
  const mode = Deno.statSync(path).mode;
  if (mode === null || (mode & OPEN) === 0) return null;
  const octal = (mode & 0o777).toString(8).padStart(4, "0");
  return `${path} holds the cluster's keys and others on this machine may read it (mode ${octal}): chmod 600`;
}

/** One phrase on why a file could not be read. */
export function reasonOf(problem: unknown): string {
  if (problem instanceof Deno.errors.NotFound) return "there is no such file";
  if (problem instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (problem instanceof Deno.errors.IsADirectory) return "it is a folder";
  return (problem instanceof Error ? problem.message : String(problem)).replace(/ \(os error.*$/, "");
}
