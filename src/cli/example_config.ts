/** The commented config that `init` prints and that stands in `config.example.toml`. */

/** Zones of the first nodes. */
const ZONES = ["nyc1", "sfo2", "home"] as const;

/** A config of 2 to 64 nodes with this key; the addresses are to be replaced. */
export function exampleConfig(nodes: number, key: string): string {
  const members = Array.from({ length: nodes }, (_, i) => member(i + 1)).join("\n");
  const two = nodes === 2 ? TWO : "";
  return `${HEAD}
[cluster]
name = "prod"
# Seals all messages between the nodes. The first key seals, all open: to change it without a gap, add the new
# one as the second everywhere, then make it the first, then drop the old one. Or keys_file = "/etc/abfail/keys".
keys = ["${key}"]
${two}
${members}${BODY}`;
}

function member(id: number): string {
  const zone = ZONES[id - 1] ?? `zone${id}`;
  const comment = id === 1
    ? "  # UDP, as the other nodes reach it; host names and [IPv6]:port too"
    : id === 3
    ? "  # any small machine will do: it breaks ties"
    : "";
  return `[[cluster.nodes]]
id = ${id}${id === 1 ? "  # a lower id has more authority" : ""}
address = "10.0.${id}.10:7420"${comment}
zone = "${zone}"
`;
}

const HEAD = `# abfail: one copy of a service in charge, and one DNS name that points at it.
# The same file on every node. See what it does:  abfail check --config FILE
# Durations are texts with a unit: "250ms", "1.5s", "2m". Lines that begin with # show what else there is.
`;

const TWO = `# Two nodes survive the loss of none; a third, however small, changes that.
allow_two = true
`;

const BODY = `
# [node]                             # for this node alone; by default it is the one whose address is here
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
# socket = "/run/abfail.sock"        # for the same on this machine, without a token

[dns]                                # the embedded DNS server, on every node
listen = "0.0.0.0:53"
zone = "ha.example.com"              # delegate it to the nodes: NS records in example.com
nameservers = ["ns1.ha.example.com", "ns2.ha.example.com"]
# stale = "serve"                    # without a lease in sight: serve the last answer | servfail

[[services]]
name = "web"
# observers = "majority"             # whose opinions count: majority | leader | all | any | a number
# failback = "auto"                  # go back to a better target by itself | manual
# failback_delay = "10s"             # once it has been healthy for so long
# min_hold = "5s"                    # after a switch no other, unless the active target is down
# max_failback_delay = "320s"        # a target that flaps is held back twice as long each time, up to this
# warmup = "3.8s"                    # so long after the leader's start no target is left as down
# on_all_down = "keep"               # keep | withdraw | the name of the target to fall back to

[services.check]
type = "http"                        # http | https | tls | tcp | udp | dns | grpc | exec
port = 8080
path = "/healthz"
interval = "1s"
fast_interval = "250ms"              # while the opinion is about to change
timeout = "800ms"
fall = 3                             # bad probes in a row until it is down
rise = 2                             # good ones until it is up
# expect_status = ["200-299"]        # also: method, headers, host, expect_body, follow_redirects, http2
# https, tls, grpc: verify, ca_file, server_name, client_cert_file, client_key_file, expire_warning
# tcp, udp: send, expect; dns: query, record, expect; grpc: service, tls; exec: command, env

[[services.targets]]                 # in order of preference: the first is the primary
name = "nyc1"
address = "10.0.1.20"                # where it is checked: host, or host:port
# publish = "192.0.2.10"             # what is published, where that is not the address

[[services.targets]]
name = "sfo2"
address = "10.0.2.20"

[[services.publish]]
type = "dns"                         # dns | exec
name = "web.ha.example.com"
ttl = "5s"

# [[services.publish]]               # or: run a program that makes it so
# type = "exec"
# command = ["/usr/local/bin/move-address"]
# read_command = ["/usr/local/bin/show-address"]
# timeout = "5s"

# [[notify]]                         # tell someone
# type = "webhook"                   # webhook | exec
# url = "https://hooks.example.com/x"
# events = ["leader", "switch", "publish-failed", "drift", "all-down"]
`;
