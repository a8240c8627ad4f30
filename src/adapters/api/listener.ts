/**
 * One listening socket of the API. Everything that a stranger can do to it has a bound: how many connect, how long a
 * handshake, a request and an answer take, how large a head is.
 *
 * Why node:http and not Deno.serve: that has no bound on connections, on the time of a head or a handshake, and does
 * not ask for certificates of clients. Both were tried with Deno 2.9.6.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer, type Server as SecureServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { err, ok, type Result } from "../../base/result.ts";
import { unmapped } from "../udp.ts";
import type { Doorkeeper } from "./doorkeeper.ts";
import { readRequest, sendResponse } from "./exchange.ts";
import type { Caller } from "./host.ts";
import type { TlsIdentity } from "./tls_identity.ts";
import { within } from "./within.ts";

/** How long a TLS handshake may take, ms. */
const HANDSHAKE_MS = 5000;
/**
 * How long the head of a request may take to arrive, ms. No interval that people scrape at: a connection that was
 * opened and not used would end at the moment it is used at last.
 */
export const HEAD_MS = 7000;
/** And the whole of it, with its body; `body.ts` is stricter still, ms. */
const REQUEST_MS = 10_000;
/** How long a connection may lie idle between two requests, ms; no such interval either. */
const IDLE_MS = 12_500;
/** How often these are looked at, ms. */
const LOOK_MS = 1000;
/** How long an answer to what is no request may take to leave, ms. */
const FAREWELL_MS = 200;
/** Largest head of a request, bytes. */
export const HEAD_BYTES = 16 * 1024;

export interface HttpListenerOptions {
  readonly via: Caller["via"];
  readonly tls: TlsIdentity | null;
  readonly door: Doorkeeper;
  /** Never rejects. */
  readonly handle: (request: Request, caller: Caller) => Promise<Response>;
}

export class HttpListener {
  readonly #options: HttpListenerOptions;
  readonly #server: Server | SecureServer;
  /** Connections whose handshake may not be over yet: a server does not close those itself. */
  readonly #raw = new Set<Socket>();

  constructor(options: HttpListenerOptions) {
    this.#options = options;
    const bounds = {
      headersTimeout: HEAD_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: LOOK_MS,
      maxHeaderSize: HEAD_BYTES,
    };
    const answer = (message: IncomingMessage, response: ServerResponse): void =>
      void this.#answer(message, response);
    this.#server = options.tls === null
      ? createServer(bounds, answer)
      : createSecureServer({ ...bounds, ...contextOf(options.tls), handshakeTimeout: HANDSHAKE_MS }, answer);
    this.#server.on("connection", (socket: Socket) => this.#enter(socket));
    this.#server.on("tlsClientError", () => options.door.refuse("handshake"));
    this.#server.on("clientError", (problem: Error, socket: Duplex) => this.#misspoken(problem, socket));
  }

  /** Binds; gives the port, 0 for a path. The error is the system's. */
  async listen(
    where: { readonly host: string; readonly port: number } | { readonly path: string },
  ): Promise<Result<number, unknown>> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once("error", reject);
        this.#server.listen(where, () => {
          this.#server.off("error", reject);
          resolve();
        });
      });
    } catch (problem) {
      return err(problem);
    }
    // Later errors are those of accepting (no files left): the connection is lost, the server goes on.
    this.#server.on("error", () => this.#options.door.refuse("connections"));
    const address = this.#server.address();
    return ok(typeof address === "object" && address !== null ? address.port : 0);
  }

  /** Another certificate for new connections. */
  renew(tls: TlsIdentity): Result<void, string> {
    if (!("setSecureContext" in this.#server)) {
      return err("the API speaks plain HTTP until the node is restarted");
    }
    try {
      this.#server.setSecureContext(contextOf(tls));
      return ok(undefined);
    } catch (problem) {
      return err(problem instanceof Error ? problem.message : String(problem));
    }
  }

  /** Listens no more; what is still on its way out gets so long, ms. Never rejects. */
  async end(flushMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    if (await within(closed, flushMs)) return;
    this.#server.closeAllConnections();
    for (const socket of this.#raw) socket.destroy();
    await within(closed, flushMs);
  }

  #enter(socket: Socket): void {
    const { door } = this.#options;
    const address = addressOf(socket);
    socket.on("error", () => {}); // it is gone: `close` follows
    if (!door.enter(address)) {
      socket.destroy();
      return;
    }
    this.#raw.add(socket);
    socket.once("close", () => {
      this.#raw.delete(socket);
      door.leave(address);
    });
  }

  async #answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const { via, tls, door, handle } = this.#options;
    const read = readRequest(message, tls === null ? "http" : "https");
    if (!read.ok) {
      await sendResponse(read.error, message, response);
      return;
    }
    const answer = await handle(read.value, { via, ...who(via, message.socket) });
    if (!await sendResponse(answer, message, response)) door.refuse("slow-reader");
  }

  /** What came is no request, or did not come in time. */
  #misspoken(problem: Error, socket: Duplex): void {
    // A failed handshake comes here too; it has been counted.
    if (socket === undefined || socket.destroyed || !("code" in problem)) return;
    const slow = problem.code === "ERR_HTTP_REQUEST_TIMEOUT";
    if (slow || String(problem.code).startsWith("HPE_")) {
      this.#options.door.refuse(slow ? "slow-request" : "malformed");
      if (slow && saidNothing(socket)) socket.end();
      else if (socket.writable) socket.end(refusalText(slow, problem.code === "HPE_HEADER_OVERFLOW"));
    }
    if (!socket.writableEnded) {
      socket.destroy();
      return;
    }
    const timer = setTimeout(() => socket.destroy(), FAREWELL_MS);
    socket.once("close", () => clearTimeout(timer));
  }
}

function contextOf({ cert, key, clientCa }: TlsIdentity): Record<string, unknown> {
  return {
    cert,
    key,
    ...(clientCa === null ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  };
}

/**
 * True when no byte of a request has come. Clients open connections that they may need and leave some unused; an
 * answer on one of those would be taken for that of the request they use it for at last.
 */
function saidNothing(socket: Duplex): boolean {
  return "bytesRead" in socket && socket.bytesRead === 0;
}

function addressOf(socket: Socket): string {
  return unmapped(socket.remoteAddress ?? "");
}

function who(via: Caller["via"], socket: Socket): { peer: string | null; certificate: string | null } {
  if (via === "socket") return { peer: null, certificate: null };
  return { peer: addressOf(socket) || null, certificate: certificateName(socket) };
}

/** The common name of the client's certificate; only those that were verified get here. */
function certificateName(socket: Socket): string | null {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
  const name = socket.getPeerCertificate()?.subject?.CN;
  return typeof name === "string" && name !== "" ? name.slice(0, 100) : null;
}

/** An answer in full, for a connection that has no request. */
function refusalText(slow: boolean, large: boolean): string {
  const [status, words] = slow
    ? ["408 Request Timeout", "the request did not arrive in time"]
    : large
    ? ["431 Request Header Fields Too Large", `the head of the request is larger than ${HEAD_BYTES} bytes`]
    : ["400 Bad Request", "that is no HTTP request"];
  const body = `${JSON.stringify({ ok: false, error: words }, null, 2)}\n`;
  return `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
    `content-length: ${body.length}\r\n\r\n${body}`;
}
