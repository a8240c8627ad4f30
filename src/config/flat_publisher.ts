/** The leaves of publishers, for comparing nodes. See `flat.ts`. */
import { formatHostPort } from "./address.ts";
import { durationText } from "./duration.ts";
import { hidden } from "./flat_check.ts";
import { verifyText } from "./verify_field.ts";
import { MACHINES, type PublisherConfig, type SecretSource } from "./publisher.ts";

export function publisherLeaves(publisher: PublisherConfig): Readonly<Record<string, unknown>> {
  const { type, name } = publisher;
  if (publisher.type === "dns") return { type, name, ttl: durationText(publisher.ttlMs) };
  const common = {
    type,
    name,
    timeout: durationText(publisher.timeoutMs),
    on_drift: publisher.onDrift,
    rehearse: publisher.rehearseMs === null ? "off" : durationText(publisher.rehearseMs),
    ...("verify" in publisher ? { verify: publisher.verify.map(verifyText) } : {}),
  };
  switch (publisher.type) {
    case "exec":
      return { ...common, command: publisher.command, read_command: publisher.readCommand };
    case "rfc2136":
      return {
        ...common,
        ...recordLeaves(publisher),
        server: publisher.servers.map(formatHostPort).join(", "),
        key_name: publisher.key?.name ?? null,
        algorithm: publisher.key?.algorithm ?? null,
        ...secretLeaves("key", publisher.key?.secret ?? null),
        transport: publisher.transport,
      };
    case "powerdns":
      return {
        ...common,
        ...recordLeaves(publisher),
        api_url: publisher.apiUrl,
        server_id: publisher.serverId,
        ...secretLeaves("api_key", publisher.apiKey),
      };
    case "webhook":
      return {
        ...common,
        url: hidden(publisher.url.reveal()),
        read_url: publisher.readUrl === null ? null : hidden(publisher.readUrl.reveal()),
        headers: hidden(JSON.stringify(publisher.headers)),
        ...secretLeaves("token", publisher.token),
      };
    case "digitalocean-reserved-ip":
    case "hetzner-floating-ip": {
      const machines = Object.entries(publisher.machines).map(([target, number]) => `${target} = ${number}`);
      return {
        ...common,
        [MACHINES[publisher.type].key]: machines.toSorted().join(", "),
        api_url: publisher.apiUrl,
        ...secretLeaves("token", publisher.token),
      };
    }
    default: {
      const { domain, record, recordType, ttlMs, apiUrl, token } = publisher;
      const account = publisher.type === "route53"
        ? { zone_id: publisher.zoneId, access_key_id: publisher.accessKeyId }
        : publisher.type === "google-dns"
        ? { project: publisher.project, managed_zone: publisher.managedZone }
        : {};
      return {
        ...common,
        domain,
        record,
        record_type: recordType,
        ttl: durationText(ttlMs),
        api_url: apiUrl,
        ...account,
        ...secretLeaves("token", token),
      };
    }
  }
}

function recordLeaves(
  { zone, recordType, ttlMs }: Extract<PublisherConfig, { type: "rfc2136" | "powerdns" }>,
): Readonly<Record<string, unknown>> {
  return { zone, record_type: recordType, ttl: durationText(ttlMs) };
}

/** Where a secret comes from may be told; what it is, never. */
export function secretLeaves(key: string, source: SecretSource | null): Readonly<Record<string, unknown>> {
  switch (source?.kind) {
    case "env":
      return { [`${key}_env`]: source.variable };
    case "file":
      return { [`${key}_file`]: source.path };
    case "inline":
      return { [key]: hidden(source.secret.reveal()) };
    default:
      return {};
  }
}
