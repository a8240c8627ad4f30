/** The texts of the arena: the nodes' config, BIND's, the program of the `exec` publisher. */
import { KEY, KEY_NAME } from "../support/name_server.ts";
import { randomKey } from "../support/cluster.ts";

export const ZONE = "faults.test";
export const BIND_NAME = `web.bind.${ZONE}`;
export const BIND_ZONE = `bind.${ZONE}`;
export const NODE_NAME = `web.ha.${ZONE}`;
export const NODE_DNS_PORT = 5300;
export const BIND_PORT = 53;
export const TARGET_PORT = 8080;
export const NODE_PORT = 7420;

export interface ConfigPlaces {
  readonly nodes: readonly string[];
  readonly targets: readonly { readonly name: string; readonly address: string }[];
  readonly bind: string;
  /** As each node sees it: its own folder is mounted there. */
  readonly own: string;
  readonly witness: string;
}

/** One file, the same on every node. */
export function nodeConfig({ nodes, targets, bind, own, witness }: ConfigPlaces): string {
  const members = nodes.map((address, i) =>
    `[[cluster.nodes]]\nid = ${i + 1}\naddress = "${address}:${NODE_PORT}"\nzone = "z${i + 1}"\n`
  );
  const copies = targets.map(({ name, address }) =>
    `[[services.targets]]\nname = "${name}"\naddress = "${address}:${TARGET_PORT}"\npublish = "${address}"\n`
  );
  return `[cluster]
name = "faults"
keys = ["${randomKey()}"]
${members.join("")}
[node]
state_dir = "${own}/state"
[election]
timing = "wan"
preempt_delay = "3s"
[api]
listen = "127.0.0.1:7421"
socket = "${own}/abfail.sock"
[dns]
listen = "0.0.0.0:${NODE_DNS_PORT}"
zone = "ha.${ZONE}"
nameservers = ["ns1.ha.${ZONE}"]
stale = "servfail"
[[services]]
name = "web"
failback_delay = "1s"
max_failback_delay = "4s"
min_hold = "500ms"
[services.check]
type = "http"
port = ${TARGET_PORT}
path = "/healthz"
interval = "500ms"
fast_interval = "150ms"
timeout = "400ms"
fall = 2
rise = 2
${copies.join("")}
[[services.publish]]
type = "dns"
name = "${NODE_NAME}"
ttl = "0s"
[[services.publish]]
type = "rfc2136"
server = "${bind}"
zone = "${BIND_ZONE}"
name = "${BIND_NAME}"
ttl = "1s"
timeout = "1s"
key_name = "${KEY_NAME}"
key = "${KEY}"
[[services.publish]]
type = "exec"
name = "witness"
command = ["${witness}", "write"]
read_command = ["${witness}", "read"]
timeout = "1s"
`;
}

/** Writes each run down before it does anything else: when its process was made (ticks since boot), and for what. */
export function witnessProgram(folder: string): string {
  return `#!/bin/sh
if [ "$1" = read ]; then cat ${folder}/shown 2>/dev/null; exit 0; fi
read -r stat < /proc/$$/stat
set -- \${stat##*) }
echo "\${20} $ABFAIL_EPOCH $ABFAIL_TARGET" >> ${folder}/runs
printf %s "$ABFAIL_ADDRESS" > ${folder}/shown.$$ && mv ${folder}/shown.$$ ${folder}/shown
`;
}

export function bindConfig(folder: string): string {
  return `key "${KEY_NAME}" { algorithm hmac-sha256; secret "${KEY}"; };
options { directory "${folder}"; pid-file "${folder}/pid"; session-keyfile "${folder}/session";
  listen-on port ${BIND_PORT} { any; }; listen-on-v6 { none; }; recursion no; notify no; dnssec-validation no; };
controls { };
zone "${BIND_ZONE}" { type primary; file "${folder}/zone"; allow-update { key "${KEY_NAME}"; }; };
`;
}

export function bindZone(): string {
  return `$ORIGIN ${BIND_ZONE}.\n$TTL 1\n@ SOA ns1 admin 1 3600 600 86400 1\n@ NS ns1\nns1 A 127.0.0.1\n`;
}
