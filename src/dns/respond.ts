/**
 * One answer of an authoritative server, the general way: decode, decide, encode. `answer.ts` is the front
 * door; it takes a shorter way for the queries that `prepared.ts` foresees and must say the very same.
 */
import { decodeHeader, decodeOnlyQuestion, decodeQuery } from "./decode.ts";
import { encodeMessage } from "./encode.ts";
import {
  type Edns,
  type EdnsOption,
  type Header,
  type Message,
  OPCODE,
  plainHeader,
  RCODE,
  TCP_OCTETS_MAX,
  UDP_OCTETS_MAX,
  UDP_OCTETS_PLAIN,
} from "./message.ts";
import { isWithin, type Name } from "./name.ts";
import { CLASS, recordsOf, type ResourceRecord, type Rrset, TYPE } from "./record.ts";
import { lookUp, type ZoneData } from "./zone.ts";

/** How a query came: an answer over UDP is bounded by what the client takes. */
export type Transport = "udp" | "tcp";

/**
 * Answers a query from the zone that its name lies in. Null, which is silence, for what is no query: fewer than
 * twelve octets, or a response (two servers would answer each other for ever).
 */
export function respond(
  zones: readonly ZoneData[],
  query: Uint8Array,
  transport: Transport,
  options: AnswerOptions = NO_OPTIONS,
): Uint8Array | null {
  return reply(query, transport, options, (name, type) => {
    const zone = zones.find(({ origin }) => isWithin(name, origin));
    return zone === undefined ? failure(RCODE.REFUSED) : content(zone, name, type);
  });
}

/**
 * Answers SERVFAIL to all that lies in these zones, so that clients try another server; `origins` null: whatever
 * the name. Wrong queries get the same answers as ever.
 */
export function respondServfail(
  origins: readonly Name[] | null,
  query: Uint8Array,
  transport: Transport,
): Uint8Array | null {
  return reply(query, transport, NO_OPTIONS, (name) => {
    const ours = origins === null || origins.some((origin) => isWithin(name, origin));
    return failure(ours ? RCODE.SERVFAIL : RCODE.REFUSED);
  });
}

/** An empty answer with TC: ask again over TCP. Null as for `respond`. */
export function respondTruncated(query: Uint8Array, options: AnswerOptions = NO_OPTIONS): Uint8Array | null {
  return reply(query, "udp", options, () => ({ ...failure(RCODE.NOERROR), truncated: true }));
}

/** An answer that says no more than this rcode. Null as for `respond`. */
export function respondRcode(rcode: number, query: Uint8Array, transport: Transport): Uint8Array | null {
  return reply(query, transport, NO_OPTIONS, () => failure(rcode), true);
}

/** What answers carry besides the answer. */
export interface AnswerOptions {
  /** The options of OPT in the answer to a query with these. */
  readonly edns: (asked: readonly EdnsOption[]) => readonly EdnsOption[] | "malformed";
}

const NO_OPTIONS: AnswerOptions = { edns: () => [] };

/** What goes into a response besides the echo of the query. */
interface Content {
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
  readonly truncated?: boolean;
}

function failure(rcode: number): Content {
  return { rcode, authoritative: false, answers: [], authorities: [], additionals: [] };
}

