/**
 * The embedded authoritative DNS server on the network: UDP and TCP sockets around `src/dns/answer.ts`. What it
 * says is decided there; here are sockets, limits and counters. Parts: `dns_addresses.ts` which addresses,
 * `dns_endpoint.ts` one address, `dns_tcp.ts` connections, `dns_counters.ts`.
 */
import { err, ok, type Result } from "../base/result.ts";
import type { HostPort } from "../config/config.ts";
import { answerServfail, type Transport } from "../dns/answer.ts";
import { rcodeName } from "../dns/message.ts";
import { formatName, type Name } from "../dns/name.ts";
import { type Outline, outlineOf } from "../dns/outline.ts";
import { typeName } from "../dns/record.ts";
import type { Networks } from "../dns/network.ts";
import { RateLimiter } from "../dns/rate_limit.ts";
import { type Reply, serve, type Served, type Shield } from "../dns/serve.ts";
import { sipKey } from "../dns/siphash.ts";
import { randomOctets } from "./random.ts";
import { expandHost, type Interfaces, isWildcard } from "./dns_addresses.ts";
import { type DnsCounters, DnsTally } from "./dns_counters.ts";
import { type Backend, type BindProblem, DnsEndpoint } from "./dns_endpoint.ts";
import { TcpConnections } from "./dns_tcp.ts";

/**
 * What to answer at this moment. `servfail`: everything in the zones `origins` gets SERVFAIL and clients try another
 * server; without `origins`, every name does.
 */
export type CurrentZones = Served | { readonly servfail: true; readonly origins?: readonly Name[] | null };

/** One answered query. */
export interface QueryInfo {
  readonly transport: Transport;
  readonly client: HostPort;
  /** Null where the query had no readable question. */
  readonly name: string | null;
  readonly type: string | null;
  readonly rcode: string;
  readonly truncated: boolean;
}

export interface DnsServerOptions {
  /** At least one. Port 0: any free one, the same for UDP and TCP. `0.0.0.0` and `::`: see `expandHost`. */
  readonly listen: readonly HostPort[];
  /** Asked for each query; must be quick. */
  readonly current: () => CurrentZones;
  /** For signatures and cookies, ms since 1970. */
  readonly wallMs: () => number;
  /** For rate limits; never goes back. */
  readonly nowMs: () => number;
  /** Default: no limit. */
  readonly rateLimit?:
    | { readonly perSecond: number; readonly slip: number; readonly exempt: Networks }
    | null;
  readonly onQuery?: (info: QueryInfo) => void;
  /** Default 10 000. */
  readonly idleTimeoutMs?: number;
  /** Default 128. */
  readonly maxConnections?: number | undefined;
  /** How often local addresses are looked at again, ms; default 10 000. */
  readonly rescanMs?: number;
  /** For tests; default `Deno.networkInterfaces`. */
  readonly interfaces?: Interfaces;
}

/** A running server. */
export interface DnsServer {
  /** What is bound now. */
  readonly addresses: readonly HostPort[];
  /** Addresses that could not be bound when last tried, one sentence each; tried again at each rescan. */
  readonly problems: readonly string[];
  counters(): DnsCounters & { readonly limited: { readonly slipped: number; readonly dropped: number } };
  /** Ends all sockets and connections; resolves when nothing is left. Harmless when repeated. */
  close(): Promise<void>;
}

/** With port 0, how often to look for a port that is free for UDP and TCP on all addresses. */
const PORT_TRIES = 20;

/** Binds everything that is asked for, or nothing; the error names the address and the reason. */
export async function startDnsServer(options: DnsServerOptions): Promise<Result<DnsServer, string>> {
  const server = new Server(options);
  const problem = server.bindAll();
  if (problem === null) return ok(server);
  await server.close();
  return err(problem);
}

class Server implements DnsServer {
  #endpoints: DnsEndpoint[] = [];
  #problems: string[] = [];
  #listen: readonly HostPort[];
  #rescanTimer: ReturnType<typeof setInterval> | undefined;
  #closing: Promise<void> | null = null;
  readonly #backend: Backend;
  readonly #interfaces: Interfaces;
  readonly #shield: Shield;

