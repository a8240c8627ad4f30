/** DNS over TCP: a length of two octets before each message, any number of messages (RFC 1035 4.2.2, RFC 7766). */
import type { HostPort } from "../config/config.ts";
import type { Reply } from "../dns/serve.ts";
import type { DnsTally } from "./dns_counters.ts";
import { otherTurn } from "./turn.ts";

/** Answers one message; null: say nothing. Over UDP, no more than one message. Never throws. */
export type Handle = (
  query: Uint8Array,
  transport: "udp" | "tcp",
  client: string,
  port: number,
  /** The answer may be written here. */
  room: Uint8Array | null,
) => Reply;

/** Limits of the TCP side. */
export interface TcpLimits {
  /** How long a connection may go without a whole query answered, ms; reading and writing alike. */
  readonly idleTimeoutMs: number;
  /** Connections at once; one more closes the one that was quiet for longest. */
  readonly maxConnections: number;
}

const FIRST_BUFFER_OCTETS = 4096;
/** Answers are collected up to this size before they are written. */
const BATCH_OCTETS = 65536;

/** All open connections of a server, the quietest first. */
export class TcpConnections {
  readonly #open = new Set<Connection>();
  readonly #running = new Set<Promise<void>>();
  #closed = false;

  constructor(readonly handle: Handle, readonly limits: TcpLimits, readonly tally: DnsTally) {}

  /** Serves a new connection until either side ends it. */
  add(conn: Deno.TcpConn): void {
    // Accepted at the very moment of closing.
    if (this.#closed) return conn.close();
    if (this.#open.size >= this.limits.maxConnections) this.#evict();
    this.tally.connectionsTotal++;
    const connection = new Connection(conn, this);
    this.#open.add(connection);
    this.tally.connections = this.#open.size;
    const running = connection.serve().finally(() => {
      this.#open.delete(connection);
      this.#running.delete(running);
      this.tally.connections = this.#open.size;
    });
    this.#running.add(running);
  }

  /** Moves a connection to the end of the row: it was just used. */
  touch(connection: Connection): void {
    if (!this.#open.delete(connection)) return;
    this.#open.add(connection);
  }

  /** Closes all and waits until nothing of them is left. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const connection of this.#open) connection.close();
    await Promise.all(this.#running);
  }

  #evict(): void {
    const [quietest] = this.#open;
    const idle = [...this.#open].find((connection) => !connection.writing) ?? quietest;
    if (idle === undefined) return;
    this.tally.connectionsEvicted++;
    this.#open.delete(idle);
    idle.close();
  }
}

/**
 * One connection. Queries are answered in order, and nothing is read while answers wait to be written: a client
 * that sends and does not read holds one batch, then its time runs out.
 */
class Connection {
  writing = false;
  #closed = false;
  #buffer = new Uint8Array(FIRST_BUFFER_OCTETS);
  #filled = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #client: HostPort;

  constructor(readonly conn: Deno.TcpConn, readonly all: TcpConnections) {
    this.#client = { host: conn.remoteAddr.hostname, port: conn.remoteAddr.port };
  }

  async serve(): Promise<void> {
    try {
      this.conn.setNoDelay(true);
      this.#restartTimer();
      for (;;) {
        const count = await this.conn.read(this.#buffer.subarray(this.#filled));
        if (count === null) return;
        this.#filled += count;
        if (!await this.#answerAll()) return;
      }
    } catch {
      // Reset, or closed by us: a broken connection is the client's affair.
      if (this.writing && !this.#closed) this.all.tally.sendErrors++;
    } finally {
      this.close();
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.conn.close();
  }

  /** Answers every whole query in the buffer; false when the peer does not speak DNS. */
  async #answerAll(): Promise<boolean> {
    let at = 0;
    let batch: Uint8Array[] = [];
    let octets = 0;
    const { host, port } = this.#client;
    for (;;) {
      const end = this.#frameEnd(at);
      if (end === null || end > this.#filled) break;
      const response = this.all.handle(this.#buffer.subarray(at + 2, end), "tcp", host, port, null);
      if (response === null) return false;
      for (const message of response instanceof Uint8Array ? [response] : response) {
        batch.push(Uint8Array.of(message.length >> 8, message.length & 0xff), message);
        octets += 2 + message.length;
      }
      at = end;
      // A zone takes milliseconds to write down, and one read may ask for it a hundred times.
      const isTransfer = !(response instanceof Uint8Array);
      if (octets >= BATCH_OCTETS || isTransfer) {
        await this.#write(batch, octets);
        if (isTransfer) await otherTurn();
        batch = [];
        octets = 0;
      }
    }
    if (octets > 0) await this.#write(batch, octets);
    this.#keepRest(at);
    return true;
  }

  /** Where the message at `at` ends; null while its length is not there yet. */
  #frameEnd(at: number): number | null {
    if (this.#filled - at < 2) return null;
    return at + 2 + ((this.#buffer[at]! << 8) | this.#buffer[at + 1]!);
  }

  /** Moves a partial message to the front and makes room for the rest of it. */
  #keepRest(at: number): void {
    this.#buffer.copyWithin(0, at, this.#filled);
    this.#filled -= at;
    const needed = this.#frameEnd(0) ?? 0;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(needed);
      larger.set(this.#buffer.subarray(0, this.#filled));
      this.#buffer = larger;
    }
  }

  async #write(batch: readonly Uint8Array[], octets: number): Promise<void> {
    const bytes = new Uint8Array(octets);
    let at = 0;
    for (const part of batch) {
      bytes.set(part, at);
      at += part.length;
    }
    this.writing = true;
    for (let sent = 0; sent < bytes.length;) sent += await this.conn.write(bytes.subarray(sent));
    this.writing = false;
    this.#restartTimer();
    this.all.touch(this);
  }

  #restartTimer(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.all.tally.connectionsTimedOut++;
      this.close();
    }, this.all.limits.idleTimeoutMs);
  }
}
