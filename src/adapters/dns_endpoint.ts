import type { HostPort } from "../config/config.ts";
import { err, ok, type Result } from "../base/result.ts";
import { errorCode, explainBindFailure } from "./dns_addresses.ts";
import { UDP_OCTETS_MAX } from "../dns/message.ts";
import type { DnsTally } from "./dns_counters.ts";
import type { Handle, TcpConnections } from "./dns_tcp.ts";
import { otherTurn } from "./turn.ts";

/** Longest query taken over UDP, octets; the rest of a longer one is cut off, which makes it malformed. */
const QUERY_OCTETS_MAX = 4096;
/** Answers under way at once on one address. */
const SENDS_MAX = 32;
/** Datagrams taken one after the other before everything else in this process gets a turn: some 2 ms of work. */
const TURN_DATAGRAMS = 256;
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

/** Memory for one answer, and how its sending goes. */
interface Room {
  readonly octets: Uint8Array;
  sending: Promise<void> | undefined;
  readonly sent: () => void;
  readonly failed: () => void;
}

/** One address with a UDP and a TCP socket on the same port. */
export class DnsEndpoint {
  readonly #done: Promise<unknown>;
  readonly #rooms: readonly Room[];
  readonly #free: Room[];
  #closed = false;

  private constructor(
    readonly address: HostPort,
    readonly udp: Deno.DatagramConn,
    readonly tcp: Deno.TcpListener,
    readonly backend: Backend,
  ) {
    this.#rooms = Array.from({ length: SENDS_MAX }, () => this.#makeRoom());
    this.#free = [...this.#rooms];
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

  /**
   * Why so: nine tenths of the time are the runtime's calls to receive and to send (a profile), six tenths the
   * kernel's, one call of recvfrom and one of sendto; our own work is a tenth at most, so what is left to win is there.
   * Tried with one fixed answer, processor time for each: waiting for each send (a twentieth more), callbacks in place
   * of `await`, four receives at once, taking 32 and then sending them (all the same within 3 in 100), turning for
   * 50 us more before sleeping (up to a twentieth more), node:dgram (nearly three times as much). Memory that is used
   * again saves the garbage collector's threads; that young garbage waits for none of them is a flag in deno.json
   * (--no-parallel-scavenge). More sockets on one port are not to be had here, so more threads would not answer more.
   *
   * Why no thread of its own: tried (a worker with these sockets, A B A B under dnsperf at full speed, also with all
   * datagrams to names that do not exist), it answers as many, takes 12 MB, and the main thread's timers are no
   * earlier (99 % within 2 to 4 ms either way), because no burst holds the loop: see TURN_DATAGRAMS.
   *
   * One datagram after the other: nothing that arrives, and no failed answer, ends the loop. Answers are sent without
   * waiting, each in a room of its own; while all rooms are taken, the kernel's buffer holds what comes.
   */
  async #receiveAll(): Promise<void> {
    const buffer = new Uint8Array(QUERY_OCTETS_MAX);
    for (let taken = 1; !this.#closed; taken++) {
      // Where datagrams lie ready, waiting for the next one lets no timer and no other socket through.
      if (taken % TURN_DATAGRAMS === 0) await otherTurn();
      try {
        const [query, from] = await this.udp.receive(buffer);
        if (from.transport !== "udp") continue;
        const room = this.#free.pop() ?? await this.#nextFree();
        const response = this.backend.handle(query, "udp", from.hostname, from.port, room.octets);
        if (response === null) this.#free.push(room);
        else this.#send(response instanceof Uint8Array ? response : response[0]!, from, room);
      } catch (error) {
        await this.#onError(error);
      }
    }
    await Promise.all(this.#rooms.map(({ sending }) => sending));
  }

  #send(response: Uint8Array, to: Deno.NetAddr, room: Room): void {
    room.sending = this.udp.send(response, to).then(room.sent, room.failed);
  }

  /** When the first answer under way has gone. */
  async #nextFree(): Promise<Room> {
    for (;;) {
      await Promise.race(this.#rooms.map(({ sending }) => sending));
      const room = this.#free.pop();
      if (room !== undefined) return room;
    }
  }

  #makeRoom(): Room {
    const room: Room = {
      octets: new Uint8Array(UDP_OCTETS_MAX),
      sending: undefined,
      sent: () => {
        this.#free.push(room);
      },
      failed: () => {
        if (!this.#closed) this.backend.tally.sendErrors++;
        this.#free.push(room);
      },
    };
    return room;
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
