/**
 * The HTTP API: a function from Request to Response over one node. It decides nothing and keeps nothing:
 * what it shows comes from `view`, what it is asked to do goes to the leader as a command.
 *
 *     host.ts          what the API needs of the node         guard.ts   who may ask
 *     api.ts           the routes                             body.ts    what a POST carries
 *     event_stream.ts  /v1/events as server-sent events       reply.ts   how answers look
 *     page.ts          the status page                        server.ts  sockets; all else is tested without
 *     listener.ts      one socket and its bounds              doorkeeper.ts  how many connections
 *     exchange.ts      Node's requests and the web's          tls_identity.ts  certificate and key
 *     piecemeal.ts     a large text, made while it is read
 */
import type { Result } from "../../base/result.ts";
import type { Command, Outcome } from "../../node/events.ts";
import type { StoredEvent } from "../../view/events.ts";
import type { Status } from "../../view/status_type.ts";

/** The node behind the API. Nothing in here may throw; `command` answers within its own time limit. */
export interface ApiHost {
  status(): Status;
  /** Oldest first. */
  recentEvents(): readonly StoredEvent[];
  /** Calls `listener` for each event from now on until the function it returns is called. */
  subscribe(listener: (event: StoredEvent) => void): () => void;
  /** Whether this process keeps its own timing, and a sentence on it. */
  healthy(): { readonly ok: boolean; readonly detail: string };
  /** Carries a command to the leader. `who` is for the log: `token from 10.0.0.7`, `socket`. */
  command(command: Command, who: string): Promise<Outcome>;
  /** What `Authorization: Bearer` must carry; null when none is configured. */
  token(): string | null;
  /** Prometheus text in whole lines, made as they are taken: it may be large. */
  metrics(): Iterable<string>;
  /** What the flight recorder kept of the last minutes, as lines of JSON; or why there is nothing. */
  recording(minutes: number): Result<string, string>;
}

/** How a request came in. */
export interface Caller {
  /** `socket` = the Unix socket: the file's permissions have already said who may. */
  readonly via: "tcp" | "socket";
  /** Address of the other side, for the log; null when not known. */
  readonly peer: string | null;
  /** Common name of the client's certificate, where one was asked for and is right. */
  readonly certificate?: string | null;
}

/** The API as a server needs it. */
export interface Api {
  handle(request: Request, caller: Caller): Promise<Response>;
  /** Ends all event streams: a server that shuts down would wait for them for ever. */
  endStreams(): void;
}
