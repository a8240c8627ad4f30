/**
 * The one UDP socket of a node. Errors of sending say nothing about a peer (a dead host often gives none), so
 * they are counted and never thrown: a peer is judged by its silence alone.
 */
import { err, ok, type Result } from "../base/result.ts";
import type { HostPort } from "../config/config.ts";
import { hostKind } from "../config/address.ts";

/** Which addresses a socket can send to: an IPv6 one on `::` reaches IPv4 as well. */
export type UdpFamily = "ipv4" | "ipv6" | "both";

/** Takes one datagram. `bytes` is a view that the next datagram overwrites: copy what is to stay. */
export type OnDatagram = (bytes: Uint8Array, from: HostPort) => void;

/** What went through the socket since it was opened. */
export interface UdpCounters {
  readonly received: number;
  readonly sent: number;
  /** Sends that failed, by system code (ENETUNREACH, EPERM ...), or `queue-full`, `not-an-address`, `closed`. */
  readonly sendErrors: ReadonlyMap<string, number>;
  readonly receiveErrors: ReadonlyMap<string, number>;
}

export interface Udp {
  /** Where it listens; the port is a real one even where 0 was asked for. */
  readonly address: HostPort;
  readonly family: UdpFamily;
  readonly counters: UdpCounters;
  /** Begins to receive; to be called once. A throw of `onDatagram` is a bug and ends the process. */
  start(onDatagram: OnDatagram): void;
  /** Sends to an IP address. Never throws; what fails is counted. */
  send(to: HostPort, bytes: Uint8Array): void;
  /**
   * Resolves when everything that lay in the socket's buffer has been handed to `onDatagram`. After a pause
   * of the process late timers fire BEFORE the datagrams that arrived meanwhile: without this, peers that
   * never fell silent look dead. Gives the number of datagrams; bounded under a flood (MAX_DRAIN_TURNS).
   */
  drain(): Promise<number>;
  /** Sends what is queued, then closes the socket. Harmless when repeated. */
  close(): Promise<void>;
}

/** Datagrams waiting to be sent; each takes some microseconds unless the network card is stuck. */
const MAX_QUEUE = 4096;
/** Turns of the event loop without a datagram after which the socket counts as empty. */
const QUIET_TURNS = 3;
/** Turns that one drain takes at most: about half a second. */
const MAX_DRAIN_TURNS = 400;
/** Pause after a failed receive, ms: an error that stays must not spin. */
const RECEIVE_RETRY_MS = 10;
/** The largest datagram there is fits. */
const BUFFER_OCTETS = 65536;

/** Binds the socket. The error is one phrase, such as `cannot listen on 10.0.0.1:7420: address in use`. */
export function openUdp(options: { readonly listen: HostPort }): Result<Udp, string> {
  const { host, port } = options.listen;
  try {
    return ok(new Socket(Deno.listenDatagram({ transport: "udp", hostname: host, port })));
  } catch (error) {
    const where = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    const why = (error instanceof Error ? error.message : String(error)).replace(/ \(os error \d+\)$/, "");
    const inUse = error instanceof Deno.errors.AddrInUse ? ": does abfail run here already?" : "";
    return err(`cannot listen on UDP ${where}: ${why}${inUse}`);
  }
}

class Socket implements Udp {
  readonly address: HostPort;
  readonly family: UdpFamily;
  readonly #conn: Deno.DatagramConn;
  readonly #sendErrors = new Map<string, number>();
  readonly #receiveErrors = new Map<string, number>();
  readonly #queue: { readonly to: Deno.NetAddr; readonly bytes: Uint8Array }[] = [];
  #sending: Promise<void> | null = null;
  #receiving: Promise<void> = Promise.resolve();
  #received = 0;
  #sent = 0;
  #closed = false;

  constructor(conn: Deno.DatagramConn) {
    this.#conn = conn;
    const { hostname, port } = conn.addr as Deno.NetAddr;
    this.address = { host: hostname, port };
    this.family = !hostname.includes(":") ? "ipv4" : hostname === "::" ? "both" : "ipv6";
  }

  get counters(): UdpCounters {
    return {
      received: this.#received,
      sent: this.#sent,
      sendErrors: this.#sendErrors,
      receiveErrors: this.#receiveErrors,
    };
  }

  start(onDatagram: OnDatagram): void {
    this.#receiving = this.#receive(onDatagram);
  }

  send(to: HostPort, bytes: Uint8Array): void {
    const kind = hostKind(to.host);
    // the system would look a name up, and every datagram would wait for it
    if (kind !== "ipv4" && kind !== "ipv6") return count(this.#sendErrors, "not-an-address");
    if (this.#closed) return count(this.#sendErrors, "closed");
    if (this.#queue.length >= MAX_QUEUE) return count(this.#sendErrors, "queue-full");
    const hostname = kind === "ipv4" && this.family === "both" ? `::ffff:${to.host}` : to.host;
    this.#queue.push({ to: { transport: "udp", hostname, port: to.port }, bytes });
    this.#sending ??= this.#sendAll();
  }

  async drain(): Promise<number> {
    const before = this.#received;
    let seen = before;
    let quiet = 0;
    for (let turn = 0; turn < MAX_DRAIN_TURNS && quiet < QUIET_TURNS && !this.#closed; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      quiet = this.#received === seen ? quiet + 1 : 0;
      seen = this.#received;
    }
    return seen - before;
  }

  async close(): Promise<void> {
    await this.#sending;
    if (!this.#closed) {
      this.#closed = true;
      this.#conn.close();
    }
    await this.#receiving;
  }

  /** One receive is outstanding at any time: two could resolve in the wrong order. */
  async #receive(onDatagram: OnDatagram): Promise<void> {
    const buffer = new Uint8Array(BUFFER_OCTETS);
    while (!this.#closed) {
      let datagram: [Uint8Array, Deno.Addr];
      try {
        datagram = await this.#conn.receive(buffer);
      } catch (error) {
        if (this.#closed) return;
        count(this.#receiveErrors, codeOf(error));
        await new Promise((resolve) => setTimeout(resolve, RECEIVE_RETRY_MS));
        continue;
      }
      this.#received += 1;
      const { hostname, port } = datagram[1] as Deno.NetAddr;
      onDatagram(datagram[0], { host: unmapped(hostname), port });
    }
  }

  /** One after the other: sends that run side by side leave in any order, the last one first for example. */
  async #sendAll(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      try {
        await this.#conn.send(next.bytes, next.to);
        this.#sent += 1;
      } catch (error) {
        count(this.#sendErrors, codeOf(error));
      }
    }
    this.#sending = null;
  }
}

/** An IPv4 address that an IPv6 socket shows as `::ffff:a.b.c.d`, as IPv4; others as they are. */
export function unmapped(host: string): string {
  if (!host.startsWith(":")) return host; // nearly all, and there may be a flood of them
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host)?.[1] ?? host;
}

/** Counts by code; codes are few, being the system's. */
function count(counters: Map<string, number>, code: string): void {
  counters.set(code, (counters.get(code) ?? 0) + 1);
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