  constructor(readonly options: DnsServerOptions) {
    const tally = new DnsTally();
    this.#shield = shieldOf(options);
    const handle = handler(options, this.#shield, tally);
    const limits = {
      idleTimeoutMs: options.idleTimeoutMs ?? 10_000,
      maxConnections: options.maxConnections ?? 128,
    };
    this.#backend = { handle, tally, connections: new TcpConnections(handle, limits, tally) };
    this.#interfaces = options.interfaces ?? Deno.networkInterfaces;
    this.#listen = options.listen;
  }

  get addresses(): readonly HostPort[] {
    return this.#endpoints.filter(({ alive }) => alive).map(({ address }) => address);
  }

  get problems(): readonly string[] {
    return this.#problems;
  }

  counters(): ReturnType<DnsServer["counters"]> {
    const { slipped = 0, dropped = 0 } = this.#shield.limiter ?? {};
    return { ...this.#backend.tally.snapshot(), limited: { slipped, dropped } };
  }

  close(): Promise<void> {
    clearInterval(this.#rescanTimer);
    this.#closing ??= Promise.all([
      ...this.#endpoints.map((endpoint) => endpoint.close()),
      this.#backend.connections.close(),
    ]).then(() => undefined);
    return this.#closing;
  }

  /** Returns the first problem, with some addresses bound perhaps; null when all is well. */
  bindAll(): string | null {
    if (this.#listen.length === 0) return "the DNS server has no address to listen on";
    const resolved: HostPort[] = [];
    for (const listen of this.#listen) {
      const bound = this.#bindFirst(listen);
      if (!bound.ok) return bound.error.text;
      resolved.push(bound.value);
    }
    this.#listen = resolved;
    this.#rescanTimer = setInterval(() => this.#rescan(), this.options.rescanMs ?? 10_000);
    return null;
  }

  /** Binds one configured address; with port 0, returns the port that was found. */
  #bindFirst(listen: HostPort): Result<HostPort, BindProblem> {
    for (let tries = 1;; tries++) {
      const bound = this.#bindHosts(listen);
      const again = !bound.ok && bound.error.code === "EADDRINUSE" && listen.port === 0;
      if (!again || tries === PORT_TRIES) return bound;
    }
  }

  #bindHosts(listen: HostPort): Result<HostPort, BindProblem> {
    let port = listen.port;
    const added: DnsEndpoint[] = [];
    let missing: BindProblem | null = null;
    const hosts = this.#hosts(listen);
    if (!hosts.ok) return hosts;
    for (const host of hosts.value) {
      if (this.#isBound({ host, port })) continue;
      const endpoint = DnsEndpoint.bind({ host, port }, this.#backend);
      if (endpoint.ok) {
        added.push(endpoint.value);
        port = endpoint.value.address.port;
      } else if (isWildcard(listen.host) && endpoint.error.code === "EADDRNOTAVAIL") {
        // It went between listing and binding, or IPv6 is still looking for duplicates: the rescan sees to it.
        missing = endpoint.error;
      } else {
        for (const other of added) void other.close();
        // Closed, and kept so that `close` waits for them.
        this.#endpoints.push(...added);
        return endpoint;
      }
    }
    if (added.length === 0 && missing !== null) return err(missing);
    this.#endpoints.push(...added);
    return ok({ host: listen.host, port });
  }

  /** Follows the local addresses as they come and go, and binds anew what died. */
  #rescan(): void {
    const wanted: HostPort[] = [];
    for (const listen of this.#listen) {
      const hosts = this.#hosts(listen);
      // Not knowing the addresses is no reason to leave those that are bound.
      if (!hosts.ok) {
        this.#problems = [hosts.error.text];
        return;
      }
      wanted.push(...hosts.value.map((host) => ({ host, port: listen.port })));
    }
    for (const endpoint of this.#endpoints) {
      if (!wanted.some((address) => sameAddress(address, endpoint.address))) void endpoint.close();
    }
    this.#endpoints = this.#endpoints.filter(({ alive }) => alive);
    this.#problems = [];
    for (const address of wanted) {
      if (this.#isBound(address)) continue;
      const endpoint = DnsEndpoint.bind(address, this.#backend);
      if (endpoint.ok) this.#endpoints.push(endpoint.value);
      else this.#problems.push(endpoint.error.text);
    }
  }

  #hosts({ host }: HostPort): Result<readonly string[], BindProblem> {
    try {
      return ok(expandHost(host, this.#interfaces));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return err({ code: "", text: `the DNS server cannot list the local addresses for ${host}: ${reason}` });
    }
  }

  #isBound(address: HostPort): boolean {
    return this.#endpoints.some((endpoint) => endpoint.alive && sameAddress(endpoint.address, address));
  }
}

function sameAddress(a: HostPort, b: HostPort): boolean {
  return a.host === b.host && a.port === b.port;
}

function shieldOf({ rateLimit, wallMs, nowMs }: DnsServerOptions): Shield {
  const [seed = 0] = new Uint32Array(randomOctets(4).buffer);
  const { perSecond = 0, slip = 0, exempt = [] } = rateLimit ?? {};
  return {
    limiter: perSecond === 0 ? null : new RateLimiter({ perSecond, slip, exempt, seed }),
    cookies: sipKey(randomOctets(16)),
    clock: { nowS: () => Math.floor(wallMs() / 1000), nowMs },
  };
}

/** From bytes to bytes, counted; what throws in here is a bug and must not stop a socket loop. */
function handler(
  { current, onQuery }: DnsServerOptions,
  shield: Shield,
  tally: DnsTally,
): Backend["handle"] {
  const respond = (
    query: Uint8Array,
    transport: Transport,
    client: string,
    room: Uint8Array | null,
  ): Reply => {
    try {
      const now = current();
      return "zones" in now
        ? serve(now, { query, transport, client, room }, shield)
        : answerServfail(now.origins ?? null, query, transport);
    } catch {
      tally.failures++;
      return failed(query, transport);
    }
  };
  const failed = (query: Uint8Array, transport: Transport): Reply => {
    try {
      return answerServfail(null, query, transport);
    } catch {
      tally.failures++;
      return null;
    }
  };
  return (query, transport, client, port, room) => {
    tally.received(transport);
    const response = respond(query, transport, client, room);
    if (response === null) {
      tally.dropped++;
      return null;
    }
    const outline = outlineOf(response instanceof Uint8Array ? response : response[0]!);
    tally.answered(outline);
    if (!(response instanceof Uint8Array)) tally.transfers++;
    if (onQuery === undefined) return response;
    try {
      onQuery(infoOf(outline, transport, { host: client, port }));
    } catch {
      tally.failures++;
    }
    return response;
  };
}

function infoOf(outline: Outline, transport: Transport, client: HostPort): QueryInfo {
  const name = outline.name();
  return {
    transport,
    client,
    name: name === null ? null : formatName(name),
    type: outline.type === null ? null : typeName(outline.type),
    rcode: rcodeName(outline.rcode),
    truncated: outline.truncated,
  };
}
