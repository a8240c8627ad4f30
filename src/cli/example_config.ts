/** The commented config that `init` writes. `config.example.toml` is what it writes without being told anything. */
import {
  type ConfigPlan,
  examplePlan,
  type PlannedCheck,
  type PlannedNode,
  type PlannedTarget,
} from "./init_plan.ts";
import { line, publishText } from "./init_publish.ts";

/** The example: 2 to 64 nodes, this key; the addresses are to be replaced. */
export function exampleConfig(nodes: number, key: string): string {
  return configText(examplePlan(nodes), key);
}

/** The file of a plan. */
export function configText(plan: ConfigPlan, key: string): string {
  return [
    HEAD,
    cluster(plan, key),
    plan.nodes.map(member).join("\n"),
    NODE.trimEnd() + "\n",
    dns(plan),
    SERVICE.replace("NAME", plan.service).trimEnd() + "\n",
    check(plan.check),
    plan.targets.map(target).join("\n"),
    publishText(plan),
    TAIL,
  ].join("\n");
}

function cluster({ cluster, nodes }: ConfigPlan, key: string): string {
  return `[cluster]
name = "${cluster}"
# Seals all messages between the nodes. The first key seals, all open: to change it without a gap, add the new
# one as the second everywhere, then make it the first, then drop the old one. Or keys_file = "/etc/abfail/keys".
keys = ["${key}"]
${nodes.length === 2 ? TWO : ""}`;
}

function member({ zone, address }: PlannedNode, index: number): string {
  const id = index + 1;
  const comment = id === 1
    ? "  # UDP, as the other nodes reach it; host names and [IPv6]:port too"
    : id === 3
    ? "  # any small machine will do: it breaks ties"
    : "";
  return `[[cluster.nodes]]
id = ${id}${id === 1 ? "  # a lower id has more authority" : ""}
address = "${address}"${comment}
${zone === "" ? '# zone = "nyc1"  # free text, shown everywhere' : `zone = "${zone}"`}
`;
}

/** The embedded server; commented out where another publishes. */
function dns({ publisher, zone }: ConfigPlan): string {
  const own = publisher === "dns" ? zone : "ha.example.com";
  const lines = [
    line("[dns]", "the embedded DNS server, on every node"),
    'listen = "0.0.0.0:53"',
    line(`zone = "${own}"`, "delegate it to the nodes: NS records in the zone above"),
    `nameservers = ["ns1.${own}", "ns2.${own}"]`,
  ];
  const shown = publisher === "dns" ? lines : lines.map((one) => `# ${one}`);
  const stale = line('# stale = "serve"', "without a lease in sight: serve the last answer | servfail");
  return [...shown, stale, ""].join("\n");
}

function check({ type, port, path }: PlannedCheck): string {
  const isWeb = type === "http" || type === "https";
  return [
    "[services.check]",
    line(`type = "${type}"`, "http | https | tls | tcp | udp | dns | grpc | exec"),
    ...(port === null ? [] : [`port = ${port}`]),
    ...(path === null ? [] : [`path = "${path}"`]),
    CHECK_TIMES,
    ...(isWeb
      ? [
        line(
          '# expect_status = ["200-299"]',
          "also: method, headers, host, expect_body, follow_redirects, http2",
        ),
      ]
      : []),
    "# https, tls, grpc: verify, ca_file, server_name, client_cert_file, client_key_file, expire_warning",
    "# tcp, udp: send, expect; dns: query, record, expect; grpc: service, tls; exec: command, env",
    "",
  ].join("\n");
}

function target({ name, address, publish }: PlannedTarget, index: number): string {
  const isFirst = index === 0;
  const shown = publish !== null
    ? [line(`publish = "${publish}"`, isFirst ? "what is published" : null)]
    : isFirst
    ? [line('# publish = "192.0.2.10"', "what is published, where that is not the address")]
    : [];
  return [
    line("[[services.targets]]", isFirst ? "in order of preference: the first is the primary" : null),
    `name = "${name}"`,
    line(`address = "${address}"`, isFirst ? "where it is checked: host, or host:port" : null),
    ...shown,
    "",
  ].join("\n");
}

const HEAD = `#:schema abfail.schema.json
# abfail: one copy of a service in charge, and one name that points at it. The same file on every node.
# What it does: abfail check --config FILE. For editors (line 1): abfail schema > abfail.schema.json
# Durations are texts with a unit: "250ms", "1.5s", "2m". Lines that begin with # show what else there is.
`;

const TWO = `# Two nodes survive the loss of none; a third, however small, changes that.
allow_two = true
`;

const NODE =
  `# [node]                             # for this node alone; by default it is the one whose address is here
# id = 1                             # --node-id and ABFAIL_NODE_ID win
# listen = "0.0.0.0:7420"            # what to bind, where that is not its address (NAT)
# state_dir = "/var/lib/abfail"      # remember the term and the state over restarts

[election]
timing = "wan"                       # heartbeat/lease: local 20ms/150ms, lan 50ms/400ms, wan 100ms/1s
# preempt = true                     # lead from the node with the most authority again, once it
# preempt_delay = "10s"              # has been steady for so long

[api]
listen = "127.0.0.1:7421"            # status, metrics and a page
# token_file = "/etc/abfail/token"   # for switch, drain, step-down over the network
# socket = "/run/abfail/api.sock"    # for the same on this machine, without a token

`;

const SERVICE = `[[services]]
name = "NAME"
# observers = "majority"             # whose opinions count: majority | leader | all | any | a number
# failback = "auto"                  # go back to a better target by itself | manual
# failback_delay = "10s"             # once it has been healthy for so long
# min_hold = "5s"                    # after a switch no other, unless the active target is down
# max_failback_delay = "320s"        # a target that flaps is held back twice as long each time, up to this
# warmup = "3.8s"                    # so long after the leader's start no target is left as down
# on_all_down = "keep"               # keep | withdraw | the name of the target to fall back to

`;

const CHECK_TIMES = `interval = "1s"
fast_interval = "250ms"              # while the opinion is about to change
timeout = "800ms"
fall = 3                             # bad probes in a row until it is down
rise = 2                             # good ones until it is up`;

const TAIL = `# [[services.publish]]               # or: run a program that makes it so
# type = "exec"
# command = ["/usr/local/bin/move-address"]
# read_command = ["/usr/local/bin/show-address"]
# timeout = "5s"

# [[notify]]                         # tell someone
# type = "webhook"                   # webhook | exec
# url = "https://hooks.example.com/x"
# events = ["leader", "switch", "publish-failed", "drift", "all-down"]
`;
