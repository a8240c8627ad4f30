/**
 * Zone transfers, for secondaries that serve a copy (AXFR, RFC 5936; IXFR answered by a whole zone, RFC 1995
 * section 4). Who may have one is decided in `serve.ts`.
 */
import { encodeMessage } from "./encode.ts";
import { type Message, plainHeader, TCP_OCTETS_MAX } from "./message.ts";
import { CLASS, recordsOf, type ResourceRecord, TYPE } from "./record.ts";
import type { ZoneData } from "./zone.ts";

/** Octets of one message of a transfer at most, with room for a TSIG record below 64 KiB. */
export const TRANSFER_OCTETS = 16_384;
/** A record of ours takes no more octets than this beside its data: name, type, class, TTL, length. */
const RECORD_OVERHEAD_OCTETS = 265;
/** Records of one message at most, whatever their size: bounds the work of one message. */
const RECORDS_MAX = 500;

/** What is asked of a zone by AXFR or IXFR. */
export interface TransferRequest {
  readonly query: Message;
  /** The secondary's serial in IXFR; null in AXFR. */
  readonly serial: number | null;
}

/** Reads a message as a request for a transfer; null when it is none. */
export function transferRequestOf(query: Message): TransferRequest | null {
  const [question, ...more] = query.questions;
  if (query.opcode !== 0 || question === undefined || more.length > 0 || question.class !== CLASS.IN) {
    return null;
  }
  if (question.type === TYPE.AXFR) return { query, serial: null };
  if (question.type !== TYPE.IXFR) return null;
  const soa = query.authorities.find(({ data }) => data.kind === "SOA");
  return { query, serial: soa?.data.kind === "SOA" ? soa.data.serial : null };
}

/**
 * The messages of the transfer, unsigned, in order. One SOA alone for IXFR by a secondary that has this zone or a
 * later one, and for IXFR over UDP: it then comes again over TCP (RFC 1995 section 2).
 */
export function transferMessages(
  zone: ZoneData,
  request: TransferRequest,
  transport: "udp" | "tcp",
): readonly Uint8Array[] {
  const { serial } = request;
  const soa: ResourceRecord = {
    name: zone.origin,
    type: TYPE.SOA,
    class: CLASS.IN,
    ttl: zone.soaTtl,
    data: zone.soa,
  };
  if (transport === "udp" || (serial !== null && !isNewer(zone.soa.serial, serial))) {
    return [message(request.query, [soa], true)];
  }
  const records = [soa];
  for (const node of zone.nodes.values()) {
    for (const set of node.values()) if (set.type !== TYPE.SOA) records.push(...recordsOf(set));
  }
  records.push(soa);
  return inMessages(request.query, records);
}

/** True when `serial` comes after `other` (RFC 1982 section 3.2). */
export function isNewer(serial: number, other: number): boolean {
  const ahead = (serial - other) >>> 0;
  return ahead > 0 && ahead < 0x8000_0000;
}

function inMessages(query: Message, records: readonly ResourceRecord[]): Uint8Array[] {
  const messages: Uint8Array[] = [];
  let batch: ResourceRecord[] = [];
  let octets = 0;
  const flush = (): void => {
    if (batch.length === 0) return;
    messages.push(message(query, batch, messages.length === 0));
    batch = [];
    octets = 0;
  };
  for (const record of records) {
    const size = RECORD_OVERHEAD_OCTETS + dataOctets(record);
    if (octets + size > TRANSFER_OCTETS || batch.length >= RECORDS_MAX) flush();
    batch.push(record);
    octets += size;
  }
  flush();
  return messages;
}

/** At most so many octets of data. */
function dataOctets({ data }: ResourceRecord): number {
  return data.kind === "TXT" ? data.strings.reduce((sum, { length }) => sum + 1 + length, 0) : 540;
}

function message(query: Message, answers: readonly ResourceRecord[], isFirst: boolean): Uint8Array {
  const edns = query.edns === null || !isFirst ? null : { ...query.edns, version: 0, options: [] };
  return encodeMessage({
    ...plainHeader(query.id),
    response: true,
    authoritative: true,
    questions: isFirst ? query.questions : [],
    answers,
    authorities: [],
    additionals: [],
    edns,
  }, TCP_OCTETS_MAX).bytes;
}
