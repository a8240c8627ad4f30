/** This node's line to its peers: packets in and out over one sealed UDP socket. */
import { createResolver, type Resolver } from "../adapters/resolve.ts";
import { openUdp, type Udp } from "../adapters/udp.ts";
import type { Incarnation, NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { MonoMs } from "../base/time.ts";
import type { Config, HostPort, MemberConfig } from "../config/config.ts";
import type { LogEvent, Packet } from "../node/events.ts";
import { processEvent } from "../node/process_event.ts";
import type { Problem } from "../view/problems.ts";
import { createOpener, createSealer, type Opener, type Rejection, type Sealer } from "../wire/seal.ts";

export interface LinkOptions {
  readonly config: Config;
  readonly member: MemberConfig;
  readonly incarnation: Incarnation;
  readonly log: (event: LogEvent) => void;
  readonly clock: { now(): MonoMs };
  /** Whether a peer is not heard: its name is looked up more often. */
  readonly silent: (id: NodeId) => boolean;
}

/** What a refused datagram means for an operator; the rest is noise that is only counted. */
type Alarm = Extract<
  Rejection["kind"],
  "other-members" | "twin" | "unknown-key" | "bad-tag" | "misdirected" | "malformed" | "version"
>;

/** How often the resolver is asked whether a look-up is due, ms. */
const REFRESH_MS = 1000;
/** One log line per peer and reason in this time, and so long a notice is shown, ms. */
const ALARM_EVERY_MS = 60_000;
const NOTICE_MS = 10_000;
/** Datagrams refused in a second that are called a flood. */
const FLOOD_PER_SECOND = 1000;
const FLOOD_TEXT =
  "A flood of datagrams that are not of this cluster arrives at its port: let the firewall " +
  "take them from the other nodes alone";

export class PeerLink {
  /** Datagrams that were not opened, by reason. */
  readonly refused = new Map<string, number>();
  sent = 0;
  received = 0;
  readonly #options: LinkOptions;
  readonly #udp: Udp;
  readonly #peers: readonly MemberConfig[];
  readonly #resolver: Resolver;
  readonly #refreshing: ReturnType<typeof setInterval>;
  readonly #sealer: Sealer;
  readonly #opener: Opener;
  readonly #alarms = new Map<string, { text: string; at: MonoMs; loggedAt: MonoMs }>();
  #second: { readonly since: MonoMs; refused: number } = { since: -Infinity, refused: 0 };
  #receive: (packet: Packet) => void = () => {};

  constructor(options: LinkOptions, udp: Udp) {
    this.#options = options;
    this.#udp = udp;
    const { config, member } = options;
    const wire = {
      keys: keysOf(config),
      clusterName: config.cluster.name,
      members: config.cluster.nodes,
      self: member.id,
      incarnation: options.incarnation,
    };
    this.#sealer = createSealer(wire);
    this.#opener = createOpener(wire);
    this.#peers = config.cluster.nodes.filter((node) => node.id !== member.id);
    this.#resolver = createResolver({
      peers: this.#peers,
      family: udp.family,
      now: () => options.clock.now(),
    });
    this.#resolver.refresh(options.silent);
    this.#refreshing = setInterval(() => this.#resolver.refresh(options.silent), REFRESH_MS);
  }

  /** Where opened packets go. Datagrams that came before are gone: UDP promises nothing. */
  receive(listener: (packet: Packet) => void): void {
    this.#receive = listener;
    this.#udp.start((bytes, from) => this.#open(bytes, from));
  }

  /** Seals and sends; a peer whose name does not resolve is silent for now. */
  send(to: NodeId, packet: Packet): void {
    const address = this.#resolver.addressOf(to);
    if (address === null) return;
    this.sent++;
    this.#udp.send(address, this.#sealer.seal(to, packet));
  }

  /** Waits until every datagram that is already here has been received. */
  async drain(): Promise<void> {
    await this.#udp.drain();
  }

  /** Other cluster keys from now on: the first seals, all open. The numbering of datagrams goes on. */
  rekey(config: Config): void {
    this.#sealer.rekey(keysOf(config));
    this.#opener.rekey(keysOf(config));
  }

  /** Mistakes that refused datagrams point to: mostly why a node is not heard. */
  problems(now: MonoMs): Problem[] {
    const shown = [...this.#alarms.values()].filter((alarm) => now - alarm.at < NOTICE_MS);
    return shown.map(({ text }) => ({ kind: "config", text }));
  }

  /** Send errors by code. */
  get sendErrors(): ReadonlyMap<string, number> {
    return this.#udp.counters.sendErrors;
  }

  async close(): Promise<void> {
    clearInterval(this.#refreshing);
    await this.#udp.close(); // a look-up under way may take seconds; nobody waits for it
  }

  #open(bytes: Uint8Array, from: HostPort): void {
    this.received++;
    const now = this.#options.clock.now();
    const opened = this.#opener.open(bytes, now, from);
    if (opened.ok) {
      this.#receive(opened.value);
      return;
    }
    const { kind } = opened.error;
    this.refused.set(kind, (this.refused.get(kind) ?? 0) + 1);
    if (this.#isFlood(now)) this.#alarm("flood", FLOOD_TEXT);
    const text = alarmText(opened.error);
    if (text !== null && this.#isPlausible(opened.error)) this.#alarm(kind, text);
  }

  /** What is not verified may name any sender: only members are worth a line, so that junk cannot flood the log. */
  #isPlausible(rejection: Rejection): boolean {
    if (!("from" in rejection) || rejection.kind === "other-members") return true;
    return this.#options.config.cluster.nodes.some((node) => node.id === rejection.from);
  }

  /** Whether more was refused in a second than can be a mistake. */
  #isFlood(now: MonoMs): boolean {
    if (now - this.#second.since >= 1000) this.#second = { since: now, refused: 0 };
    return ++this.#second.refused >= FLOOD_PER_SECOND;
  }

  #alarm(kind: string, text: string): void {
    const now = this.#options.clock.now();
    const known = this.#alarms.get(text);
    if (known !== undefined && now - known.loggedAt < ALARM_EVERY_MS) {
      known.at = now;
      return;
    }
    this.#alarms.set(text, { text, at: now, loggedAt: now });
    this.#options.log(processEvent("warning", "refused", text, { reason: kind }));
  }
}

