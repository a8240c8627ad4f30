/** A config as `key path -> text`, leaf by leaf, for comparing the configs of nodes and of files. */
import { formatHostPort } from "./address.ts";
import type { BuiltConfig } from "./build.ts";
import type { CheckConfig, HostPort, NotifyConfig, PublisherConfig, ServiceConfig } from "./config.ts";
import { fnv32 } from "./digest.ts";
import { durationText } from "./duration.ts";

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
  add("api", { listen: place(api.listen), token_file: api.tokenFile, socket: api.socket });
  if (dns !== null) {
    const { listen, zone, nameservers, stale } = dns;
    add("dns", { listen: listen.map(formatHostPort), zone, nameservers, stale });
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

function checkLeaves(check: CheckConfig): Leaves {
  const common = {
    type: check.type,
    port: check.port,
    interval: durationText(check.intervalMs),
    fast_interval: durationText(check.fastIntervalMs),
    timeout: durationText(check.timeoutMs),
    fall: check.fall,
    rise: check.rise,
  };
  if (check.type === "tcp") return { ...common, send: check.send, expect: check.expect };
  const { path, method, headers, host, expectStatus, expectBody, followRedirects } = check.http;
  const sorted = Object.entries(headers).sort(([a], [b]) => a < b ? -1 : 1);
  const http = {
    path,
    method,
    headers: sorted.map(([name, value]) => `${name}: ${hidden(value)}`),
    host,
    expect_status: expectStatus.map(({ from, to }) => `${from}-${to}`),
    expect_body: expectBody,
    follow_redirects: followRedirects,
  };
  if (check.type === "http") return { ...common, ...http };
  const { tls } = check;
  return {
    ...common,
    ...http,
    verify: tls.verify,
    ca_file: tls.caFile,
    server_name: tls.serverName,
    client_cert_file: tls.clientCertFile,
    client_key_file: tls.clientKeyFile,
    expire_warning: durationText(tls.expireWarningMs ?? 0),
  };
}

function publisherLeaves(publisher: PublisherConfig): Leaves {
  const { type, name } = publisher;
  if (publisher.type === "dns") return { type, name, ttl: durationText(publisher.ttlMs) };
  return {
    type,
    name,
    command: publisher.command,
    read_command: publisher.readCommand,
    timeout: durationText(publisher.timeoutMs),
    on_drift: publisher.onDrift,
  };
}

function notifyLeaves({ type, url, command, events }: NotifyConfig): Leaves {
  return { type, url: url === null ? null : hidden(url), command, events };
}

function leafText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

function place(address: HostPort | null): string | null {
  return address === null ? null : formatHostPort(address);
}

/** 32 bits of what may be a secret: enough to see that two differ, far too few to find it. */
function hidden(text: string): string {
  return `secret ${fnv32(text).toString(16).padStart(8, "0")}`;
}
