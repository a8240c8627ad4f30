/** The keys of `[[services]]`. See `keys.ts`. */
import { boolean, choice, duration, type Field, integer, text } from "./field.ts";
import { type Keys, list, optional, required, table, tables, tagged } from "./field_table.ts";
import type { Path } from "./lines.ts";
import { foundText } from "./problem.ts";
import type { Reading } from "./reading.ts";
import { nearest } from "./suggest.ts";
import {
  command,
  domainName,
  filePath,
  headers,
  labelName,
  method,
  OBSERVER_WORDS,
  pattern,
  publishedValue,
  statusRange,
  targetAddress,
  urlPath,
} from "./values.ts";

/** Check types of PRODUCT.md that this version does not have. */
export const LATER_CHECKS = ["tls", "udp", "dns", "grpc", "exec"] as const;
/** Publishers of PRODUCT.md that this version does not have. */
export const LATER_PUBLISHERS = [
  "digitalocean-dns",
  "digitalocean-reserved-ip",
  "rfc2136",
  "powerdns",
  "cloudflare",
  "route53",
  "google-dns",
  "hetzner-dns",
  "hetzner-floating-ip",
  "desec",
  "gandi",
  "webhook",
] as const;

/** Targets of one service at most. */
export const MAX_TARGETS = 32;

const DAY_MS = 86_400_000;
const probing = { minMs: 10, maxMs: 3_600_000 };

const timing = {
  interval: optional(duration(probing), "time between probes", "1s"),
  fast_interval: optional(
    duration(probing),
    "time between probes while the opinion is about to change; 250ms or `interval`, if that is less",
  ),
  timeout: optional(duration({ minMs: 10, maxMs: 60_000 }), "how long to wait for an answer", "800ms"),
  fall: optional(integer(1, 100), "bad probes in a row until a target counts as down", 3),
  rise: optional(integer(1, 100), "good probes in a row until it counts as up", 2),
} as const satisfies Keys;

const http = {
  path: optional(urlPath, "path and query to ask for", "/"),
  method: optional(method, "request method", "GET"),
  headers: optional(headers, "more request headers", {}),
  host: optional(
    text("a host", "www.example.com", { max: 255 }),
    "Host header; the target's address when absent",
  ),
  expect_status: optional(
    list(statusRange, { min: 1, max: 32, orOne: true, what: "statuses" }),
    "good statuses",
    ["200-299"],
  ),
  expect_body: optional(pattern, "regular expression that the first 64 KiB of the body must match"),
  follow_redirects: optional(boolean, "follow redirects and judge the last answer", false),
} as const satisfies Keys;

const tls = {
  verify: optional(boolean, "check the certificate", true),
  ca_file: optional(
    filePath("/etc/abfail/ca.pem"),
    "certificate authorities to trust instead of the usual ones",
  ),
  server_name: optional(domainName, "name to ask for (SNI) and to find in the certificate"),
  client_cert_file: optional(filePath("/etc/abfail/client.pem"), "client certificate"),
  client_key_file: optional(filePath("/etc/abfail/client.key"), "key of the client certificate"),
  expire_warning: optional(
    duration({ minMs: 0, maxMs: 365 * DAY_MS }),
    "warn so long before the certificate ends; 0s = never",
    "14d",
  ),
} as const satisfies Keys;

const port = integer(1, 65535);

const check = tagged(
  {
    http: { port: optional(port, "port of targets that name none", 80), ...timing, ...http },
    https: { port: optional(port, "port of targets that name none", 443), ...timing, ...http, ...tls },
    tcp: {
      port: optional(port, "port of targets that name none"),
      ...timing,
      send: optional(text("a text", "PING\r\n", { anyCharacters: true }), "what to send once connected"),
      expect: optional(pattern, "regular expression that the answer must match"),
    },
  },
  LATER_CHECKS,
  { later: ["http2"] },
);

const target = table({
  name: required(labelName, 'name = "nyc1"', "name of the target"),
  address: required(targetAddress, 'address = "10.0.1.20"', "where it is checked: host, or host:port"),
  publish: optional(publishedValue, "what is published: an IP address or host name; the address when absent"),
});

const publisher = tagged(
  {
    dns: {
      name: required(domainName, 'name = "web.ha.example.com"', "the name to answer for, within [dns] zone"),
      ttl: optional(
        duration({ minMs: 0, maxMs: DAY_MS, wholeSeconds: true }),
        "how long resolvers may remember the answer",
        "5s",
      ),
    },
    exec: {
      name: optional(
        text("a name", "web", { max: 255 }),
        "what it is called in status; the program when absent",
      ),
      command: required(
        command,
        'command = ["/usr/local/bin/move"]',
        "program and arguments that make it so",
      ),
      read_command: optional(command, "program and arguments that print what the world shows"),
      timeout: optional(duration({ minMs: 100, maxMs: 600_000 }), "how long it may take", "5s"),
      on_drift: optional(choice(["repair", "report"]), "when the world shows something else", "repair"),
    },
  },
  LATER_PUBLISHERS,
  { later: ["rehearse", "verify"] },
);

/** `observers`: a word, or how many. */
const observers: Field<typeof OBSERVER_WORDS[number] | number> = {
  schema: { anyOf: [{ enum: OBSERVER_WORDS }, { type: "integer", minimum: 1 }] },
  read(value: unknown, at: Path, reading: Reading): typeof OBSERVER_WORDS[number] | number | undefined {
    if (typeof value === "number" && Number.isInteger(value) && value >= 1) return value;
    const word = OBSERVER_WORDS.find((candidate) => candidate === value);
    if (word !== undefined) return word;
    const near = typeof value === "string" ? nearest(value, OBSERVER_WORDS) : null;
    const help = near === null ? [] : [`did you mean "${near}"?`];
    const words = OBSERVER_WORDS.map((candidate) => `"${candidate}"`).join(", ");
    const found = typeof value === "number" ? String(value) : foundText(value);
    reading.report(at, `found ${found}; allowed: ${words}, or how many nodes (1 or more)`, help);
    return undefined;
  },
};

/** One `[[services]]`. */
export const service = table({
  name: required(labelName, 'name = "web"', "name of the service"),
  observers: optional(observers, "whose opinions count", "majority"),
  failback: optional(choice(["auto", "manual"]), "go back to a better target by itself, or by hand", "auto"),
  failback_delay: optional(
    duration({ minMs: 0, maxMs: DAY_MS }),
    "how long a better target must be healthy before going back",
    "10s",
  ),
  min_hold: optional(
    duration({ minMs: 0, maxMs: DAY_MS }),
    "no other switch for so long after one, unless the active target is down",
    "5s",
  ),
  on_all_down: optional(
    text("a word or the name of a target", "keep", { max: 63 }),
    "keep, withdraw, or the name of the target to fall back to",
    "keep",
  ),
  check: required(check, "[services.check]", "how targets are tried"),
  targets: required(
    tables(target, { min: 1, max: MAX_TARGETS, header: "services.targets", what: "targets" }),
    "[[services.targets]]",
    "the copies of the service, the preferred one first",
  ),
  publish: optional(
    tables(publisher, { max: 16, header: "services.publish", what: "publishers" }),
    "where the answer is published",
  ),
});
