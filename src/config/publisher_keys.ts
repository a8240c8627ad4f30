/** The keys of `[[services.publish]]`. See `keys.ts`. */
import { TSIG_ALGORITHMS } from "../dns/tsig.ts";
import { err, ok } from "../base/result.ts";
import { choice, duration, type Field, fromText, text } from "./field.ts";
import { type Keys, list, optional, required, tagged } from "./field_table.ts";
import { foundText } from "./problem.ts";
import { parseName } from "../dns/name.ts";
import { isHostName } from "./address.ts";
import { RECORD_TYPES } from "./publisher.ts";
import { machines, ownAddress } from "./machine_fields.ts";
import { rehearsePeriod, verifyPoint } from "./verify_field.ts";
import { command, domainName, filePath, headers, targetAddress, webUrl } from "./values.ts";

const DAY_MS = 86_400_000;
const ttl = duration({ minMs: 0, maxMs: DAY_MS, wholeSeconds: true });

/** The name of a variable of the environment. */
export const variable: Field<string> = fromText("the name of a variable", "ABFAIL_TOKEN", (value) => {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(value)) return ok(value);
  // Someone may have put the secret itself here.
  return err({ message: "this is not the name of an environment variable" });
});

/** A secret in the file itself; what was found is never shown. */
export const inlineSecret: Field<string> = fromText("a secret", "…", (value) => {
  if (/^[\x21-\x7e]{1,4096}$/.test(value)) return ok(value);
  return err({ message: "printable ASCII without spaces is needed" });
});

const acting = {
  timeout: optional(duration({ minMs: 100, maxMs: 600_000 }), "how long one action may take", "5s"),
  on_drift: optional(choice(["repair", "report"]), "when the world shows something else", "repair"),
  rehearse: optional(
    rehearsePeriod,
    'how often to prove that it could be written, while all is well, or "off"; for exec and webhook off when absent',
    "24h",
  ),
} as const satisfies Keys;

const verifiable = {
  verify: optional(
    list(verifyPoint, { max: 8, what: "places to ask" }),
    'who else is asked what is shown: "authoritative", "resolver 1.1.1.1"',
    [],
  ),
} as const satisfies Keys;

const record = {
  zone: required(domainName, 'zone = "example.com"', "the zone that holds the name"),
  name: required(domainName, 'name = "www.example.com"', "the name that is published"),
  record_type: optional(choice(RECORD_TYPES), "kind of the record; as the value demands when absent"),
  ttl: optional(ttl, "how long resolvers may remember the answer", "30s"),
  ...acting,
  ...verifiable,
} as const satisfies Keys;

const serverId: Field<string> = fromText("a server's id", "localhost", (value) => {
  if (/^[A-Za-z0-9._-]{1,100}$/.test(value)) return ok(value);
  return err({ message: `found ${foundText(value)}; letters, digits, dots and hyphens are allowed` });
});

/** A name within a domain, or `@` for the domain itself. */
const recordLabel: Field<string> = fromText("a name within the domain", "web", (value) => {
  if (value === "@" || (parseName(value).ok && isHostName(value) && !value.endsWith("."))) return ok(value);
  return err({
    message: `found ${foundText(value)}; a name within the domain, such as "web", or "@" is needed`,
  });
});

/** Who asks at a provider, and where. */
const account = {
  token_env: optional(variable, "variable that holds the token of the API"),
  token_file: optional(filePath("/etc/abfail/token"), "file that holds it"),
  token: optional(inlineSecret, "the token itself; better in a file"),
  api_url: optional(webUrl, "another address of the API"),
} as const satisfies Keys;

/** The keys of an address that is moved: that takes a provider longer than a change of DNS. */
const moving = {
  ...account,
  ...acting,
  timeout: optional(duration({ minMs: 1000, maxMs: 600_000 }), "how long one move may take", "15s"),
  rehearse: optional(
    rehearsePeriod,
    'how often to prove that it could be moved, while all is well, or "off"; for digitalocean-reserved-ip off when absent',
    "24h",
  ),
} as const satisfies Keys;

/** The keys of a DNS provider's record. */
const cloud = {
  domain: required(domainName, 'domain = "example.com"', "the domain that holds the record"),
  record: required(recordLabel, 'record = "web"', "the name within it; @ = the domain itself"),
  record_type: required(choice(RECORD_TYPES), 'record_type = "CNAME"', "kind of the record"),
  ...account,
  ...acting,
  ...verifiable,
} as const satisfies Keys;

