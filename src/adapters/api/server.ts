/** The sockets of the HTTP API: TCP, with TLS where the config has a certificate, and the Unix socket. */
import { dirname } from "node:path";
import { err, ok, type Result } from "../../base/result.ts";
import type { HostPort } from "../../config/config.ts";
import { Doorkeeper, type Refusals } from "./doorkeeper.ts";
import type { Api, Caller } from "./host.ts";
import { HttpListener } from "./listener.ts";
import { failure } from "./reply.ts";
import type { TlsIdentity } from "./tls_identity.ts";
import { within } from "./within.ts";

export interface ApiServerOptions {
  readonly listen: HostPort;
  /** Null: plain HTTP. */
  readonly tls?: TlsIdentity | null;
  /** Path of the Unix socket; null for none. */
  readonly socket: string | null;
  readonly api: Api;
  /** Connections at once over TCP; default CONNECTIONS_MAX. */
  readonly connectionsMax?: number | undefined;
  /** Told when a request made the API throw: a bug, for the log. The caller gets 500 and no detail. */
  readonly onFailure: (detail: string) => void;
}

export interface ApiServer {
  /** The port that was bound (of use when 0 was asked for). */
  readonly port: number;
  /** Connections and requests that were turned away, by reason. */
  readonly refused: Refusals;
  /** Another certificate from now on, for new connections. The error is one sentence; then the old one stays. */
  renew(tls: TlsIdentity): Result<void, string>;
  /** Ends streams, lets answers under way finish for at most `CLOSE_MS`, then cuts them. Never rejects. */
  close(): Promise<void>;
}

/** Requests answered at once; more get 503. */
const REQUESTS_MAX = 128;

/** How long a request under way may keep the server from ending, ms. */
export const CLOSE_MS = 400;

/** And how long an answer may take to leave after that, ms. */
const FLUSH_MS = 100;

/** Mode of the Unix socket: its owner and group may change things. */
const SOCKET_MODE = 0o660;

/** Listens. The error is one sentence that names the address. */
export async function startApiServer(options: ApiServerOptions): Promise<Result<ApiServer, string>> {
  const gate = new Gate(options);
  const door = new Doorkeeper(options.connectionsMax);
  const tls = options.tls ?? null;
  const tcp = new HttpListener({ via: "tcp", tls, door, handle: (...given) => gate.handle(...given) });
  const { host, port } = options.listen;
  const bound = await tcp.listen({ host, port });
  if (!bound.ok) {
    const where = host.includes(":") ? `[${host}]` : host;
    return err(`cannot listen on ${where}:${port} (api.listen): ${reason(bound.error)}`);
  }
  const running = [tcp];
  if (options.socket !== null) {
    const unix = await listenUnix(options.socket, gate);
    if (!unix.ok) {
      await tcp.end(FLUSH_MS);
      return unix;
    }
    running.push(unix.value);
  }
  const close = async (): Promise<void> => {
    await gate.drain(CLOSE_MS);
    await Promise.all(running.map((one) => one.end(FLUSH_MS)));
  };
  return ok({ port: bound.value, refused: door.refused, renew: (next) => tcp.renew(next), close });
}

async function listenUnix(path: string, gate: Gate): Promise<Result<HttpListener, string>> {
  const free = await removeStale(path);
  if (!free.ok) return free;
  // Who may open the file is trusted, but its connections have bounds of their own.
  const unix = new HttpListener({
    via: "socket",
    tls: null,
    door: new Doorkeeper(),
    handle: (...given) => gate.handle(...given),
  });
  await Deno.mkdir(dirname(path), { recursive: true }).catch(() => {}); // listening says what is wrong
  const bound = await unix.listen({ path });
  if (!bound.ok) return err(`cannot listen on ${path} (api.socket): ${reason(bound.error)}`);
  try {
    await Deno.chmod(path, SOCKET_MODE);
    return ok(unix);
  } catch (error) {
    await unix.end(FLUSH_MS);
    return err(`cannot set the mode of ${path} (api.socket): ${reason(error)}`);
  }
}

/** A socket that a killed process left behind is removed; one that answers, and any other file, is not. */
async function removeStale(path: string): Promise<Result<null, string>> {
  try {
    const info = await Deno.lstat(path);
    if (!info.isSocket) {
      return err(`cannot listen on ${path} (api.socket): there is a file that is no socket`);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return ok(null);
    return err(`cannot listen on ${path} (api.socket): ${reason(error)}`);
  }
  try {
    const other = await Deno.connect({ transport: "unix", path });
    other.close();
    return err(`cannot listen on ${path} (api.socket): another process listens there`);
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionRefused)) {
      return err(`cannot listen on ${path} (api.socket): ${reason(error)}`);
    }
  }
  try {
    await Deno.remove(path);
    return ok(null);
  } catch (error) {
    return err(`cannot remove the old socket ${path} (api.socket): ${reason(error)}`);
  }
}

/** Bounds the requests under way, knows when there are none, and turns a throw into 500. */
class Gate {
  readonly #options: ApiServerOptions;
  #underWay = 0;
  #closing = false;
  #idle: (() => void) | null = null;

  constructor(options: ApiServerOptions) {
    this.#options = options;
  }

  async handle(request: Request, caller: Caller): Promise<Response> {
    if (this.#closing) return failure(503, "this node is about to end", { connection: "close" });
    if (this.#underWay >= REQUESTS_MAX) {
      return failure(503, "too many requests at once", { "retry-after": "1" });
    }
    this.#underWay += 1;
    try {
      return await this.#options.api.handle(request, caller);
    } catch (error) {
      this.#options.onFailure(error instanceof Error ? error.stack ?? error.message : String(error));
      return failure(500, "this node failed on that request; its log has more");
    } finally {
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#idle?.();
    }
  }

  /** Turns new requests away and waits for those under way, at most so long. */
  async drain(ms: number): Promise<void> {
    this.#closing = true;
    this.#options.api.endStreams();
    if (this.#underWay > 0) await within(new Promise<void>((resolve) => this.#idle = resolve), ms);
  }
}

function reason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "EADDRINUSE" || error instanceof Deno.errors.AddrInUse) {
    return "the address is in use by another process";
  }
  // Deno says EINVAL for it.
  if (code === "EADDRNOTAVAIL" || code === "EINVAL") return "this machine does not have that address";
  if (code === "EACCES" || error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotCapable) return "permission denied";
  if (code === "ENOENT") return "there is no such folder";
  return error instanceof Error ? error.message : String(error);
}
