import assert from "node:assert/strict";
import { err, ok } from "../../../src/base/result.ts";
import type { ConfigReader } from "../../../src/config/config_reader.ts";
import { parseConfig } from "../../../src/config/parse.ts";

const KEY = btoa("0123456789abcdef0123456789abcdef");

const TEXT = `[cluster]
name = "prod"
keys_file = "credential:keys"
${[1, 2, 3].map((id) => `[[cluster.nodes]]\nid = ${id}\naddress = "10.0.0.${id}:7420"\n`).join("")}
[api]
token_file = "credential:token"
`;

/** A machine with these files; modes are 0600 where nothing else is said. */
function machine(
  files: Readonly<Record<string, string>>,
  folder: string | null = null,
  modes: Readonly<Record<string, number>> = {},
): ConfigReader {
  return {
    env: (name) => name === "CREDENTIALS_DIRECTORY" ? folder ?? undefined : undefined,
    readTextFile: (path) => path in files ? ok(files[path] as string) : err("there is no such file"),
    mode: (path) => path in files ? 0o100000 | (modes[path] ?? 0o600) : null,
  };
}

Deno.test("a credential is a file in the folder that systemd names", () => {
  const files = { "/run/credentials/abfail/keys": `${KEY}\n`, "/run/credentials/abfail/token": "x\n" };
  const modes = { "/run/credentials/abfail/keys": 0o440 };
  const config = parseConfig(TEXT, "/etc/abfail.toml", machine(files, "/run/credentials/abfail", modes));
  assert(config.ok);
  assert.equal(config.value.cluster.keys[0]?.reveal(), KEY);
  assert.equal(config.value.api.tokenFile, "/run/credentials/abfail/token");
  assert.deepEqual(
    config.value.warnings.filter((one) => !one.startsWith("services:")),
    [],
    "access lists of systemd's folder are not its modes",
  );
});

Deno.test("outside of the service a credential is a mistake for `run` and a warning for `check`", () => {
  const run = parseConfig(TEXT, "/etc/abfail.toml", machine({}));
  assert(!run.ok);
  assert.match(
    run.error.map(({ message }) => message).join(),
    /credential:keys: systemd hands it to the service/,
  );
  const check = parseConfig(TEXT, "/etc/abfail.toml", machine({}), { keys: "here" });
  assert(check.ok);
  assert.equal(check.value.warnings.filter((one) => one.includes("credential:")).length, 2);
  assert.match(check.value.warnings.join(), /LoadCredential/);
});

Deno.test("a credential's name leads nowhere else", () => {
  for (const name of ["../shadow", "a/b", "", ".hidden"]) {
    const files = { "/run/c/../shadow": KEY, "/run/c/a/b": KEY, "/run/c/": KEY, "/run/c/.hidden": KEY };
    const text = TEXT.replace("credential:keys", `credential:${name}`);
    assert(!parseConfig(text, "/etc/abfail.toml", machine(files, "/run/c")).ok, name);
  }
});

Deno.test("files of secrets that others may read deserve a word, each of them", () => {
  const files = {
    "/etc/keys": KEY,
    "/etc/token": "x",
    "/etc/a.key": "x",
    "/etc/a.pem": "x",
    "/etc/cloud": "x",
  };
  const text = TEXT.replace("credential:keys", "/etc/keys").replace("credential:token", "/etc/token") +
    `cert_file = "/etc/a.pem"\nkey_file = "/etc/a.key"
[[services]]\nname = "web"\n[services.check]\ntype = "tcp"\nport = 80
[[services.targets]]\nname = "a"\naddress = "10.0.0.1"
[[services.publish]]\ntype = "digitalocean-dns"\ndomain = "example.com"\nrecord = "web"\nrecord_type = "A"
token_file = "/etc/cloud"\n`;
  const modes = Object.fromEntries(Object.keys(files).map((path) => [path, 0o644]));
  const open = parseConfig(text, "/etc/abfail.toml", machine(files, null, modes));
  assert(open.ok);
  const said = open.value.warnings.filter((warning) => warning.includes("mode 0644): chmod 600"));
  for (const path of ["/etc/keys", "/etc/token", "/etc/a.key", "/etc/cloud"]) {
    assert(said.some((warning) => warning.includes(path)), path);
  }
  assert.equal(said.length, 4, "a certificate is public");
  const group = Object.fromEntries(Object.keys(files).map((path) => [path, 0o640]));
  const closed = parseConfig(text, "/etc/abfail.toml", machine(files, null, group));
  assert(closed.ok && !closed.value.warnings.some((warning) => warning.includes("chmod")));
});

Deno.test("a program that is not here, or may not be run, is named with its key; one that may is not", () => {
  const run = `${TEXT.replaceAll("credential:", "/etc/abfail/")}
[[services]]
name = "web"
check = { type = "tcp", port = 80 }
targets = [{ name = "a", address = "10.0.1.1" }, { name = "b", address = "10.0.1.2" }]
publish = [{ type = "exec", command = ["/opt/move"], read_command = ["/opt/show"] }]
[[notify]]
type = "exec"
command = ["/opt/tell", "x"]
`;
  const said = (modes: Readonly<Record<string, number>>): readonly string[] => {
    const files = {
      "/etc/abfail/keys": KEY,
      ...Object.fromEntries(Object.keys(modes).map((path) => [path, ""])),
    };
    const config = parseConfig(run, "/etc/abfail.toml", machine(files, null, modes));
    assert.ok(config.ok, config.ok ? "" : JSON.stringify(config.error));
    return config.value.warnings.filter((warning) => warning.includes("/opt/"));
  };
  const [first, second, third] = said({ "/opt/show": 0o644 });
  assert.match(first ?? "", /publish\[0\]\.command .*there is no \/opt\/move here: it must be on every node/);
  assert.match(second ?? "", /publish\[0\]\.read_command .*\/opt\/show is not executable here: chmod \+x/);
  assert.match(third ?? "", /notify\[0\]\.command .*there is no \/opt\/tell here/);
  assert.deepEqual(said({ "/opt/move": 0o755, "/opt/show": 0o755, "/opt/tell": 0o700 }), []);
});
