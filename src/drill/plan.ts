/** Where everything of a drill is on this machine, and the config that says so to the nodes. */
import type { HostPort } from "../config/config.ts";
import { canBind, freePorts } from "./ports.ts";

export interface Place {
  readonly id: number;
  readonly zone: string;
  readonly udp: HostPort;
  readonly api: HostPort;
  readonly dns: HostPort;
}

export interface TargetPlace {
  readonly name: string;
  readonly address: HostPort;
  /** The IPv4 address under which it is published. */
  readonly publish: string;
}

export interface Plan {
  readonly nodes: readonly Place[];
  /** The preferred one first. */
  readonly targets: readonly TargetPlace[];
  /** The name that clients ask for. */
  readonly name: string;
}

const LOOPBACK = "127.0.0.1";
const ZONES = ["a", "b", "c"];
const TARGETS = ["web-a", "web-b"];

/**
 * Draws the ports. Each target has its own loopback address where the system has more than one (Linux); else
 * both are on 127.0.0.1 and are published under documentation addresses (RFC 5737) that the client maps back.
 */
export function drawPlan(manyAddresses: boolean = canBind("127.0.0.2")): Plan {
  const hosts = manyAddresses ? ["127.0.0.2", "127.0.0.3"] : [LOOPBACK, LOOPBACK];
  // All in one draw: two draws could come upon the same port.
  const ports = freePorts(ZONES.length * 3 + 2, [...new Set([LOOPBACK, ...hosts])]);
  const at = (i: number): HostPort => ({ host: LOOPBACK, port: ports[i] as number });
  const nodes = ZONES.map((zone, i) => ({
    id: i + 1,
    zone,
    udp: at(i * 3),
    api: at(i * 3 + 1),
    dns: at(i * 3 + 2),
  }));
  const [first, second] = ports.slice(ZONES.length * 3) as [number, number];
  const targets = TARGETS.map((name, i) => {
    const host = hosts[i] as string;
    const port = manyAddresses || i === 0 ? first : second;
    return { name, address: { host, port }, publish: manyAddresses ? host : `192.0.2.${i + 1}` };
  });
  return { nodes, targets, name: "web.drill.test" };
}

/** How fast a drill's cluster is: quick enough to watch, with nothing hurried. */
const DRILL_TIMES = { preemptDelayMs: 2000, failbackDelayMs: 1000 } as const;

/** The config of all three nodes. */
export function drillConfig(plan: Plan, key: string): string {
  return `# Written by \`abfail simulate --live\`.
[cluster]
name = "drill"
keys = ["${key}"]
${plan.nodes.map(nodeText).join("")}
[election]
timing = "lan"
preempt_delay = "${DRILL_TIMES.preemptDelayMs}ms"

[dns]
listen = "127.0.0.1:5300"
zone = "drill.test"
nameservers = ["ns1.drill.test"]

[[services]]
name = "web"
failback_delay = "${DRILL_TIMES.failbackDelayMs}ms"
min_hold = "500ms"

[services.check]
type = "http"
path = "/healthz"
interval = "200ms"
fast_interval = "100ms"
timeout = "400ms"
fall = 2
rise = 2
${plan.targets.map(targetText).join("")}
[[services.publish]]
type = "dns"
name = "${plan.name}"
ttl = "1s"
`;
}

function nodeText({ id, zone, udp, api, dns }: Place): string {
  return `
[[cluster.nodes]]
id = ${id}
address = "${textOf(udp)}"
zone = "${zone}"
api = "${textOf(api)}"
dns = "${textOf(dns)}"
`;
}

function targetText({ name, address, publish }: TargetPlace): string {
  return `
[[services.targets]]
name = "${name}"
address = "${textOf(address)}"
publish = "${publish}"
`;
}

function textOf({ host, port }: HostPort): string {
  return `${host}:${port}`;
}
