/** From a document without problems to the config: defaults filled in, secrets wrapped. */
import { assert } from "../base/assert.ts";
import { shortDigest } from "../base/fnv.ts";
import { buildPublisher, secretOf } from "./build_publisher.ts";
import { buildCheck } from "./build_check.ts";
import { effectiveTiming, type ReadDocument } from "./check_cluster.ts";
import type { ReadService } from "./read_service.ts";
import type { Config, DnsConfig, DnsTransferConfig, MemberConfig, ServiceConfig } from "./config.ts";
import { NEVER_LIMITED } from "./dns_keys.ts";
import { formatOf, NOTIFY_EVENTS, type NotifyConfig } from "./notify.ts";
import { secret } from "./secret.ts";

type Read<T> = NonNullable<T>;
type ReadMember = Read<Read<Read<ReadDocument["cluster"]>["nodes"]>[number]>;
type ReadNotify = Read<Read<ReadDocument["notify"]>[number]>;

/** Everything but what only the caller knows. */
export type BuiltConfig = Omit<Config, "file" | "warnings" | "flat">;

/** Call it only when nothing was reported: then every required key is there. */
export function buildConfig(read: ReadDocument, keys: readonly string[]): BuiltConfig {
  const { election, api, node } = read;
  const cluster = there(read.cluster);
  const { timing, heartbeatMs, leaseMs } = effectiveTiming(election);
  return {
    cluster: {
      name: there(cluster.name),
      keys: keys.map(secret),
      nodes: there(cluster.nodes).map((member) => buildMember(there(member))),
      allowTwo: cluster.allow_two ?? false,
    },
    node: { id: node?.id ?? null, listen: node?.listen ?? null, stateDir: node?.state_dir ?? null },
    election: {
      timing,
      heartbeatMs,
      leaseMs,
      preempt: election?.preempt ?? true,
      preemptDelayMs: election?.preempt_delay ?? 10_000,
      quarantineMs: election?.quarantine ?? null,
      mtu: election?.mtu ?? 1200,
    },
    api: {
      listen: api?.listen ?? { host: "127.0.0.1", port: 7421 },
      tokenFile: api?.token_file ?? null,
      socket: api?.socket ?? null,
      tls: api?.cert_file === undefined ? null : {
        certFile: api.cert_file,
        keyFile: there(api.key_file),
        clientCaFile: api.client_ca_file ?? null,
      },
    },
    dns: read.dns === undefined ? null : buildDns(read.dns),
    services: (read.services ?? []).map((service) => buildService(there(service))),
    log: { level: read.log?.level ?? null, levels: read.log?.levels ?? {} },
    notify: (read.notify ?? []).map((notify) => buildNotify(there(notify))),
  };
}

function buildMember(read: ReadMember): MemberConfig {
  return {
    id: there(read.id),
    address: there(read.address),
    zone: read.zone ?? "",
    priority: read.priority ?? 0,
    api: read.api ?? null,
    dns: read.dns ?? null,
  };
}

function buildDns(read: Read<ReadDocument["dns"]>): DnsConfig {
  return {
    listen: read.listen ?? [{ host: "0.0.0.0", port: 53 }],
    zones: there(read.zone),
    nameservers: there(read.nameservers),
    stale: read.stale ?? "serve",
    transfer: buildTransfer(read),
    rateLimit: {
      perSecond: read.rate_limit ?? 1000,
      slip: read.rate_limit_slip ?? 2,
      exempt: read.rate_limit_exempt ?? NEVER_LIMITED,
    },
  };
}

function buildTransfer(read: Read<ReadDocument["dns"]>): DnsTransferConfig {
  const { transfer_to: from = [], transfer_key_name: name, notify_to: notify } = read;
  const source = secretOf(read.transfer_key, read.transfer_key_env, read.transfer_key_file);
  const single = from.filter((text) => !text.includes("/")).map((host) => ({ host, port: null }));
  return {
    from,
    key: source === null || name === undefined
      ? null
      : { name, algorithm: read.transfer_key_algorithm ?? "hmac-sha256", secret: source },
    notify: (notify ?? single).map(({ host, port }) => ({ host, port: port ?? 53 })),
  };
}

function buildService(read: ReadService): ServiceConfig {
  const fallback = read.on_all_down ?? "keep";
  return {
    name: there(read.name),
    observers: read.observers ?? "majority",
    failback: read.failback ?? "auto",
    failbackDelayMs: read.failback_delay ?? 10_000,
    minHoldMs: read.min_hold ?? 5000,
    maxFailbackDelayMs: read.max_failback_delay ?? null,
    warmupMs: read.warmup ?? null,
    onAllDown: fallback === "keep" || fallback === "withdraw"
      ? { kind: fallback }
      : { kind: "fallback", target: fallback },
    check: buildCheck(there(read.check)),
    targets: there(read.targets).map((target) => {
      const { host, port } = there(target?.address);
      return { name: there(target?.name), address: host, port, publish: target?.publish ?? host };
    }),
    publish: (read.publish ?? []).map((publisher) => buildPublisher(there(publisher))),
  };
}

function buildNotify(read: ReadNotify): NotifyConfig {
  const events = read.events ?? NOTIFY_EVENTS;
  if (read.type === "exec") {
    const command = there(read.command);
    return { type: "exec", id: shortDigest(JSON.stringify([command, events])), command, events };
  }
  const url = there(read.url);
  const key = read.routing_key ?? read.routing_key_env ?? read.routing_key_file ?? null;
  return {
    type: "webhook",
    id: shortDigest(JSON.stringify([url, key, events])),
    url: secret(url),
    format: read.format ?? formatOf(new URL(url).hostname),
    headers: read.headers ?? {},
    routingKey: secretOf(read.routing_key, read.routing_key_env, read.routing_key_file),
    caFile: read.ca_file ?? null,
    events,
  };
}

function there<T>(value: T | undefined): T {
  assert(value !== undefined, "a required key that is absent was not reported");
  return value;
}
