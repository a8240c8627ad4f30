/**
 * What each command is given: the command line, already read and checked by `args.ts`. Numbers are in the unit
 * that their name says; null means that the option was not given.
 */
import type { LogLevel } from "../config/log_categories.ts";
import type { PublisherConfig } from "../config/publisher.ts";
import type { CommandSpec } from "./command_spec.ts";
import type { TlsFileOptions } from "./client_tls.ts";

/** `abfail run` */
export interface RunOptions {
  readonly config: string;
  /** `--node-id`, else ABFAIL_NODE_ID; 1..65535. Wins over `[node] id`. */
  readonly nodeId: number | null;
  /** Wins over `[log] level`. */
  readonly logLevel: LogLevel | null;
  readonly logFormat: "text" | "json";
}

/** `abfail status` */
export interface StatusOptions extends TlsFileOptions {
  readonly config: string | null;
  /** Base URL of a node's API, such as `http://127.0.0.1:7421`. */
  readonly api: string | null;
  readonly nodeId: number | null;
  readonly json: boolean;
  readonly watch: boolean;
}

/** `abfail events` */
export interface EventsOptions extends TlsFileOptions {
  readonly config: string | null;
  readonly api: string | null;
  readonly nodeId: number | null;
  /** One JSON document a line. */
  readonly json: boolean;
  /** Go on until interrupted. */
  readonly follow: boolean;
}

/** The guards that `--without` can take away. */
export const GUARDS = ["lease", "quarantine", "quorum", "fence", "observers"] as const;
/** One of them. */
export type Guard = typeof GUARDS[number];

/** `abfail simulate` */
export interface SimulateOptions {
  readonly config: string | null;
  /** A built-in scenario's name, a TOML file, or `all`. */
  readonly scenario: string | null;
  readonly seed: number | null;
  /** Seeds to try, from `seed` on; at least 1. */
  readonly runs: number;
  readonly nodes: number | null;
  readonly durationMs: number | null;
  /** Share of datagrams lost, 0..1. */
  readonly loss: number | null;
  readonly without: Guard | null;
  /** A recording of `abfail record`. */
  readonly replay: string | null;
  /** Exit 1 when a failover takes longer, ms. */
  readonly budgetMs: number | null;
  readonly live: boolean;
  readonly json: boolean;
  /** Where to write the HTML page. */
  readonly report: string | null;
}

/** `abfail check` */
export interface CheckOptions {
  readonly config: string;
  /** The config that runs now: is it safe to go from it to `config`, node by node? */
  readonly against: string | null;
  /** Read each publisher with the credentials of this machine. */
  readonly tryPublishers: boolean;
  readonly json: boolean;
}

/** `abfail probe` */
export interface ProbeOptions {
  readonly config: string;
  readonly service: string;
  /** All targets of the service when null. */
  readonly target: string | null;
  readonly json: boolean;
}

/** `abfail notify --test` */
export interface NotifyTestOptions {
  readonly config: string;
  readonly json: boolean;
}

/** What `abfail init --with` can print beside a config. */
export const EXTRAS = ["alerts", "dashboard", "systemd"] as const;
/** One of them. */
export type Extra = typeof EXTRAS[number];

/** Publishers that `abfail init` writes: all there are. */
export const INIT_PUBLISHERS = [
  ...["dns", "rfc2136", "powerdns", "digitalocean-dns", "cloudflare", "route53", "google-dns"] as const,
  ...["hetzner-dns", "desec", "gandi", "digitalocean-reserved-ip", "hetzner-floating-ip"] as const,
  ...["webhook", "exec"] as const,
] as const satisfies readonly PublisherConfig["type"][];
/** One of them. */
export type InitPublisher = typeof INIT_PUBLISHERS[number];

/** Options of `init` that are for some publishers alone. */
export const DETAIL_KEYS = [
  ...["server", "apiUrl", "zoneId", "accessKeyId", "project", "managedZone", "ip", "url", "command"] as const,
] as const;
/** One of them. */
export type DetailKey = typeof DETAIL_KEYS[number];

/** `abfail init` */
export interface InitOptions {
  /** How many nodes the file is to have; 3 when null. */
  readonly nodes: number | null;
  /** What the config is to say, as it was typed; what is null or empty is taken from the example. */
  readonly name: string | null;
  readonly node: readonly string[];
  readonly service: string | null;
  readonly check: string | null;
  readonly target: readonly string[];
  readonly publisher: string | null;
  readonly record: string | null;
  readonly zone: string | null;
  /** What one publisher or another needs beside. */
  readonly details: Readonly<Partial<Record<DetailKey, string>>>;
  /** `TARGET=NUMBER`, of publishers that move an address. */
  readonly machine: readonly string[];
  /** Where the credential is: a file, or a variable of the environment. */
  readonly tokenFile: string | null;
  readonly tokenEnv: string | null;
  /** Ask nothing at a terminal. */
  readonly yes: boolean;
  /** Standard output when null. */
  readonly output: string | null;
  /** Print this instead of a config. */
  readonly extra: Extra | null;
}

/** Shells that `abfail completions` knows. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
/** One of them. */
export type Shell = typeof SHELLS[number];

/** `abfail names` */
export interface NamesOptions {
  /** What was typed up to the cursor. */
  readonly line: string;
  readonly commands: readonly CommandSpec[];
}

/** How a command finds a node and proves that it may change something. */
export interface ReachOptions extends TlsFileOptions {
  readonly api: string | null;
  readonly config: string | null;
  readonly nodeId: number | null;
  readonly tokenFile: string | null;
}

/** `abfail record` */
export interface RecordOptions extends ReachOptions {
  /** How far back; null = all that the node kept. */
  readonly minutes: number | null;
  readonly output: string;
}

/** What `switch`, `unpin`, `drain`, `undrain` and `step-down` ask for. */
export type OperateAction =
  | { readonly kind: "switch"; readonly service: string; readonly target: string; readonly dryRun: boolean }
  | { readonly kind: "unpin"; readonly service: string }
  | { readonly kind: "drain"; readonly service: string; readonly target: string }
  | { readonly kind: "undrain"; readonly service: string; readonly target: string }
  | { readonly kind: "step-down" };

/** The five commands that change something. */
export interface OperateOptions extends ReachOptions {
  readonly action: OperateAction;
}
