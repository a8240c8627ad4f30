/** The keys of `[services.check]`, by type of check. See `keys.ts`. */
import { environment, expectPayload, queryName, sendPayload } from "./check_values.ts";
import { boolean, choice, duration, integer, text } from "./field.ts";
import { type Keys, list, optional, required, tagged } from "./field_table.ts";
import { command, domainName, filePath, headers, method, pattern, statusRange, urlPath } from "./values.ts";

/** Types of records that a `dns` check can ask for. */
export const RECORD_TYPES = ["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"] as const;
/** One of them. */
export type RecordType = typeof RECORD_TYPES[number];

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
  http2: optional(
    boolean,
    "speak HTTP/2: agreed on in the TLS handshake, or without asking over http",
    false,
  ),
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
const PORT = "port of targets that name none";
const EXPECT = "regular expression that the answer must match, or bytes that it must contain";

/** `[services.check]`. */
export const check = tagged(
  {
    http: { port: optional(port, PORT, 80), ...timing, ...http },
    https: { port: optional(port, PORT, 443), ...timing, ...http, ...tls },
    tcp: {
      port: optional(port, PORT),
      ...timing,
      send: optional(sendPayload, "what to send once connected: a text, or a list of bytes"),
      expect: optional(expectPayload, EXPECT),
    },
    tls: { port: optional(port, PORT, 443), ...timing, ...tls },
    udp: {
      port: optional(port, PORT),
      ...timing,
      send: required(sendPayload, 'send = "ping"', "what to send: a text, or a list of bytes"),
      expect: optional(expectPayload, `${EXPECT}; any answer when absent`),
    },
    dns: {
      port: optional(port, PORT, 53),
      ...timing,
      query: required(queryName, 'query = "web.example.com"', "name to ask for"),
      record: optional(choice(RECORD_TYPES), "type of record to ask for", "A"),
      expect: optional(
        list(text("a value", "192.0.2.1"), { min: 1, max: 32, orOne: true, what: "values" }),
        "values that must be among the answers; any answer when absent",
      ),
    },
    grpc: {
      port: optional(port, PORT),
      ...timing,
      service: optional(
        text("a name", "shop.Cart", { min: 0, max: 255 }),
        "service to ask grpc.health.v1.Health for; empty = the server as a whole",
        "",
      ),
      tls: optional(boolean, "connect with TLS", false),
      ...tls,
    },
    exec: {
      ...timing,
      command: required(
        command,
        'command = ["/usr/local/bin/check-db"]',
        "program and arguments; exit code 0 = good. No shell reads them",
      ),
      env: optional(environment, "variables to add to its environment", {}),
    },
  },
  [],
);
