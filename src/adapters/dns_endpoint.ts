import type { HostPort } from "../config/config.ts";
import { err, ok, type Result } from "../base/result.ts";
import { errorCode, explainBindFailure } from "./dns_addresses.ts";
import type { DnsTally } from "./dns_counters.ts";
import type { Handle, TcpConnections } from "./dns_tcp.ts";

/** Longest query taken over UDP, octets; the rest of a longer one is cut off, which makes it malformed. */
const QUERY_OCTETS_MAX = 4096;
/** Pause after an error of a socket that is still open, ms: no spinning while the machine is out of something. */
const ERROR_PAUSE_MS = 100;

/** Why an address could not be bound. */
export interface BindProblem {
  /** The errno name, such as `EADDRINUSE`; "" when there is none. */
  readonly code: string;
  /** One sentence for people. */
  readonly text: string;
}

/** What an endpoint hands its traffic to. */
export interface Backend {
  readonly handle: Handle;
  readonly connections: TcpConnections;
  readonly tally: DnsTally;
}

/** One address with a UDP and a TCP socket on the same port. */
export class DnsEndpoint {
  readonly #done: Promise<unknown>;
  #closed = false;

  private constructor(
    readonly address: HostPort,
    readonly udp: Deno.DatagramConn,
    readonly tcp: Deno.TcpListener,
    readonly backend: Backend,
  ) {
    this.#done = Promise.all([this.#receiveAll(), this.#acceptAll()]);
  }

  /** Binds both sockets and begins to answer. With port 0 the kernel chooses; TCP may then find it taken. */
  static bind({ host, port }: HostPort, backend: Backend): Result<DnsEndpoint, BindProblem> {
    let udp: Deno.DatagramConn;
    try {
      udp = Deno.listenDatagram({ transport: "udp", hostname: host, port });
    } catch (error) {
      return err({ code: errorCode(error), text: explainBindFailure({ host, port }, "UDP", error) });
    }
    const bound = { host, port: udp.addr.transport === "udp" ? udp.addr.port : port };
    try {
      const tcp = Deno.listen({ transport: "tcp", hostname: host, port: bound.port });
      return ok(new DnsEndpoint(bound, udp, tcp, backend));
    } catch (error) {
      udp.close();
      return err({ code: errorCode(error), text: explainBindFailure(bound, "TCP", error) });
    }
  }

  /** False once it was closed or a socket of it died. */
  get alive(): boolean {
    return !this.#closed;
  }

  /** Closes both sockets; connections that were accepted go on. */
  async close(): Promise<void> {
    this.#shut();
    await this.#done;
  }

  #shut(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.udp.close();
    this.tcp.close();
  }

  /** One datagram after the other: nothing that arrives, and no failed answer, ends the loop. */
  async #receiveAll(): Promise<void> {
    const buffer = new Uint8Array(QUERY_OCTETS_MAX);
    while (!this.#closed) {
      try {
        const [query, from] = await this.udp.receive(buffer);
        if (from.transport !== "udp") continue;
        const response = this.backend.handle(query, "udp", { host: from.hostname, port: from.port });
        if (response instanceof Uint8Array) await this.#send(response, from);
        else if (response !== null) await this.#send(response[0]!, from);
      } catch (error) {
        await this.#onError(error);
      }
    }
  }

  async #send(response: Uint8Array, to: Deno.NetAddr): Promise<void> {
    try {
      await this.udp.send(response, to);
    } catch {
      if (!this.#closed) this.backend.tally.sendErrors++;
    }
  }

  async #acceptAll(): Promise<void> {
    while (!this.#closed) {
      try {
        this.backend.connections.add(await this.tcp.accept());
      } catch (error) {
        await this.#onError(error);
      }
    }
  }

  /** A socket that is gone ends the endpoint, to be bound anew; any other error is waited out. */
  async #onError(error: unknown): Promise<void> {
    if (this.#closed) return;
    this.backend.tally.receiveErrors++;
    if (error instanceof Deno.errors.BadResource) return this.#shut();
    await new Promise((resolve) => setTimeout(resolve, ERROR_PAUSE_MS));
  }
}
