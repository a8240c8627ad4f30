/** Settings of the publishers: where the answer is exposed, and how (PRODUCT.md, Publishers). */
import type { TsigAlgorithm } from "../dns/tsig.ts";
import type { HostPort, Secret } from "./parts.ts";

/** Where a secret is read from, at each use: it can be changed while a node runs. */
export type SecretSource =
  | { readonly kind: "env"; readonly variable: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "inline"; readonly secret: Secret };

/** A TSIG key: its secret is base64. */
export interface TsigKeyConfig {
  readonly name: string;
  readonly algorithm: TsigAlgorithm;
  readonly secret: SecretSource;
}

/** What all publishers have that act on the world. */
export interface ActingPublisher {
  /** What it is called in status: the name published, or the program's, or the host's. */
  readonly name: string;
  /** One action, ms. */
  readonly timeoutMs: number;
  /** When someone else changed what was published. */
  readonly onDrift: "repair" | "report";
  /** How often to prove, while all is well, that it could be written, ms; null = never. */
  readonly rehearseMs: number | null;
}

/** Who is asked what the world shows, beside the publisher's own API. */
export type VerifyPoint =
  /** Each authoritative name server of the zone. */
  | { readonly kind: "authoritative" }
  /** A resolver, by its IP address. */
  | { readonly kind: "resolver"; readonly host: string; readonly port: number };

/** What those have that can be read back by DNS. */
export interface VerifiablePublisher extends ActingPublisher {
  readonly verify: readonly VerifyPoint[];
}

/** What those have that keep a record in a zone. */
export interface RecordPublisher extends VerifiablePublisher {
  readonly zone: string;
  /** Null: as the value demands, and records of the other kinds make way. */
  readonly recordType: RecordType | null;
  readonly ttlMs: number;
}

export const RECORD_TYPES = ["A", "AAAA", "CNAME"] as const;
/** Types of records that cloud publishers write. */
export type RecordType = typeof RECORD_TYPES[number];

/** The embedded DNS server. */
export interface DnsPublisher {
  readonly type: "dns";
  readonly name: string;
  readonly ttlMs: number;
}

/** The user's own program. */
export interface ExecPublisher extends ActingPublisher {
  readonly type: "exec";
  readonly command: readonly string[];
  readonly readCommand: readonly string[] | null;
}

/** Dynamic updates of any DNS server, fenced by a TXT record at `_abfail.<name>`. */
export interface Rfc2136Publisher extends RecordPublisher {
  readonly type: "rfc2136";
  /** Tried in this order while none can be reached. All must write to one and the same primary. */
  readonly servers: readonly HostPort[];
  /** Null: unsigned. */
  readonly key: TsigKeyConfig | null;
  readonly transport: "tcp" | "udp";
}

/** The HTTP API of a PowerDNS server. */
export interface PowerdnsPublisher extends RecordPublisher {
  readonly type: "powerdns";
  /** Without `/api/v1`. */
  readonly apiUrl: string;
  readonly serverId: string;
  readonly apiKey: SecretSource;
}

/** The user's own HTTP service. */
export interface WebhookPublisher extends ActingPublisher {
  readonly type: "webhook";
  /** URLs of webhooks are as good as passwords. */
  readonly url: Secret;
  readonly readUrl: Secret | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as `Authorization: Bearer`. */
  readonly token: SecretSource | null;
}

/** One record of one type at a DNS provider. */
export interface CloudRecord extends VerifiablePublisher {
  /** The zone, such as example.com. */
  readonly domain: string;
  /** The name within it, such as web; `@` is the domain itself. */
  readonly record: string;
  readonly recordType: RecordType;
  readonly ttlMs: number;
  readonly token: SecretSource;
  /** Instead of the provider's own address; null = that. */
  readonly apiUrl: string | null;
}

/** Providers that ask for no more than a token, with the shortest TTL that they take, ms. */
export const CLOUD_MIN_TTL_MS = {
  "digitalocean-dns": 30_000,
  cloudflare: 60_000,
  "hetzner-dns": 60_000,
  desec: 3_600_000,
  gandi: 300_000,
} as const;

export interface TokenCloudPublisher extends CloudRecord {
  readonly type: keyof typeof CLOUD_MIN_TTL_MS;
}

/** The token is the secret access key. */
export interface Route53Publisher extends CloudRecord {
  readonly type: "route53";
  readonly zoneId: string;
  readonly accessKeyId: string;
}

/** The token is the JSON key of a service account. */
export interface GoogleDnsPublisher extends CloudRecord {
  readonly type: "google-dns";
  readonly project: string;
  readonly managedZone: string;
}

export type CloudPublisher = TokenCloudPublisher | Route53Publisher | GoogleDnsPublisher;

/** What a provider calls the machines that an address of its own can be given to, and the key that lists them. */
export const MACHINES = {
  "digitalocean-reserved-ip": { machine: "droplet", key: "droplets" },
  "hetzner-floating-ip": { machine: "server", key: "servers" },
} as const;

/** An address at a provider that goes from machine to machine; nothing of DNS changes. Its name is the address. */
export interface AddressPublisher extends ActingPublisher {
  readonly type: keyof typeof MACHINES;
  /** The provider's number of the machine behind each target, by the target's name. */
  readonly machines: Readonly<Record<string, number>>;
  readonly token: SecretSource;
  /** Instead of the provider's own address; null = that. */
  readonly apiUrl: string | null;
}

/** `[[services.publish]]`: one place where the answer is exposed. */
export type PublisherConfig =
  | DnsPublisher
  | ExecPublisher
  | Rfc2136Publisher
  | PowerdnsPublisher
  | WebhookPublisher
  | AddressPublisher
  | CloudPublisher;

/** True where it can tell what the world shows. */
export function canRead(publisher: Exclude<PublisherConfig, DnsPublisher>): boolean {
  switch (publisher.type) {
    case "exec":
      return publisher.readCommand !== null;
    case "webhook":
      return publisher.readUrl !== null;
    default:
      return true;
  }
}

/** The file that its secret is in; null without one. */
export function secretFileOf(publisher: PublisherConfig): string | null {
  const source = secretSourceOf(publisher);
  return source?.kind === "file" ? source.path : null;
}

/** The same publisher with another path of its secret's file. */
export function mapSecretFile(publisher: PublisherConfig, map: (path: string) => string): PublisherConfig {
  const path = secretFileOf(publisher);
  if (path === null) return publisher;
  const source: SecretSource = { kind: "file", path: map(path) };
  switch (publisher.type) {
    case "rfc2136":
      return publisher.key === null ? publisher : { ...publisher, key: { ...publisher.key, secret: source } };
    case "powerdns":
      return { ...publisher, apiKey: source };
    case "dns":
    case "exec":
      return publisher;
    default:
      return { ...publisher, token: source };
  }
}

function secretSourceOf(publisher: PublisherConfig): SecretSource | null {
  switch (publisher.type) {
    case "rfc2136":
      return publisher.key?.secret ?? null;
    case "powerdns":
      return publisher.apiKey;
    case "dns":
    case "exec":
      return null;
    default:
      return publisher.token;
  }
}
