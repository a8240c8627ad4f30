/** Publishers from a document without problems. See `build.ts`. */
import { assert } from "../base/assert.ts";
import type { ReadService } from "./read_service.ts";
import {
  type AddressPublisher,
  CLOUD_MIN_TTL_MS,
  type CloudPublisher,
  type CloudRecord,
  type PublisherConfig,
  type SecretSource,
} from "./publisher.ts";
import { secret } from "./secret.ts";

type ReadPublisher = NonNullable<NonNullable<ReadService["publish"]>[number]>;
type ReadAddress = Extract<ReadPublisher, { type: AddressPublisher["type"] }>;
type ReadCloud = Extract<ReadPublisher, { type: CloudPublisher["type"] }>;

const DEFAULT_TTL_MS = 30_000;
const DEFAULT_TIMEOUT_MS = 5000;
const DEFAULT_MOVE_TIMEOUT_MS = 15_000;
const DEFAULT_REHEARSE_MS = 86_400_000;

export function buildPublisher(read: ReadPublisher): PublisherConfig {
  if (read.type === "dns") return { type: "dns", name: there(read.name), ttlMs: read.ttl ?? 5000 };
  const acting = {
    timeoutMs: read.timeout ?? DEFAULT_TIMEOUT_MS,
    onDrift: read.on_drift ?? "repair",
    rehearseMs: read.rehearse === undefined ? defaultRehearsal(read.type) : read.rehearse,
  } as const;
  switch (read.type) {
    case "exec": {
      const command = there(read.command);
      const name = read.name ?? there(command[0]).replace(/^.*\//, "");
      return { type: "exec", name, command, readCommand: read.read_command ?? null, ...acting };
    }
    case "rfc2136": {
      const source = secretOf(read.key, read.key_env, read.key_file);
      return {
        type: "rfc2136",
        ...recordOf(read),
        ...acting,
        servers: there(read.server).map(({ host, port }) => ({ host, port: port ?? 53 })),
        key: source === null
          ? null
          : { name: there(read.key_name), algorithm: read.algorithm ?? "hmac-sha256", secret: source },
        transport: read.transport ?? "tcp",
      };
    }
    case "powerdns":
      return {
        type: "powerdns",
        ...recordOf(read),
        ...acting,
        apiUrl: there(read.api_url),
        serverId: read.server_id ?? "localhost",
        apiKey: there(secretOf(read.api_key, read.api_key_env, read.api_key_file) ?? undefined),
      };
    case "webhook":
      return {
        type: "webhook",
        name: read.name ?? new URL(there(read.url)).host,
        ...acting,
        url: secret(there(read.url)),
        readUrl: read.read_url === undefined ? null : secret(read.read_url),
        headers: read.headers ?? {},
        token: secretOf(read.token, read.token_env, read.token_file),
      };
    case "route53":
      return {
        type: "route53",
        ...cloudOf(read),
        ...acting,
        zoneId: there(read.zone_id),
        accessKeyId: there(read.access_key_id),
      };
    case "google-dns":
      return {
        type: "google-dns",
        ...cloudOf(read),
        ...acting,
        project: there(read.project),
        managedZone: there(read.managed_zone),
      };
    case "digitalocean-reserved-ip":
      return { type: read.type, ...movedOf(read, read.droplets), ...acting, ...moving(read) };
    case "hetzner-floating-ip":
      return { type: read.type, ...movedOf(read, read.servers), ...acting, ...moving(read) };
    default:
      return { type: read.type, ...cloudOf(read), ...acting };
  }
}

function recordOf(
  read: Extract<ReadPublisher, { type: "rfc2136" | "powerdns" }>,
): Pick<Extract<PublisherConfig, { type: "rfc2136" }>, "zone" | "name" | "recordType" | "ttlMs" | "verify"> {
  const { zone, name, record_type, ttl, verify } = read;
  return {
    zone: there(zone),
    name: there(name),
    recordType: record_type ?? null,
    ttlMs: ttl ?? DEFAULT_TTL_MS,
    verify: verify ?? [],
  };
}

function cloudOf(read: ReadCloud): Omit<CloudRecord, "timeoutMs" | "onDrift" | "rehearseMs"> {
  const [domain, record] = [there(read.domain), there(read.record)];
  const least = Object.hasOwn(CLOUD_MIN_TTL_MS, read.type)
    ? CLOUD_MIN_TTL_MS[read.type as keyof typeof CLOUD_MIN_TTL_MS]
    : 0;
  return {
    name: record === "@" ? domain : `${record}.${domain}`,
    domain,
    record,
    recordType: there(read.record_type),
    ttlMs: read.ttl ?? Math.max(DEFAULT_TTL_MS, least),
    token: there(secretOf(read.token, read.token_env, read.token_file) ?? undefined),
    apiUrl: read.api_url?.replace(/\/+$/, "") ?? null,
    verify: read.verify ?? [],
  };
}

function movedOf(
  read: ReadAddress,
  machines: Readonly<Record<string, number>> | undefined,
): Pick<AddressPublisher, "name" | "machines" | "token" | "apiUrl"> {
  return {
    name: there(read.ip),
    machines: there(machines),
    token: there(secretOf(read.token, read.token_env, read.token_file) ?? undefined),
    apiUrl: read.api_url?.replace(/\/+$/, "") ?? null,
  };
}

/** A move takes longer than a change of DNS. */
function moving(read: ReadAddress): Pick<AddressPublisher, "timeoutMs"> {
  return { timeoutMs: read.timeout ?? DEFAULT_MOVE_TIMEOUT_MS };
}

/**
 * Rehearsed only where that is asked for: the user's own programs and services may do more than publish, and what
 * traffic feels when a reserved IP is assigned once more to where it is, no document says.
 */
const UNASKED: readonly ReadPublisher["type"][] = ["exec", "webhook", "digitalocean-reserved-ip"];

function defaultRehearsal(type: ReadPublisher["type"]): number | null {
  return UNASKED.includes(type) ? null : DEFAULT_REHEARSE_MS;
}

/** One of the three ways to give a secret; null without any. */
export function secretOf(
  inline: string | undefined,
  variable: string | undefined,
  path: string | undefined,
): SecretSource | null {
  if (variable !== undefined) return { kind: "env", variable };
  if (path !== undefined) return { kind: "file", path };
  return inline === undefined ? null : { kind: "inline", secret: secret(inline) };
}

function there<T>(value: T | undefined): T {
  assert(value !== undefined, "a required key that is absent was not reported");
  return value;
}
