/**
 * The usual ways to say `abfail run`, read without the parser of all commands: a node runs for months, and the parser
 * with all its commands and helps takes 5 MiB that are never given back. Nothing is decided here that `args.ts` does not
 * decide in the same way; whatever is not plainly one of these (`--help`, a mistake, a short way to write it) is
 * its.
 */
import { LOG_LEVELS, type LogLevel } from "../config/log_categories.ts";
import type { RunOptions } from "./options.ts";

const OPTIONS: Readonly<Record<string, "config" | "nodeId" | "logLevel" | "logFormat">> = {
  "--config": "config",
  "-c": "config",
  "--node-id": "nodeId",
  "--log-level": "logLevel",
  "--log-format": "logFormat",
};

/** The options of a plain `run`; null: ask `args.ts`. `nodeId`: ABFAIL_NODE_ID, undefined where it is not set. */
export function readRunArgs(args: readonly string[], nodeId: string | undefined): RunOptions | null {
  const [command, ...words] = args;
  if (command !== "run" || words.length % 2 !== 0) return null;
  const given = new Map<string, string>();
  for (let i = 0; i < words.length; i += 2) {
    const [word = "", value = ""] = words.slice(i);
    const option = Object.hasOwn(OPTIONS, word) ? OPTIONS[word] : undefined;
    if (option === undefined || given.has(option) || value === "" || value.startsWith("-")) return null;
    given.set(option, value);
  }
  const config = given.get("config");
  const id = readNodeId(given.get("nodeId") ?? nodeId);
  const logLevel = given.get("logLevel") ?? null;
  const logFormat = given.get("logFormat") ?? "text";
  if (config === undefined || id === undefined) return null;
  if (logLevel !== null && !isLogLevel(logLevel)) return null;
  if (logFormat !== "text" && logFormat !== "json") return null;
  return { config, nodeId: id, logLevel, logFormat };
}

/** Null where none is given, undefined where it is none. */
function readNodeId(text: string | undefined): number | null | undefined {
  if (text === undefined) return null;
  const id = /^[0-9]{1,16}$/.test(text) ? Number(text) : 0;
  return id >= 1 && id <= 65535 ? id : undefined;
}

function isLogLevel(text: string): text is LogLevel {
  return LOG_LEVELS.some((level) => level === text);
}
