import { TYPE, typeName } from "../dns/record.ts";
import { rcodeName } from "../dns/message.ts";
import type { Outline } from "../dns/outline.ts";
import type { Transport } from "../dns/answer.ts";

/** What the DNS server counted since it started. */
export interface DnsCounters {
  /** Messages received. */
  readonly udp: number;
  readonly tcp: number;
  /** Answered queries by type; `other` for types without a name here, `none` where no question could be read. */
  readonly byType: Readonly<Record<string, number>>;
  readonly byRcode: Readonly<Record<string, number>>;
  /** Answered with FORMERR. */
  readonly malformed: number;
  /** Answered by silence: shorter than a header, or responses. */
  readonly dropped: number;
  /** Answered with TC. */
  readonly truncated: number;
  /** Datagrams that could not be sent, and connections that broke while sending. */
  readonly sendErrors: number;
  readonly receiveErrors: number;
  /** How often our own code threw: a bug. The query was answered all the same, with SERVFAIL if need be. */
  readonly failures: number;
  /** Whole zones handed out. */
  readonly transfers: number;
  /** Open now. */
  readonly connections: number;
  readonly connectionsTotal: number;
  /** Closed to make room for a new one. */
  readonly connectionsEvicted: number;
  /** Closed for being idle or slow. */
  readonly connectionsTimedOut: number;
}

/** The counters while they run. */
export class DnsTally {
  udp = 0;
  tcp = 0;
  dropped = 0;
  truncated = 0;
  sendErrors = 0;
  receiveErrors = 0;
  failures = 0;
  transfers = 0;
  connections = 0;
  connectionsTotal = 0;
  connectionsEvicted = 0;
  connectionsTimedOut = 0;
  readonly #byType = new Map<string, number>();
  readonly #byRcode = new Map<string, number>();

  received(transport: Transport): void {
    this[transport]++;
  }

  answered({ type, rcode, truncated }: Outline): void {
    increment(this.#byType, type === null ? "none" : typeLabel(type));
    increment(this.#byRcode, rcodeName(rcode));
    if (truncated) this.truncated++;
  }

  snapshot(): DnsCounters {
    return {
      udp: this.udp,
      tcp: this.tcp,
      byType: Object.fromEntries(this.#byType),
      byRcode: Object.fromEntries(this.#byRcode),
      malformed: this.#byRcode.get("FORMERR") ?? 0,
      dropped: this.dropped,
      truncated: this.truncated,
      sendErrors: this.sendErrors,
      receiveErrors: this.receiveErrors,
      failures: this.failures,
      transfers: this.transfers,
      connections: this.connections,
      connectionsTotal: this.connectionsTotal,
      connectionsEvicted: this.connectionsEvicted,
      connectionsTimedOut: this.connectionsTimedOut,
    };
  }
}

/** A fixed set of labels, whatever clients ask. */
function typeLabel(type: number): string {
  return KNOWN_TYPES.has(type) ? typeName(type) : "other";
}

const KNOWN_TYPES: ReadonlySet<number> = new Set(Object.values(TYPE));

function increment(counts: Map<string, number>, label: string): void {
  counts.set(label, (counts.get(label) ?? 0) + 1);
}
