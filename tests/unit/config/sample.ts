/** Configs and a world for the tests of the config. */
import assert from "node:assert/strict";
import { err, ok } from "../../../src/base/result.ts";
import type { Config } from "../../../src/config/config.ts";
import { type ConfigReader, parseConfig, type ParseOptions } from "../../../src/config/parse.ts";
import { explainProblem } from "../../../src/config/problem.ts";

export const KEY = btoa("an ordinary key of thirty-two by");
export const OTHER_KEY = btoa("some other key of thirty-two byt");

/** `[cluster]` with three nodes. */
export const CLUSTER = `[cluster]
name = "prod"
keys = ["${KEY}"]
[[cluster.nodes]]
id = 1
address = "10.0.1.10:7420"
[[cluster.nodes]]
id = 2
address = "10.0.2.10:7420"
[[cluster.nodes]]
id = 3
address = "10.0.3.10:7420"
`;

/** One service with two targets, checked over TCP; more keys of the check, of the service, of its lists. */
export function service(
  parts: { readonly name?: string; readonly top?: string; readonly check?: string; readonly rest?: string } =
    {},
): string {
  const { name = "web", top = "", check = "", rest = "" } = parts;
  return `[[services]]
name = "${name}"
${top}
[services.check]
type = "tcp"
port = 80
${check}
[[services.targets]]
name = "a"
address = "10.0.1.20"
[[services.targets]]
name = "b"
address = "10.0.2.20"
${rest}
`;
}

/** A zone for publishers of type `dns`. */
export const DNS = `[dns]
zone = "ha.example.com"
nameservers = ["ns1.ha.example.com"]
`;

/** A world of these files and variables. */
export function world(
  parts: {
    readonly files?: Readonly<Record<string, string>>;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): ConfigReader {
  const { files = {}, env = {} } = parts;
  return {
    env: (name) => env[name],
    readTextFile: (path) => files[path] === undefined ? err("there is no such file") : ok(files[path]),
  };
}

/** The config of a text that is right. */
export function right(text: string, io: ConfigReader = world(), options: ParseOptions = {}): Config {
  const parsed = parseConfig(text, "/etc/abfail/abfail.toml", io, options);
  assert.ok(parsed.ok, parsed.ok ? "" : parsed.error.map(explainProblem).join("\n"));
  return parsed.value;
}

/** Everything that is wrong with a text, as people see it, without the file's name. */
export function wrong(text: string, io: ConfigReader = world()): string[] {
  const parsed = parseConfig(text, "f", io);
  assert.ok(!parsed.ok, "this config was taken");
  return parsed.error.map((problem) => explainProblem(problem).replace(/^f:?/, ""));
}

/** Exactly one problem, with all of these in its text. */
export function wrongOnce(text: string, ...parts: readonly string[]): void {
  const problems = wrong(text);
  assert.equal(problems.length, 1, problems.join("\n"));
  for (const part of parts) {
    assert.ok(problems[0]?.includes(part), `${JSON.stringify(part)} is not in: ${problems[0]}`);
  }
}
