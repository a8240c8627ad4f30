/**
 * The parsed configuration: what is here cannot be wrong (PRODUCT.md, The config). Durations are
 * milliseconds, secrets are wrapped so that they cannot be printed by accident. Plain data only.
 */
import type { LogConfig } from "./log_categories.ts";
import type { NotifyConfig } from "./notify.ts";
import type { NodeId } from "../base/id.ts";
import type { HostPort, Secret } from "./parts.ts";
import type { PublisherConfig, TsigKeyConfig } from "./publisher.ts";

export type { HostPort, Secret } from "./parts.ts";
export type { PublisherConfig } from "./publisher.ts";

/** The whole config, right and complete: every default is filled in. */
export interface Config {
  readonly file: string;
  readonly cluster: ClusterConfig;
  readonly node: NodeConfig;
  readonly election: ElectionConfig;
  readonly api: ApiConfig;
  readonly dns: DnsConfig | null;
  readonly services: readonly ServiceConfig[];
  /** Of this node alone: not compared with the others. */
  readonly log: LogConfig;
  readonly notify: readonly NotifyConfig[];
  /** Things that are allowed but deserve a word (a secret in the file, a TTL above the budget ...). */
  readonly warnings: readonly string[];
  /** Every leaf as `key path -> text of its value`, secrets as a digest, `[node]` left out: for comparing nodes. */
  readonly flat: ReadonlyMap<string, string>;
}

/** `[cluster]`. */
export interface ClusterConfig {
  readonly name: string;
  /** Each 32 bytes, base64 inside. The first seals, all open. */
  readonly keys: readonly Secret[];
  readonly nodes: readonly MemberConfig[];
  readonly allowTwo: boolean;
}

/** `[[cluster.nodes]]`: one node, as all the others know it. */
export interface MemberConfig {
  readonly id: NodeId;
  /** UDP, as the others reach it. */
  readonly address: HostPort;
  readonly zone: string;
  /** Higher leads first; default 0. */
  readonly priority: number;
  /** What this node's API and DNS listen on, where it differs from `[api]` and `[dns]`. */
  readonly api: HostPort | null;
  readonly dns: HostPort | null;
}

/** `[node]`: what holds for the node that reads it. */
export interface NodeConfig {
  /** Null: the node whose address is a local one. `--node-id` and ABFAIL_NODE_ID win over it. */
  readonly id: NodeId | null;
  readonly listen: HostPort | null;
  readonly stateDir: string | null;
}

/** `[election]`; durations in ms. */
export interface ElectionConfig {
  readonly timing: "local" | "lan" | "wan";
  readonly heartbeatMs: number;
  readonly leaseMs: number;
  readonly preempt: boolean;
  readonly preemptDelayMs: number;
  /** Sit out at least this long after a start (rule 10: a lease made shorter); null = from the lease. */
  readonly quarantineMs: number | null;
  /** Datagrams of so many bytes pass between the nodes; none has more than 1200 (`election/room.ts`). */
  readonly mtu: number;
}

/** `[api]`. */
export interface ApiConfig {
  readonly listen: HostPort;
  readonly tokenFile: string | null;
  readonly socket: string | null;
  /** Null: plain HTTP over TCP. */
  readonly tls: ApiTlsConfig | null;
}

/** Paths of PEM files. */
export interface ApiTlsConfig {
  /** The certificate, its chain behind it. */
  readonly certFile: string;
  readonly keyFile: string;
  /** Clients must have a certificate of one of these; null: none is asked for. */
  readonly clientCaFile: string | null;
}

/** `[dns]`: the embedded DNS server. */
export interface DnsConfig {
  readonly listen: readonly HostPort[];
  /** One or more; none lies in another. */
  readonly zones: readonly string[];
  readonly nameservers: readonly string[];
  readonly stale: "serve" | "servfail";
  readonly transfer: DnsTransferConfig;
  readonly rateLimit: {
    /** Answers a second and network; 0 = no limit. */
    readonly perSecond: number;
    readonly slip: number;
    /** Addresses and networks as written. */
    readonly exempt: readonly string[];
  };
}

/** Who may copy the zones: secondaries. Nobody where both `from` and `key` are missing. */
export interface DnsTransferConfig {
  /** Addresses and networks as written; empty: from anywhere, by the key alone. */
  readonly from: readonly string[];
  readonly key: TsigKeyConfig | null;
  /** Who is told of every change (NOTIFY). */
  readonly notify: readonly HostPort[];
}

