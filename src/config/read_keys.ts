/** Where the cluster's keys come from: `keys`, `keys_file` or ABFAIL_KEYS. */
import type { ReadDocument } from "./check_cluster.ts";
import type { ConfigReader } from "./config_reader.ts";
import { isAbsentCredential, modeWarning, readLocated } from "./locate.ts";
import type { Reading } from "./reading.ts";
import { readKey } from "./values.ts";

/**
 * How much a command wants keys: `needed`, `optional` for those that only ask, `here` where a credential that systemd
 * hands to the service alone is no mistake.
 */
export type KeysNeed = "needed" | "optional" | "here";

/** A file of keys has so many characters at most: hundreds of keys. */
const FILE_MAX = 64 * 1024;
/** The variable that holds keys, separated by commas or spaces. */
const VARIABLE = "ABFAIL_KEYS";
/** The key of config.example.toml: everyone knows it. */
export const EXAMPLE_KEY = btoa("example key: replace, keygen!!!!");

/**
 * The keys as base64. ABFAIL_KEYS wins over the file, as the other variables do. With `optional`, keys that
 * cannot be had are a warning: commands that only ask need none.
 */
export function readKeys(
  read: ReadDocument,
  resolve: (path: string) => string,
  io: ConfigReader,
  reading: Reading,
  need: KeysNeed,
): readonly string[] {
  const { keys, keys_file: file } = read.cluster ?? {};
  if (keys !== undefined && file !== undefined) {
    reading.report(["cluster", "keys_file"], "there is keys already; only one of the two is allowed");
  }
  const found = fromEnvironment(io, keys !== undefined || file !== undefined, reading) ??
    (file === undefined ? keys : fromFile(resolve(file), io, reading, need));
  const known = found ?? [];
  if (
    found === undefined && !reading.isBad(["cluster", "keys"]) && !reading.isBad(["cluster", "keys_file"])
  ) {
    const elsewhere = need === "here" && file !== undefined && isAbsentCredential(resolve(file));
    if (need !== "optional" && !elsewhere && !reading.isBad(["cluster"]) && !reading.isBad([VARIABLE])) {
      reading.report(["cluster", "keys"], `is missing: the key that seals all messages between the nodes`, [
        `such as keys = ["…"], keys_file = "/etc/abfail/keys", or ${VARIABLE} in the environment`,
        "`abfail keygen` prints a fresh key",
      ]);
    }
  }
  if (new Set(known).size < known.length) reading.warn(["cluster", "keys"], "the same key is there twice");
  if (known.includes(EXAMPLE_KEY)) {
    reading.warn(
      ["cluster", "keys"],
      "this is the key of the example, which everyone knows; `abfail keygen` makes one",
    );
  }
  return known;
}

function fromEnvironment(
  io: ConfigReader,
  alsoInFile: boolean,
  reading: Reading,
): readonly string[] | undefined {
  const words = (io.env(VARIABLE) ?? "").split(/[\s,]+/).filter((word) => word !== "");
  if (words.length === 0) return undefined;
  if (alsoInFile) {
    reading.warn([VARIABLE], "is set in the environment and used instead of the keys of the config");
  }
  return words.flatMap((word, i) => {
    const key = readKey(word);
    if (key.ok) return [key.value];
    reading.report([VARIABLE], `key ${i + 1} of the environment variable: ${key.error}`);
    return [];
  });
}

function fromFile(
  path: string,
  io: ConfigReader,
  reading: Reading,
  need: KeysNeed,
): readonly string[] | undefined {
  const at = ["cluster", "keys_file"];
  const text = readLocated(path, io);
  if (!text.ok) {
    if (need === "optional" || (need === "here" && isAbsentCredential(path))) {
      reading.warn(at, `cannot read ${path}: ${text.error}`);
    } else reading.report(at, `cannot read ${path}: ${text.error}`);
    return undefined;
  }
  if (text.value.length > FILE_MAX) {
    reading.report(at, `${path} is no file of keys: it is too long`);
    return undefined;
  }
  const open = modeWarning(path, io);
  if (open !== null) reading.warn(at, open);
  const keys: string[] = [];
  for (const [i, line] of text.value.split("\n").entries()) {
    for (const word of line.replace(/#.*/, "").split(/[\s,]+/).filter((part) => part !== "")) {
      const key = readKey(word);
      if (key.ok) keys.push(key.value);
      else reading.report(at, `line ${i + 1} of ${path}: ${key.error}`);
    }
  }
  if (keys.length === 0 && !reading.isBad(at)) reading.report(at, `${path} holds no key`);
  return keys;
}
