/** The sockets of the HTTP API: TCP, and the Unix socket where there is one. */
import { err, ok, type Result } from "../../base/result.ts";
import type { HostPort } from "../../config/config.ts";
import type { Api, Caller } from "./host.ts";
import { failure } from "./reply.ts";

export interface ApiServerOptions {
  readonly listen: HostPort;
  /** Path of the Unix socket; null for none. */
  readonly socket: string | null;
  readonly api: Api;
  /** Told when a request made the API throw: a bug, for the log. The caller gets 500 and no detail. */
  readonly onFailure: (detail: string) => void;
}

export interface ApiServer {
  /** The port that was bound (of use when 0 was asked for). */
  readonly port: number;
  /** Ends streams, lets answers under way finish for at most `CLOSE_MS`, then cuts them. Never rejects. */
  close(): Promise<void>;
}

/** Requests answered at once; more get 503. Connections that ask nothing are out of our reach (Deno.serve). */
export const REQUESTS_MAX = 128;

/** How long a request under way may keep the server from ending, ms. */
export const CLOSE_MS = 400;

/** And how long an answer may take to leave after that, ms. */
const FLUSH_MS = 100;

/** Mode of the Unix socket: its owner and group may change things. */
const SOCKET_MODE = 0o660;

/** Listens. The error is one sentence that names the address. */
export async function startApiServer(options: ApiServerOptions): Promise<Result<ApiServer, string>> {
  const gate = new Gate(options);
  const tcp = listenTcp(options.listen, gate);
  if (!tcp.ok) return tcp;
  const running = [tcp.value];
  if (options.socket !== null) {
    const unix = await listenUnix(options.socket, gate);
    if (!unix.ok) {
      await tcp.value.end(false);
      return unix;
    }
    running.push(unix.value);
  }
  const close = async (): Promise<void> => {
    const idle = await gate.drain(CLOSE_MS);
    await Promise.all(running.map((one) => one.end(!idle)));
  };
  return ok({ port: tcp.value.port, close });
}

/** One socket that is served. */
interface Running {
  readonly port: number;
  /** Stops at once; `cut` = requests under way lose their connection. */
  end(cut: boolean): Promise<void>;
}

/**
 * Why not `shutdown()` and then abort the signal when it takes too long: an abort during a shutdown throws
 * where nobody can catch it (Deno 2.9). So it is the one or the other.
 */
function ending(server: Deno.HttpServer<Deno.Addr>, abort: AbortController): Running["end"] {
  return async (cut): Promise<void> => {
    if (cut) abort.abort();
    // What remains now is an answer that its reader does not take; the end of the process will cut it.
    await within(cut ? server.finished : server.shutdown(), FLUSH_MS);
  };
}

function listenTcp(listen: HostPort, gate: Gate): Result<Running, string> {
  const abort = new AbortController();
  try {
    const server = Deno.serve({
      hostname: listen.host,
      port: listen.port,
      signal: abort.signal,
      onListen: (): void => {},
    }, (request, info) => gate.handle(request, { via: "tcp", peer: info.remoteAddr.hostname }));
    return ok({ port: server.addr.port, end: ending(server, abort) });
  } catch (error) {
    const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
    return err(`cannot listen on ${host}:${listen.port} (api.listen): ${reason(error)}`);
  }
}

async function listenUnix(path: string, gate: Gate): Promise<Result<Running, string>> {
  const free = await removeStale(path);
  if (!free.ok) return free;
  const abort = new AbortController();
  try {
    const server = Deno.serve({
      transport: "unix",
      path,
      signal: abort.signal,
      onListen: (): void => {},
    }, (request) => gate.handle(request, { via: "socket", peer: null }));
    const running = { port: 0, end: ending(server, abort) };
    try {
      await Deno.chmod(path, SOCKET_MODE);
      return ok(running);
    } catch (error) {
      await running.end(true);
      return err(`cannot set the mode of ${path} (api.socket): ${reason(error)}`);
    }
  } catch (error) {
    return err(`cannot listen on ${path} (api.socket): ${reason(error)}`);
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

  /** Turns new requests away and waits for those under way; false when that took longer than `ms`. */
  async drain(ms: number): Promise<boolean> {
    this.#closing = true;
    this.#options.api.endStreams();
    if (this.#underWay === 0) return true;
    return await within(new Promise<void>((resolve) => this.#idle = resolve), ms);
  }
}

/** False when the promise took longer than `ms`. */
async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), ms));
  try {
    return await Promise.race([promise.then(() => true, () => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

function reason(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) return "the address is in use by another process";
  if (error instanceof Deno.errors.AddrNotAvailable) return "this machine does not have that address";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotCapable) return "permission denied";
  return error instanceof Error ? error.message : String(error);
}
