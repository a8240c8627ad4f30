/** Messages to bytes. */
import { type Edns, type Message, RCODE, TCP_OCTETS_MAX } from "./message.ts";
import { type RecordData, type ResourceRecord, TYPE } from "./record.ts";
import { ROOT } from "./name.ts";
import { Writer } from "./writer.ts";

/** A message ready to send. */
export interface Encoded {
  readonly bytes: Uint8Array;
  /** TC is set and the sections are empty: it did not fit into the limit. */
  readonly truncated: boolean;
}

/**
 * Writes a message of at most `limit` octets (512..65535). Additionals that do not fit are left out without a
 * word (RFC 2181 section 9); when answers or authorities do not fit, all three are left out and TC is set:
 * half a set of records is of no use. OPT comes last and always stays.
 *
 * Names are compressed in owners and in the data of the types of RFC 1035 alone (RFC 3597 section 4).
 */
export function encodeMessage(message: Message, limit: number = TCP_OCTETS_MAX): Encoded {
  const bytes = write(message);
  if (bytes.length <= limit) return { bytes, truncated: message.truncated };
  if (message.additionals.length > 0) {
    const smaller = write({ ...message, additionals: [] });
    if (smaller.length <= limit) return { bytes: smaller, truncated: message.truncated };
  }
  const empty = { ...message, truncated: true, answers: [], authorities: [], additionals: [] };
  return { bytes: write(empty), truncated: true };
}

function write(message: Message): Uint8Array {
  const writer = new Writer();
  const { questions, answers, authorities, additionals, edns } = message;
  writer.uint16(message.id);
  writer.uint16(flagBits(message));
  writer.uint16(questions.length);
  writer.uint16(answers.length);
  writer.uint16(authorities.length);
  writer.uint16(additionals.length + (edns === null ? 0 : 1));
  for (const question of questions) {
    writer.name(question.name);
    writer.uint16(question.type);
    writer.uint16(question.class);
  }
  for (const record of answers) writeRecord(writer, record);
  for (const record of authorities) writeRecord(writer, record);
  for (const record of additionals) writeRecord(writer, record);
  if (edns !== null) writeEdns(writer, edns, message.rcode);
  return writer.finish();
}

function flagBits(message: Message): number {
  return (message.response ? 0x8000 : 0) |
    ((message.opcode & 0xf) << 11) |
    (message.authoritative ? 0x0400 : 0) |
    (message.truncated ? 0x0200 : 0) |
    (message.recursionDesired ? 0x0100 : 0) |
    (message.recursionAvailable ? 0x0080 : 0) |
    (message.authenticData ? 0x0020 : 0) |
    (message.checkingDisabled ? 0x0010 : 0) |
    // An rcode that needs EDNS and has none: the nearest that all understand.
    (message.edns === null && message.rcode > 0xf ? RCODE.SERVFAIL : message.rcode & 0xf);
}

function writeRecord(writer: Writer, record: ResourceRecord): void {
  writer.name(record.name);
  writer.uint16(record.type);
  writer.uint16(record.class);
  writer.uint32(record.ttl);
  const lengthAt = writer.length;
  writer.uint16(0);
  writeData(writer, record.data);
  writer.patchUint16(lengthAt, writer.length - lengthAt - 2);
}

function writeData(writer: Writer, data: RecordData): void {
  switch (data.kind) {
    case "A":
    case "AAAA":
      return writer.octets(data.address);
    case "CNAME":
    case "NS":
    case "PTR":
      return writer.name(data.target);
    case "TXT":
      for (const text of data.strings) {
        writer.uint8(text.length);
        writer.octets(text);
      }
      return;
    case "MX":
      writer.uint16(data.preference);
      return writer.name(data.target);
    case "SRV":
      writer.uint16(data.priority);
      writer.uint16(data.weight);
      writer.uint16(data.port);
      return writer.name(data.target, false);
    case "SOA":
      writer.name(data.mname);
      writer.name(data.rname);
      for (const value of [data.serial, data.refresh, data.retry, data.expire, data.minimum]) {
        writer.uint32(value);
      }
      return;
    case "opaque":
      return writer.octets(data.octets);
  }
}

function writeEdns(writer: Writer, edns: Edns, rcode: number): void {
  writer.name(ROOT);
  writer.uint16(TYPE.OPT);
  writer.uint16(edns.udpPayloadSize);
  writer.uint8((rcode >>> 4) & 0xff);
  writer.uint8(edns.version);
  writer.uint16(edns.dnssecOk ? 0x8000 : 0);
  const lengthAt = writer.length;
  writer.uint16(0);
  for (const option of edns.options) {
    writer.uint16(option.code);
    writer.uint16(option.octets.length);
    writer.octets(option.octets);
  }
  writer.patchUint16(lengthAt, writer.length - lengthAt - 2);
}
