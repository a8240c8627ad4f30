/** The one door to smol-toml. Its traps: tables have no prototype; numbers past 2^53 and dates are its own. */
import { parse, TomlError } from "smol-toml";
import { err, ok, type Result } from "../base/result.ts";

/** Broken TOML: reading cannot go on behind it. */
export interface TomlProblem {
  /** 1-based. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly help: readonly string[];
}

/** Reads a TOML document. */
export function parseToml(text: string): Result<Readonly<Record<string, unknown>>, TomlProblem> {
  try {
    return ok(parse(text));
  } catch (problem) {
    if (problem instanceof TomlError) return err(explain(problem, text));
    // Nested too deeply for the stack, and whatever else it did not expect.
    return err({ line: 1, column: 1, message: `this is not TOML: ${String(problem)}`, help: [] });
  }
}

function explain(problem: TomlError, text: string): TomlProblem {
  const { line, column } = problem;
  const [first = ""] = problem.message.split("\n");
  const reason = first.replace(/^Invalid TOML document: /, "");
  const source = text.split(/\r\n|\n/)[line - 1] ?? "";
  return {
    line,
    column,
    message: `this is not TOML: ${reason}`,
    help: [...hint(source, reason), ...show(source, column), "nothing behind this line was checked"],
  };
}

/** The usual slips. */
function hint(source: string, reason: string): string[] {
  const bare = /^\s*([A-Za-z0-9_.-]+)\s*=\s*([^"'[{\s#][^\s#,]*)/.exec(hidden(source));
  const [, key = "", value = ""] = bare ?? [];
  if (bare !== null && !/^(true|false)$/.test(value)) {
    if (/^[0-9.]+[a-z]+$/i.test(value)) return [`durations are in quotes: ${key} = "${value}"`];
    if (/integer|numeric|value|number/.test(reason)) return [`texts are in quotes: ${key} = "${value}"`];
  }
  if (/redefine/.test(reason) && /^\s*\[[^[]/.test(source)) {
    return ["a section may come once; a list of them is written with double brackets, such as [[services]]"];
  }
  if (/redefine/.test(reason)) return ["this key is there twice"];
  if (/control characters/.test(reason)) return ["is the closing quote missing?"];
  return [];
}

/** The line itself and where in it; what may be a key of the cluster is starred out. */
function show(source: string, column: number): string[] {
  if (source.trim() === "" || source.length > 120) return [];
  return [hidden(source), `${" ".repeat(Math.max(0, column - 1))}^`];
}

/** Keys whose values may be secrets, such as `token`, `transfer_key`, `url`. */
const SECRET =
  /^(\s*(?:[A-Za-z0-9_.-]*[_.-])?(?:tokens?|keys?|secrets?|passwords?|authorization|url|send|headers|env)\b\s*=?\s*)(.*)$/i;

/** The line with `*` for what may be a secret: the cluster's key is base64 of 32 octets, wherever it stands. */
function hidden(source: string): string {
  const starred = (text: string): string => "*".repeat(text.length);
  return source.replace(SECRET, (_all, key: string, value: string) => key + starred(value))
    .replaceAll(/[A-Za-z0-9+/_-]{40,}=*/g, starred);
}
