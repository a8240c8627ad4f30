/** The config that drills run with when none is given: three zones, two copies of one service, both kinds of publishers. */
import { err } from "../base/result.ts";
import type { Config } from "../config/config.ts";
import { EXAMPLE_KEY } from "../config/read_keys.ts";
import { parseConfig } from "../config/parse.ts";
import { explainProblem } from "../config/problem.ts";

const ZONES = ["nyc1", "sfo2", "home"] as const;

/** A config of so many nodes. */
export function builtinConfig(nodes: number, timing: "local" | "lan" | "wan" = "wan"): Config {
  const members = Array.from({ length: nodes }, (_, i) => `
[[cluster.nodes]]
id = ${i + 1}
address = "10.0.${i + 1}.10:7420"
zone = "${ZONES[i] ?? `zone${i + 1}`}"
`).join("");
  const text = `
[cluster]
name = "drill"
keys = ["${EXAMPLE_KEY}"]
${nodes === 2 ? "allow_two = true" : ""}
${members}
[election]
timing = "${timing}"

[dns]
listen = "0.0.0.0:53"
zone = "ha.example.com"
nameservers = ["ns1.ha.example.com"]

[[services]]
name = "web"
failback_delay = "5s"
[services.check]
type = "http"
port = 8080
path = "/healthz"
interval = "1s"
fast_interval = "250ms"
timeout = "800ms"
fall = 3
rise = 2
[[services.targets]]
name = "nyc1"
address = "10.0.1.20"
[[services.targets]]
name = "sfo2"
address = "10.0.2.20"
[[services.publish]]
type = "dns"
name = "web.ha.example.com"
ttl = "5s"
[[services.publish]]
type = "exec"
command = ["/usr/bin/publish"]
read_command = ["/usr/bin/show"]
timeout = "2s"
`;
  const nothing = { env: () => undefined, readTextFile: () => err("there are no files in a drill") } as const;
  const parsed = parseConfig(text, "built-in", nothing);
  if (!parsed.ok) throw new Error(parsed.error.map(explainProblem).join("\n"));
  return parsed.value;
}