/** Whose opinions of a target count; a number = so many of them must say down. */
export type Observers = "majority" | "leader" | "all" | "any" | number;

/** `[[services]]`; durations in ms. */
export interface ServiceConfig {
  readonly name: string;
  readonly observers: Observers;
  readonly failback: "auto" | "manual";
  readonly failbackDelayMs: number;
  readonly minHoldMs: number;
  /** The longest that a flapping target is held back, ms; null = 32 x `failbackDelayMs` (failover/flaps.ts). */
  readonly maxFailbackDelayMs: number | null;
  /** For so long after the start of the leader's process no target is left because it is down, ms; null = `warmupOf`. */
  readonly warmupMs: number | null;
  readonly onAllDown: { readonly kind: "keep" } | { readonly kind: "withdraw" } | {
    readonly kind: "fallback";
    readonly target: string;
  };
  readonly check: CheckConfig;
  /** In order of preference; at least one. */
  readonly targets: readonly TargetConfig[];
  readonly publish: readonly PublisherConfig[];
}

/** `[[services.targets]]`: one copy of a service. */
export interface TargetConfig {
  readonly name: string;
  /** Where it is checked; the port is the check's where the address names none. */
  readonly address: string;
  readonly port: number | null;
  /** What is published: an IPv4 or IPv6 address, or a host name (CNAME). */
  readonly publish: string;
}

/** When a check is tried, and how many results in a row change an opinion; durations in ms. */
export interface CheckTiming {
  readonly intervalMs: number;
  /** Used while the opinion is about to change; never above `intervalMs`. */
  readonly fastIntervalMs: number;
  readonly timeoutMs: number;
  readonly fall: number;
  readonly rise: number;
}

/** How a check speaks TLS. */
export interface TlsOptions {
  readonly verify: boolean;
  readonly caFile: string | null;
  readonly serverName: string | null;
  readonly clientCertFile: string | null;
  readonly clientKeyFile: string | null;
  /** Warn this long before the certificate ends, ms. */
  readonly expireWarningMs: number | null;
}

/** What an HTTP check asks, and which answers are good. */
export interface HttpOptions {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly host: string | null;
  /** Inclusive ranges of good status codes. */
  readonly expectStatus: readonly { readonly from: number; readonly to: number }[];
  /** A regular expression that the first 64 KiB of the body must match. */
  readonly expectBody: string | null;
  readonly followRedirects: boolean;
  /** Speak HTTP/2: by ALPN over TLS, with prior knowledge without. */
  readonly http2: boolean;
}

/** What is sent or looked for: a text (UTF-8; a regular expression where one is looked for), or octets. */
export type Payload = string | readonly number[];

/** `[services.check]`: one kind of check with its timing. */
export type CheckConfig = CheckTiming & CheckKind;

/** How a target is tried. `port`: of targets that name none; null = each must name one. */
export type CheckKind =
  | { readonly type: "http"; readonly port: number | null; readonly http: HttpOptions }
  | {
    readonly type: "https";
    readonly port: number | null;
    readonly http: HttpOptions;
    readonly tls: TlsOptions;
  }
  | { readonly type: "tls"; readonly port: number | null; readonly tls: TlsOptions }
  | {
    readonly type: "tcp";
    readonly port: number | null;
    readonly send: Payload | null;
    readonly expect: Payload | null;
  }
  | {
    readonly type: "udp";
    readonly port: number | null;
    readonly send: Payload;
    /** Null: any answer will do. */
    readonly expect: Payload | null;
  }
  | {
    readonly type: "dns";
    readonly port: number | null;
    /** A domain name, as it was written. */
    readonly query: string;
    /** Type of record, such as `A`. */
    readonly record: string;
    /** All of these must be among the answers; empty: any answer will do. */
    readonly expect: readonly string[];
  }
  | {
    readonly type: "grpc";
    readonly port: number | null;
    /** Empty: the server as a whole. */
    readonly service: string;
    /** Null: without TLS. */
    readonly tls: TlsOptions | null;
  }
  | {
    readonly type: "exec";
    readonly port: null;
    /** The program and its arguments. */
    readonly command: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
