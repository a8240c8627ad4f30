/**
 * Every key that a config may have (PRODUCT.md, The config): its place, what it takes, what holds without it. The
 * reader, its messages and the JSON Schema all come from here.
 */
import { DATAGRAM_BYTES } from "../election/room.ts";
import { boolean, choice, duration, integer, text } from "./field.ts";
import { list, optional, required, table, tables, tagged } from "./field_table.ts";
import { limitKeys, transferKeys } from "./dns_keys.ts";
import { service } from "./service_keys.ts";
import { LOG_LEVELS, type LogCategory } from "./log_categories.ts";
import { NOTIFY_EVENTS, NOTIFY_FORMATS } from "./notify.ts";
import { inlineSecret, variable } from "./publisher_keys.ts";
import { bindable, clusterKey, command, domainName, filePath, headers, reachable, webUrl } from "./values.ts";

/** Presets of the two times that matter most, ms. */
export const TIMINGS = {
  local: { heartbeatMs: 20, leaseMs: 150 },
  lan: { heartbeatMs: 50, leaseMs: 400 },
  wan: { heartbeatMs: 100, leaseMs: 1000 },
} as const;

/** Nodes of one cluster at most; every one hears every other. */
const MAX_NODES = 64;
/** Services of one config at most. */
const MAX_SERVICES = 1024;

const HOUR_MS = 3_600_000;

const member = table({
  id: required(integer(1, 65535), "id = 1", "number of the node, 1..65535; a lower one has more authority"),
  address: required(
    reachable,
    'address = "10.0.1.10:7420"',
    "UDP host:port at which the other nodes reach this one",
  ),
  zone: optional(text("a zone", "nyc1", { min: 0, max: 63 }), "free text, shown everywhere", ""),
  priority: optional(integer(-1000, 1000), "higher leads first, before the id counts", 0),
  api: optional(bindable(7421), "what this node's API listens on, where it differs from [api] listen"),
  dns: optional(bindable(53), "what this node's DNS server listens on, where it differs from [dns] listen"),
});

const cluster = table({
  name: required(
    text("a name", "prod", { max: 63 }),
    'name = "prod"',
    "name of the cluster, the same on all nodes",
  ),
  keys: optional(
    list(clusterKey, { min: 1, max: 8, what: "keys" }),
    "cluster keys, base64 of 32 bytes each; the first seals, all open (`abfail keygen` makes one)",
  ),
  keys_file: optional(filePath("/etc/abfail/keys"), "file with the keys, one a line, instead of `keys`"),
  allow_two: optional(boolean, "allow a cluster of two nodes, which survives the loss of none", false),
  nodes: required(
    tables(member, { max: MAX_NODES, header: "cluster.nodes", what: "nodes" }),
    "[[cluster.nodes]]",
    "the nodes; three or more, an odd number is best",
  ),
});

const node = table({
  id: optional(
    integer(1, 65535),
    "which node this is; --node-id and ABFAIL_NODE_ID win; else found by address",
  ),
  listen: optional(bindable(7420), "UDP host:port to bind, where it is not the node's address (NAT)"),
  state_dir: optional(filePath("/var/lib/abfail"), "folder to remember the term and the state over restarts"),
});

const election = table({
  timing: optional(
    choice(["local", "lan", "wan"]),
    "preset of heartbeat/lease: local 20ms/150ms, lan 50ms/400ms, wan 100ms/1s",
    "wan",
  ),
  heartbeat: optional(duration({ minMs: 5, maxMs: 20_000 }), "how often the leader renews its lease"),
  lease: optional(
    duration({ minMs: 50, maxMs: 60_000 }),
    "how long nodes wait before they elect another leader; at least 3 heartbeats",
  ),
  preempt: optional(boolean, "hand leadership back to the node with the most authority", true),
  preempt_delay: optional(
    duration({ minMs: 0, maxMs: 24 * HOUR_MS }),
    "how long that node must be steady before",
    "10s",
  ),
  quarantine: optional(
    duration({ minMs: 0, maxMs: 10 * 60_000 }),
    "sit out at least so long after a start: the old quarantine, after the lease was made shorter",
  ),
  mtu: optional(
    integer(DATAGRAM_BYTES, 9000),
    "largest datagram that the network between the nodes carries, bytes; abfail sends none above 1200",
    DATAGRAM_BYTES,
  ),
});

