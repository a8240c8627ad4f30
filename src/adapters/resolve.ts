/**
 * The peers' addresses, where the config names hosts: looked up at the start, again every RENEW_MS, and sooner
 * while a peer is silent (it may have moved). A lookup that fails keeps the address known before.
 *
 * It asks the system (getaddrinfo, by node:dns), so /etc/hosts and search domains count as they do for every
 * other program. `Deno.resolveDns` asks DNS servers alone. Nothing waits for a lookup but the next lookup.
 */
import { lookup } from "node:dns/promises";
import type { NodeId } from "../base/id.ts";
import { parseIpv4 } from "../dns/address.ts";
import { hostKind } from "../config/address.ts";
import type { HostPort } from "../config/config.ts";
import type { UdpFamily } from "./udp.ts";

/** A peer, as the config has it. */
export interface PeerAddress {
  readonly id: NodeId;
  readonly address: HostPort;
}

/** Addresses of a host; rejects when there are none. */
export type Lookup = (host: string) => Promise<readonly string[]>;

export interface ResolverOptions {
  readonly peers: readonly PeerAddress[];
  /** What the socket can send to. */
  readonly family: UdpFamily;
  /** Monotonic, ms. */
  readonly now: () => number;
  readonly lookup?: Lookup;
}

export interface Resolver {
  /** Where to send to; null while a host name has not been resolved yet. Always an IP address. */
  addressOf(id: NodeId): HostPort | null;
  /** Why the last lookup of a peer gave nothing usable, one phrase; null when all is well. */
  problemOf(id: NodeId): string | null;
  /**
   * To be called now and then (each second is plenty): starts the lookups that are due. `silent` tells which
   * peers are not heard; those are looked up every RETRY_MS, as are those without an address.
   */
  refresh(silent: (id: NodeId) => boolean): void;
  /** Resolves when the lookups under way have ended. */
  settled(): Promise<void>;
}

/** How often a peer that is heard is looked up again, ms. */
export const RENEW_MS = 30_000;
/** How often a silent one is, ms. */
export const RETRY_MS = 3_000;

interface Entry {
  readonly id: NodeId;
  readonly host: string;
  readonly port: number;
  /** False for IP addresses, which are never looked up. */
  readonly named: boolean;
  address: string | null;
  problem: string | null;
  askedAt: number;
  asking: Promise<void> | null;
}

/** Makes a resolver; it does nothing before `refresh`. */
export function createResolver(options: ResolverOptions): Resolver {
  const { family, now } = options;
  const ask = options.lookup ?? systemLookup;
  const entries = new Map(options.peers.map((peer) => [peer.id, entryOf(peer, family)]));

  /** Keeps the address in use while it is among those found and answers; of a silent peer it tries the next. */
  async function lookUp(entry: Entry, silent: boolean): Promise<void> {
    try {
      const found = (await ask(entry.host)).filter((address) => suits(address, family));
      const place = entry.address === null ? -1 : found.indexOf(entry.address);
      if (found.length === 0) entry.problem = `${entry.host} has no ${family} address, as the socket needs`;
      else {
        entry.problem = null;
        if (place < 0 || silent) entry.address = found[(place + 1) % found.length] ?? null;
      }
    } catch (error) {
      entry.problem = `${entry.host} cannot be looked up: ${
        error instanceof Error ? error.message : String(error)
      }`;
    } finally {
      entry.asking = null;
    }
  }

  return {
    addressOf: (id) => {
      const entry = entries.get(id);
      return entry === undefined || entry.address === null ? null : { host: entry.address, port: entry.port };
    },
    problemOf: (id) => entries.get(id)?.problem ?? null,
    refresh: (silent) => {
      for (const entry of entries.values()) {
        if (!entry.named || entry.asking !== null) continue;
        const isSilent = silent(entry.id);
        const wait = entry.address === null || isSilent ? RETRY_MS : RENEW_MS;
        if (now() - entry.askedAt < wait) continue;
        entry.askedAt = now();
        entry.asking = lookUp(entry, isSilent);
      }
    },
    settled: async () => {
      await Promise.all([...entries.values()].map((entry) => entry.asking));
    },
  };
}

function entryOf({ id, address }: PeerAddress, family: UdpFamily): Entry {
  const { host, port } = address;
  const named = hostKind(host) === "name" || hostKind(host) === null;
  const usable = named || suits(host, family);
  return {
    id,
    host,
    port,
    named,
    address: named || !usable ? null : host,
    problem: usable ? null : `${host} cannot be reached from an ${family} socket`,
    askedAt: -Infinity,
    asking: null,
  };
}

function suits(address: string, family: UdpFamily): boolean {
  return family === "both" || (parseIpv4(address) !== null) === (family === "ipv4");
}

async function systemLookup(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map((found) => found.address);
}
