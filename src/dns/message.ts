/**
 * DNS messages as data (RFC 1035 section 4, RFC 6891). `decode.ts` reads them, `encode.ts` writes them.
 *
 * RFC 2136 updates use the same four sections under other names: zone = questions, prerequisites = answers,
 * updates = authorities. A TSIG record is the last of the additionals, with opaque data.
 */
import type { Name } from "./name.ts";
import type { ResourceRecord } from "./record.ts";

/** Octets of the header. */
export const HEADER_OCTETS = 12;
/** The largest answer over UDP to a client without EDNS (RFC 1035 section 4.2.1). */
export const UDP_OCTETS_PLAIN = 512;
/** The largest datagram that we send and ask for: no fragments on any usual path (DNS flag day 2020). */
export const UDP_OCTETS_MAX = 1232;
/** The largest message over TCP: its length travels in 16 bits. */
export const TCP_OCTETS_MAX = 65535;

/** Operations. */
export const OPCODE = { QUERY: 0, NOTIFY: 4, UPDATE: 5 } as const;

/** Response codes, BADVERS in its 12-bit form. */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
  BADVERS: 16,
} as const;

/** What is asked: the zone in an update. */
export interface Question {
  readonly name: Name;
  readonly type: number;
  readonly class: number;
}

/** What the OPT record says (RFC 6891). */
export interface Edns {
  /** Largest datagram that the sender takes, octets. */
  readonly udpPayloadSize: number;
  readonly version: number;
  readonly dnssecOk: boolean;
  readonly options: readonly EdnsOption[];
}

/** One option of EDNS: cookies, client subnet, padding ... */
export interface EdnsOption {
  readonly code: number;
  readonly octets: Uint8Array;
}

/** The header without the counts. */
export interface Header {
  /** 0..65535. */
  readonly id: number;
  readonly response: boolean;
  readonly opcode: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly authenticData: boolean;
  readonly checkingDisabled: boolean;
  /** 12 bits when EDNS is there, else 4. */
  readonly rcode: number;
}

/** A whole message. OPT stands in `edns`, not among the additionals. */
export interface Message extends Header {
  readonly questions: readonly Question[];
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
  readonly edns: Edns | null;
}

/** Why bytes are not a message. */
export interface MessageProblem {
  readonly kind: "short" | "bad-name" | "bad-data" | "bad-edns";
  /** Offset in the message at which reading stopped. */
  readonly at: number;
}

/** A header with all flags clear. */
export function plainHeader(id: number, opcode: number = OPCODE.QUERY): Header {
  return {
    id,
    response: false,
    opcode,
    authoritative: false,
    truncated: false,
    recursionDesired: false,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: false,
    rcode: RCODE.NOERROR,
  };
}

/** A query for one name and type of class IN; with EDNS unless `edns` is null. */
export function queryFor(id: number, name: Name, type: number, edns: Edns | null = PLAIN_EDNS): Message {
  return {
    ...plainHeader(id),
    questions: [{ name, type, class: 1 }],
    answers: [],
    authorities: [],
    additionals: [],
    edns,
  };
}

/** EDNS with our payload size and nothing else. */
export const PLAIN_EDNS: Edns = {
  udpPayloadSize: UDP_OCTETS_MAX,
  version: 0,
  dnssecOk: false,
  options: [],
};

/** `NOERROR`, `NXDOMAIN` ..., or `RCODE` and the number. */
export function rcodeName(rcode: number): string {
  return RCODE_NAMES.get(rcode) ?? `RCODE${rcode}`;
}

const RCODE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(RCODE).map(([name, rcode]) => [rcode, name]),
);
