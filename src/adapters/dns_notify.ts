/**
 * Tells secondaries that a zone has changed (NOTIFY, RFC 1996). Every node does, not the leader alone: whichever of
 * them is a secondary's primary, its own NOTIFY comes when it serves the new zone itself, and none is lost with a
 * leader that dies right after its decision.
 *
 * Bounds: one question under way for each secondary and zone; a newer serial takes its place; after `TRIES` without
 * an answer it is given up (the secondary asks by itself, at the latest after the SOA's refresh).
 */
import type { HostPort } from "../config/config.ts";
import { decodeHeader } from "../dns/decode.ts";
import { encodeMessage } from "../dns/encode.ts";
import { OPCODE, plainHeader, RCODE, rcodeName } from "../dns/message.ts";
import { formatName, type Name } from "../dns/name.ts";
import { CLASS, TYPE } from "../dns/record.ts";
import { signMessage, type TsigKey } from "../dns/tsig.ts";
import { formatHostPort } from "./dns_addresses.ts";

/** Questions sent for one serial at most. */
const TRIES = 6;
/** Wait before the second, ms; doubled each time: 1, 2, 4, 8, 16 s. */
const FIRST_WAIT_MS = 1000;
const ANSWER_OCTETS_MAX = 1232;

/** A zone and the serial that it has now. */
export interface SerialNews {
  readonly origin: Name;
  readonly serial: number;
}

export interface NotifierOptions {
  readonly secondaries: readonly HostPort[];
  /** What to send from: an address of this machine, or a wildcard. */
  readonly from: string;
  /** Null: unsigned. */
  readonly key: () => TsigKey | null;
  /** Seconds since 1970. */
  readonly nowS: () => number;
  /** Uniform, 0..1. */
  readonly random: () => number;
  readonly log: (level: "info" | "warning", text: string) => void;
  /** For tests. */
  readonly firstWaitMs?: number;
}

interface Errand {
  readonly to: HostPort;
  readonly news: SerialNews;
  readonly id: number;
  tries: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** What was sent and what came back. */
export interface NotifyCounters {
  sent: number;
  acknowledged: number;
  /** Answered with an error. */
  refused: number;
  /** Never answered. */
  unanswered: number;
}

export class ZoneNotifier {
  readonly counters: NotifyCounters = { sent: 0, acknowledged: 0, refused: 0, unanswered: 0 };
  readonly #options: NotifierOptions;
  /** By secondary and zone. */
  readonly #errands = new Map<string, Errand>();
  readonly #sockets = new Map<"v4" | "v6", Deno.DatagramConn>();
  readonly #receiving: Promise<void>[] = [];
  #closed = false;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  /** Tells all secondaries; what was still under way about the same zones is dropped. */
  tell(news: readonly SerialNews[]): void {
    if (this.#closed) return;
    for (const to of this.#options.secondaries) {
      for (const one of news) {
        const key = `${formatHostPort(to)} ${one.origin.key}`;
        clearTimeout(this.#errands.get(key)?.timer);
        const id = Math.floor(this.#options.random() * 65536);
        const errand: Errand = { to, news: one, id, tries: 0, timer: undefined };
        this.#errands.set(key, errand);
        this.#send(key, errand);
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { timer } of this.#errands.values()) clearTimeout(timer);
    this.#errands.clear();
    for (const socket of this.#sockets.values()) socket.close();
    await Promise.all(this.#receiving);
  }

  #send(key: string, errand: Errand): void {
    if (this.#closed || this.#errands.get(key) !== errand) return;
    if (errand.tries >= TRIES) {
      this.#errands.delete(key);
      this.counters.unanswered++;
      const about = `zone ${formatName(errand.news.origin)}, serial ${errand.news.serial}`;
      this.#options.log(
        "warning",
        `The secondary ${formatHostPort(errand.to)} does not answer NOTIFY (${about}).`,
      );
      return;
    }
    const waitMs = (this.#options.firstWaitMs ?? FIRST_WAIT_MS) * 2 ** errand.tries;
    errand.tries++;
    errand.timer = setTimeout(() => this.#send(key, errand), waitMs);
    void this.#transmit(errand);
  }

  async #transmit({ to, news, id }: Errand): Promise<void> {
    const message = encodeMessage({
      ...plainHeader(id, OPCODE.NOTIFY),
      authoritative: true,
      questions: [{ name: news.origin, type: TYPE.SOA, class: CLASS.IN }],
      answers: [],
      authorities: [],
      additionals: [],
      edns: null,
    }).bytes;
    const key = this.#options.key();
    const bytes = key === null ? message : signMessage(message, key, { nowS: this.#options.nowS() }).bytes;
    try {
      const socket = this.#socket(to.host.includes(":") ? "v6" : "v4");
      this.counters.sent++;
      await socket.send(bytes, { transport: "udp", hostname: to.host, port: to.port });
    } catch {
      // No route, no such host: tried again, and given up like silence.
    }
  }

  #socket(family: "v4" | "v6"): Deno.DatagramConn {
    const known = this.#sockets.get(family);
    if (known !== undefined) return known;
    const { from } = this.#options;
    const own = from.includes(":") ? "v6" : "v4";
    const hostname = own === family ? from : family === "v6" ? "::" : "0.0.0.0";
    const socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    this.#sockets.set(family, socket);
    this.#receiving.push(this.#receive(socket));
    return socket;
  }

  async #receive(socket: Deno.DatagramConn): Promise<void> {
    const buffer = new Uint8Array(ANSWER_OCTETS_MAX);
    while (!this.#closed) {
      try {
        const [answer, from] = await socket.receive(buffer);
        if (from.transport === "udp") this.#onAnswer(answer, from.port);
      } catch (error) {
        if (this.#closed || error instanceof Deno.errors.BadResource) return;
      }
    }
  }

  /** Any answer ends the asking: a forged one costs a delay, no more. */
  #onAnswer(answer: Uint8Array, port: number): void {
    const header = decodeHeader(answer);
    if (header === null || !header.response || header.opcode !== OPCODE.NOTIFY) return;
    for (const [key, errand] of this.#errands) {
      if (errand.id !== header.id || errand.to.port !== port) continue;
      clearTimeout(errand.timer);
      this.#errands.delete(key);
      if (header.rcode === RCODE.NOERROR) {
        this.counters.acknowledged++;
        continue;
      }
      this.counters.refused++;
      const text = `The secondary ${formatHostPort(errand.to)} answered NOTIFY of zone ` +
        `${formatName(errand.news.origin)} with ${rcodeName(header.rcode)}.`;
      this.#options.log("warning", text);
    }
  }
}