function keysOf(config: Config): Uint8Array[] {
  return config.cluster.keys.map((key) => Uint8Array.from(atob(key.reveal()), (c) => c.charCodeAt(0)));
}

/** A sentence for those refusals that point to a mistake; null for noise. */
function alarmText(rejection: Rejection): string | null {
  const kind = rejection.kind as Alarm;
  const from = "from" in rejection ? rejection.from : 0;
  switch (kind) {
    case "other-members":
      return `Node ${from} has another list of nodes: its datagrams are ignored until both lists agree`;
    case "twin":
      return "Another process runs with this node's id: stop one of them";
    case "unknown-key":
    case "bad-tag":
      return `Datagrams that claim to come from node ${from} are sealed with another key or for another cluster name`;
    case "misdirected":
      return `Datagrams of node ${from} for another node arrive here: an address in cluster.nodes is wrong`;
    case "malformed":
      return `Node ${from} sends what this version of abfail does not understand`;
    case "version":
      return "Datagrams of another version of abfail's protocol arrive here";
    default:
      return null;
  }
}

/** Binds the socket. The error names the address and what to do. */
export function openLink(options: LinkOptions): Result<PeerLink, string> {
  const listen = options.config.node.listen ?? options.member.address;
  const udp = openUdp({ listen });
  if (!udp.ok) return err(udp.error);
  return ok(new PeerLink(options, udp.value));
}