const api = table({
  listen: optional(bindable(7421), "host:port of status, metrics and the page", "127.0.0.1:7421"),
  token_file: optional(
    filePath("/etc/abfail/token"),
    "file with the token that commands over the network need",
  ),
  socket: optional(filePath("/run/abfail/api.sock"), "Unix socket; whoever may open it may give commands"),
  cert_file: optional(
    filePath("/etc/abfail/api.pem"),
    "certificate (PEM, its chain behind it): HTTPS; with key_file",
  ),
  key_file: optional(filePath("/etc/abfail/api.key"), "its private key (PEM, without a password)"),
  client_ca_file: optional(
    filePath("/etc/abfail/clients.pem"),
    "ask clients for a certificate of one of these CAs (PEM), and refuse those without",
  ),
});

const dns = table({
  listen: optional(
    list(bindable(53), { min: 1, max: 16, orOne: true, what: "addresses" }),
    "host:port, or a list of them, for UDP and TCP",
    "0.0.0.0:53",
  ),
  zone: required(
    list(domainName, { min: 1, max: 16, orOne: true, what: "zones" }),
    'zone = "ha.example.com"',
    "the zone that this server answers for, or a list of them",
  ),
  nameservers: required(
    list(domainName, { min: 1, max: 13, what: "names" }),
    'nameservers = ["ns1.ha.example.com"]',
    "names of the zones' name servers (NS records)",
  ),
  stale: optional(
    choice(["serve", "servfail"]),
    "without a lease in sight: serve the last committed answer, or none",
    "serve",
  ),
  ...transferKeys,
  ...limitKeys,
});

const log = table({
  level: optional(choice(LOG_LEVELS), "least important messages to log; --log-level wins", "info"),
  levels: optional(
    table(
      {
        election: optional(choice(LOG_LEVELS), "who leads, and leases"),
        checks: optional(choice(LOG_LEVELS), "opinions; at debug every probe"),
        failover: optional(choice(LOG_LEVELS), "decisions and switches"),
        publish: optional(choice(LOG_LEVELS), "what publishers did"),
        network: optional(choice(LOG_LEVELS), "who is heard, and datagrams that are refused"),
        dns: optional(choice(LOG_LEVELS), "the DNS server"),
        api: optional(choice(LOG_LEVELS), "the API"),
        notify: optional(choice(LOG_LEVELS), "who could not be told"),
        node: optional(choice(LOG_LEVELS), "this process: start, reload, pauses, files"),
      } satisfies Record<LogCategory, unknown>,
    ),
    "levels of single categories",
  ),
});

const events = optional(
  list(choice(NOTIFY_EVENTS), { min: 1, max: 16, what: "events" }),
  "what to tell; all when absent",
);
const notify = tagged({
  webhook: {
    url: required(webUrl, 'url = "https://hooks.example.com/x"', "where to POST"),
    format: optional(
      choice(NOTIFY_FORMATS),
      "the shape: json, slack, or pagerduty (Events API v2); by the URL's host when absent",
    ),
    headers: optional(headers, "more request headers", {}),
    routing_key_env: optional(variable, "variable that holds PagerDuty's integration key"),
    routing_key_file: optional(filePath("/etc/abfail/pagerduty.key"), "file that holds it"),
    routing_key: optional(inlineSecret, "the key itself; better in a file"),
    ca_file: optional(filePath("/etc/abfail/hooks-ca.pem"), "CA of the receiver's certificate (PEM)"),
    events,
  },
  exec: { command: required(command, 'command = ["/usr/local/bin/tell"]', "program and arguments"), events },
}, []);

/** The whole document. */
export const document = table({
  cluster: required(cluster, "[cluster]", "the section that names the nodes"),
  node: optional(node, "what holds for this node alone"),
  election: optional(election, "timing of the election"),
  api: optional(api, "status, metrics and commands over HTTP"),
  dns: optional(dns, "the embedded authoritative DNS server"),
  services: optional(
    tables(service, { max: MAX_SERVICES, header: "services", what: "services" }),
    "what must stay reachable",
  ),
  log: optional(log, "what this node logs"),
  notify: optional(tables(notify, { max: 16, header: "notify", what: "notifications" }), "whom to tell"),
});
