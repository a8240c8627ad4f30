/** However a line with a secret is broken, what is said of it does not hold the secret. */
import assert from "node:assert/strict";
import { parseConfig } from "../../../src/config/parse.ts";
import { explainProblem } from "../../../src/config/problem.ts";
import { CLUSTER, KEY, service, world } from "./sample.ts";

/** Shorter than the forty letters that look like a key anywhere. */
const MARK = "MARKzyxwvutsrq";

const TEXT = CLUSTER + `[dns]
zone = "ha.example.com"
nameservers = ["ns1.ha.example.com"]
` +
  service({ check: `send = "AUTH ${MARK}"\nexpect = "ok"` }).replace("port = 80", "port = 81") + `
[[services.publish]]
type = "digitalocean-dns"
domain = "example.com"
record = "web"
record_type = "A"
ttl = "30s"
token = "${MARK}"
[[services.publish]]
type = "rfc2136"
server = "192.0.2.1"
zone = "example.com"
name = "a.example.com"
ttl = "5s"
key_name = "k"
key = "${btoa(MARK)}"
[[services.publish]]
type = "powerdns"
api_url = "https://192.0.2.1"
zone = "example.com"
name = "b.example.com"
ttl = "5s"
api_key = "${MARK}"
[[services.publish]]
type = "webhook"
url = "https://h.example/${MARK}"
read_url = "https://h.example/r/${MARK}"
headers = { authorization = "Basic ${MARK}" }
[[services]]
name = "program"
[services.check]
type = "exec"
command = ["/bin/true"]
env = { SECRET = "${MARK}" }
[[services.targets]]
name = "t"
address = "192.0.2.9"
[[notify]]
type = "webhook"
url = "https://h.example/n/${MARK}"
events = ["leader"]
`;

/** What fingers do to a line. (Under the key of something else nobody can tell a secret.) */
const SLIPS: readonly ((line: string) => string)[] = [
  (line) => line.slice(0, -1),
  (line) => line.replaceAll('"', ""),
  (line) => line.replace('"', ""),
  (line) => `${line}\n${line}`,
  (line) => `${line} x`,
  (line) => line.replace(/= (.*)$/, "= [$1]"),
  (line) => line.replace(/= (.*)$/, "= { a = $1 }"),
  (line) => line.replace(/= (.*)$/, "= [[$1"),
  (line) => line.replace(/^(\w+) =/, "$1x ="),
  (line) => line.replace(/^(\w+) =/, "$1"),
  (line) => line.replace(/"$/, '\\"'),
  (line) => line.replace(/"$/, '\\q"'),
  (line) => line.replace(/= "/, '= "\u0007'),
];

Deno.test("a secret in a line that is wrong, in whatever way, is not in what is said about it", () => {
  const lines = TEXT.split("\n");
  const marks = [MARK, btoa(MARK), KEY];
  const at = lines.flatMap((line, i) => marks.some((mark) => line.includes(mark)) ? [i] : []);
  assert(at.length >= 9, `${at.length} lines hold a secret`);
  assert(parseConfig(TEXT, "f", world()).ok, "it is right as it stands");
  const told: string[] = [];
  let broken = 0;
  for (const i of at) {
    for (const [n, slip] of SLIPS.entries()) {
      const text = lines.with(i, slip(lines[i] ?? "")).join("\n");
      const parsed = parseConfig(text, "f", world());
      const said = parsed.ok ? parsed.value.warnings : parsed.error.map(explainProblem);
      if (!parsed.ok) broken++;
      for (const one of said) {
        if (marks.some((mark) => one.includes(mark))) told.push(`slip ${n} of \`${lines[i]}\`: ${one}`);
      }
    }
  }
  assert(broken > 5 * at.length, `only ${broken} were wrong`);
  assert.deepEqual(told, []);
});
