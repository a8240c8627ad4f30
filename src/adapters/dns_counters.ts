import { TYPE, typeName } from "../dns/record.ts";
import { RCODE, rcodeName } from "../dns/message.ts";
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
  /** By number; the last two places are `other` and `none`. */
  readonly #byType = new Float64Array(TYPES + 2);
  /** By number; 12 bits. */
  readonly #byRcode = new Float64Array(4096);

  received(transport: Transport): void {
    this[transport]++;
  }

  answered({ type, rcode, truncated }: Outline): void {
    this.#byType[type === null ? TYPES + 1 : IS_KNOWN[type] === 1 ? type : TYPES]!++;
    this.#byRcode[rcode]!++;
    if (truncated) this.truncated++;
  }

  snapshot(): DnsCounters {
    return {
      udp: this.udp,
      tcp: this.tcp,
      byType: named(this.#byType, typeLabel),
      byRcode: named(this.#byRcode, rcodeName),
      malformed: this.#byRcode[RCODE.FORMERR] ?? 0,
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

/** Types below this number may have a label of their own. */
const TYPES = 512;
/** A fixed set of labels, whatever clients ask. */
const IS_KNOWN = new Uint8Array(65536);
for (const type of Object.values(TYPE)) if (type < TYPES) IS_KNOWN[type] = 1;

function typeLabel(type: number): string {
  return type === TYPES ? "other" : type === TYPES + 1 ? "none" : typeName(type);
}

/** What was counted, by name. */
function named(counts: Float64Array, label: (number: number) => string): Record<string, number> {
  const seen: Record<string, number> = {};
  counts.forEach((count, number) => {
    if (count > 0) seen[label(number)] = count;
  });
  return seen;
}
