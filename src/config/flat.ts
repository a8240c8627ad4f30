/** A config as `key path -> text`, leaf by leaf, for comparing the configs of nodes and of files. */
import { formatHostPort } from "./address.ts";
import type { BuiltConfig } from "./build.ts";
import type { HostPort, ServiceConfig } from "./config.ts";
import type { NotifyConfig } from "./notify.ts";
import { durationText } from "./duration.ts";
import { checkLeaves, hidden } from "./flat_check.ts";
import { publisherLeaves, secretLeaves } from "./flat_publisher.ts";

type Leaves = Readonly<Record<string, unknown>>;

/**
 * Every leaf with its default, under the path that `check` would name; `[node]` is left out. What may be a
 * secret (keys, headers, web addresses) is there as a digest of 32 bits.
 */
export function flatten(config: BuiltConfig): ReadonlyMap<string, string> {
  const flat = new Map<string, string>();
  const add = (at: string, leaves: Leaves): void => {
    for (const [key, value] of Object.entries(leaves)) flat.set(`${at}.${key}`, leafText(value));
  };
  const { cluster, election, api, dns } = config;
  add("cluster", {
    name: cluster.name,
    allow_two: cluster.allowTwo,
    keys: cluster.keys.map((key) => hidden(key.reveal())),
  });
  for (const { id, address, zone, priority, api: own, dns: ownDns } of cluster.nodes) {
    add(`cluster.nodes.${id}`, {
      address: place(address),
      zone,
      priority,
      api: place(own),
      dns: place(ownDns),
    });
  }
  add("election", {
    heartbeat: durationText(election.heartbeatMs),
    lease: durationText(election.leaseMs),
    preempt: election.preempt,
    preempt_delay: durationText(election.preemptDelayMs),
    quarantine: election.quarantineMs === null ? null : durationText(election.quarantineMs),
    mtu: election.mtu,
  });
  add("api", {
    listen: place(api.listen),
    token_file: api.tokenFile,
    socket: api.socket,
    cert_file: api.tls?.certFile ?? null,
    key_file: api.tls?.keyFile ?? null,
    client_ca_file: api.tls?.clientCaFile ?? null,
  });
  if (dns !== null) {
    const { listen, zones, nameservers, stale, transfer } = dns;
    const zone = zones.length === 1 ? zones[0] : zones;
    add("dns", { listen: listen.map(formatHostPort), zone, nameservers, stale });
    add("dns", {
      rate_limit: dns.rateLimit.perSecond,
      rate_limit_slip: dns.rateLimit.slip,
      rate_limit_exempt: dns.rateLimit.exempt,
    });
    add("dns", {
      transfer_to: transfer.from,
      notify_to: transfer.notify.map(formatHostPort),
      transfer_key_name: transfer.key?.name ?? null,
      transfer_key_algorithm: transfer.key?.algorithm ?? null,
      ...secretLeaves("transfer_key", transfer.key?.secret ?? null),
    });
  }
  // The order counts: opinions travel in it.
  flat.set("services", leafText(config.services.map((service) => service.name)));
  for (const service of config.services) addService(service, add);
  for (const [i, notify] of config.notify.entries()) add(`notify[${i}]`, notifyLeaves(notify));
  return flat;
}

function addService(service: ServiceConfig, add: (at: string, leaves: Leaves) => void): void {
  const at = `services.${service.name}`;
  const { onAllDown } = service;
  add(at, {
    observers: service.observers,
    failback: service.failback,
    failback_delay: durationText(service.failbackDelayMs),
    min_hold: durationText(service.minHoldMs),
    max_failback_delay: service.maxFailbackDelayMs === null ? null : durationText(service.maxFailbackDelayMs),
    warmup: service.warmupMs === null ? null : durationText(service.warmupMs),
    on_all_down: onAllDown.kind === "fallback" ? onAllDown.target : onAllDown.kind,
    targets: service.targets.map((target) => target.name),
  });
  add(`${at}.check`, checkLeaves(service.check));
  for (const { name, address, port, publish } of service.targets) {
    add(`${at}.targets.${name}`, { address, port, publish });
  }
  for (const [i, publisher] of service.publish.entries()) {
    add(`${at}.publish[${i}]`, publisherLeaves(publisher));
  }
}

function notifyLeaves(notify: NotifyConfig): Leaves {
  const { type, events } = notify;
  if (notify.type === "exec") return { type, command: notify.command, events };
  const { url, format, headers, routingKey, caFile } = notify;
  return {
    type,
    url: hidden(url.reveal()),
    format,
    headers: hidden(JSON.stringify(headers)),
    ...secretLeaves("routing_key", routingKey),
    ca_file: caFile,
    events,
  };
}

function leafText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

function place(address: HostPort | null): string | null {
  return address === null ? null : formatHostPort(address);
}