const TTL_WORDS = "how long resolvers may remember the answer";

/** An id that a provider gives. */
function providerId(example: string): Field<string> {
  return fromText("an id", example, (value) => {
    if (/^[A-Za-z0-9._:-]{1,128}$/.test(value)) return ok(value);
    return err({
      message: `found ${foundText(value)}; letters, digits, dots, colons and hyphens are allowed`,
    });
  });
}

/** One `[[services.publish]]`. */
export const publisher = tagged(
  {
    dns: {
      name: required(domainName, 'name = "web.ha.example.com"', "the name to answer for, within [dns] zone"),
      ttl: optional(ttl, "how long resolvers may remember the answer", "5s"),
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
      ...acting,
    },
    rfc2136: {
      server: required(
        list(targetAddress, { min: 1, max: 8, orOne: true, what: "servers" }),
        'server = "192.0.2.53"',
        "the primary name server: host, or host:port; several when they write to one database",
      ),
      ...record,
      key_name: optional(domainName, "name of the TSIG key"),
      key_env: optional(variable, "variable that holds the TSIG key, base64"),
      key_file: optional(filePath("/etc/abfail/tsig.key"), "file that holds the TSIG key, base64"),
      key: optional(inlineSecret, "the TSIG key itself, base64; better in a file"),
      algorithm: optional(choice(TSIG_ALGORITHMS), "what signs", "hmac-sha256"),
      transport: optional(choice(["tcp", "udp"]), "how the server is reached", "tcp"),
    },
    powerdns: {
      api_url: required(webUrl, 'api_url = "http://127.0.0.1:8081"', "the server's web address"),
      server_id: optional(serverId, "which server behind that address", "localhost"),
      ...record,
      api_key_env: optional(variable, "variable that holds the API key"),
      api_key_file: optional(filePath("/etc/abfail/powerdns.key"), "file that holds the API key"),
      api_key: optional(inlineSecret, "the API key itself; better in a file"),
    },
    webhook: {
      name: optional(
        text("a name", "web", { max: 255 }),
        "what it is called in status; the host when absent",
      ),
      url: required(webUrl, 'url = "https://hooks.example.com/x"', "where to POST what is to be published"),
      read_url: optional(webUrl, "where to GET what the world shows"),
      headers: optional(headers, "more request headers", {}),
      token_env: optional(variable, "variable that holds a token, sent as Authorization: Bearer"),
      token_file: optional(filePath("/etc/abfail/webhook.token"), "file that holds the token"),
      token: optional(inlineSecret, "the token itself; better in a file"),
      ...acting,
    },
    "digitalocean-dns": { ...cloud, ttl: optional(ttl, TTL_WORDS, "30s") },
    cloudflare: { ...cloud, ttl: optional(ttl, TTL_WORDS, "60s") },
    route53: {
      ...cloud,
      ttl: optional(ttl, TTL_WORDS, "30s"),
      zone_id: required(providerId("Z0123456789ABC"), 'zone_id = "Z0123456789ABC"', "the hosted zone"),
      access_key_id: required(
        providerId("AKIAIOSFODNN7EXAMPLE"),
        'access_key_id = "AKIA…"',
        "the access key; token_env or token_file hold its secret",
      ),
    },
    "google-dns": {
      ...cloud,
      ttl: optional(ttl, TTL_WORDS, "30s"),
      project: required(providerId("my-project"), 'project = "my-project"', "the project"),
      managed_zone: required(providerId("example-com"), 'managed_zone = "example-com"', "the managed zone"),
    },
    "hetzner-dns": { ...cloud, ttl: optional(ttl, TTL_WORDS, "60s") },
    desec: { ...cloud, ttl: optional(ttl, TTL_WORDS, "1h") },
    gandi: { ...cloud, ttl: optional(ttl, TTL_WORDS, "5m") },
    "digitalocean-reserved-ip": {
      ip: required(ownAddress(["ipv4"]), 'ip = "203.0.113.9"', "the reserved IP"),
      droplets: required(
        machines("droplets"),
        "droplets = { nyc1 = 3164444 }",
        "the droplet behind each target, by its number",
      ),
      ...moving,
    },
    "hetzner-floating-ip": {
      ip: required(ownAddress(["ipv4", "ipv6"]), 'ip = "203.0.113.9"', "the floating IP"),
      servers: required(
        machines("servers"),
        "servers = { fsn1 = 42 }",
        "the server behind each target, by its number",
      ),
      ...moving,
    },
  },
  [],
);