/** The checks in the order in which they count. */
function reply(
  query: Uint8Array,
  transport: Transport,
  options: AnswerOptions,
  inside: (name: Name, type: number) => Content,
  anyType = false,
): Uint8Array | null {
  const header = decodeHeader(query);
  if (header === null || header.response) return null;
  const decoded = decodeQuery(query);
  if (!decoded.ok) {
    const rcode = header.opcode === OPCODE.QUERY ? RCODE.FORMERR : RCODE.NOTIMP;
    const question = decodeOnlyQuestion(query);
    return compose(header, question === null ? [] : [question], null, [], transport, failure(rcode));
  }
  const { questions, edns } = decoded.value;
  const [question, ...more] = questions;
  const added = edns === null || edns.version > 0 ? [] : options.edns(edns.options);
  const send = (reply: Content): Uint8Array => {
    const shown = added === "malformed" ? [] : added;
    return compose(header, more.length === 0 ? questions : [], edns, shown, transport, reply);
  };
  if (header.opcode !== OPCODE.QUERY) return send(failure(RCODE.NOTIMP));
  if (question === undefined || more.length > 0) return send(failure(RCODE.FORMERR));
  if (edns !== null && edns.version > 0) return send(failure(RCODE.BADVERS));
  if (added === "malformed") return send(failure(RCODE.FORMERR));
  if (question.class !== CLASS.IN) return send(failure(RCODE.REFUSED));
  switch (anyType ? TYPE.ANY : question.type) {
    // Those who may copy a zone never come here: see `transfer.ts`.
    case TYPE.AXFR:
    case TYPE.IXFR:
      return send(failure(RCODE.REFUSED));
    case TYPE.MAILA:
    case TYPE.MAILB:
      return send(failure(RCODE.NOTIMP));
    // Not for asking: they only ride in messages.
    case TYPE.OPT:
    case TYPE.TSIG:
      return send(failure(RCODE.FORMERR));
    default:
      return send(inside(question.name, question.type));
  }
}

function compose(
  header: Header,
  questions: Message["questions"],
  edns: Edns | null,
  options: readonly EdnsOption[],
  transport: Transport,
  content: Content,
): Uint8Array {
  const message: Message = {
    ...plainHeader(header.id, header.opcode),
    response: true,
    authoritative: content.authoritative,
    // RD is copied; AD and CD belong to resolvers (RFC 4035 section 3.1.6).
    recursionDesired: header.recursionDesired,
    rcode: content.rcode,
    truncated: content.truncated ?? false,
    questions,
    answers: content.answers,
    authorities: content.authorities,
    additionals: content.additionals,
    // DO is copied (RFC 3225 section 3); the options of the client are not.
    edns: edns === null
      ? null
      : { udpPayloadSize: UDP_OCTETS_MAX, version: 0, dnssecOk: edns.dnssecOk, options },
  };
  return encodeMessage(message, answerLimit(transport, edns?.udpPayloadSize ?? null)).bytes;
}

/** Octets that an answer may have. Sizes below 512 count as 512 (RFC 6891 section 6.2.3). */
export function answerLimit(transport: Transport, payloadSize: number | null): number {
  if (transport === "tcp") return TCP_OCTETS_MAX;
  if (payloadSize === null) return UDP_OCTETS_PLAIN;
  return Math.min(Math.max(payloadSize, UDP_OCTETS_PLAIN), UDP_OCTETS_MAX);
}

function content(zone: ZoneData, name: Name, type: number): Content {
  const found = lookUp(zone, name, type);
  const negative = found.kind === "no-data" || found.kind === "no-name";
  return {
    // With CNAMEs before it, the rcode speaks of the last name (RFC 6604).
    rcode: found.kind === "no-name" ? RCODE.NXDOMAIN : RCODE.NOERROR,
    authoritative: true,
    answers: found.answers.flatMap(recordsOf),
    authorities: negative ? [negativeSoa(zone)] : [],
    additionals: found.answers.flatMap((set) => addressesFor(zone, set)),
  };
}

function negativeSoa(zone: ZoneData): ResourceRecord {
  return { name: zone.origin, type: TYPE.SOA, class: CLASS.IN, ttl: zone.negativeTtl, data: zone.soa };
}

/** Addresses of name servers inside the zone, as a convenience beside their NS records. */
function addressesFor(zone: ZoneData, set: Rrset): ResourceRecord[] {
  if (set.type !== TYPE.NS) return [];
  return set.data.flatMap((data) => {
    const node = data.kind === "NS" ? zone.nodes.get(data.target.key) : undefined;
    return [TYPE.A, TYPE.AAAA].flatMap((type) => {
      const addresses = node?.get(type);
      return addresses === undefined ? [] : recordsOf(addresses);
    });
  });
}
