/** Bytes to messages. Nothing here throws, whatever the bytes are. */
import { err, ok, type Result } from "../base/result.ts";
import {
  type Edns,
  type EdnsOption,
  type Header,
  HEADER_OCTETS,
  type Message,
  type MessageProblem,
  type Question,
} from "./message.ts";
import { Reader, ReadProblem } from "./reader.ts";
import { type RecordData, type ResourceRecord, TYPE } from "./record.ts";

/** Reads a whole message. Octets behind the last record are ignored, as other servers do. */
export function decodeMessage(bytes: Uint8Array): Result<Message, MessageProblem> {
  return guarded(bytes, readMessage);
}

/** Questions and records of a query at most: the question, the SOA of IXFR, OPT and TSIG, and some to spare. */
const QUERY_ENTRIES_MAX = 16;
/** Octets of all names of a query, written out, at most: eight of the longest. */
const QUERY_NAME_OCTETS = 8 * 255;

/**
 * The same for what strangers ask: a query that is larger than any real one is refused before it costs anything.
 */
export function decodeQuery(bytes: Uint8Array): Result<Message, MessageProblem> {
  return guarded(bytes, (reader) => {
    const { counts } = readHeader(reader);
    if (counts.reduce((sum, count) => sum + count) > QUERY_ENTRIES_MAX) throw new ReadProblem("bad-data", 4);
    reader.at = 0;
    return readMessage(reader);
  }, QUERY_NAME_OCTETS);
}

/** Reads the header alone; null when there are fewer than twelve octets. */
export function decodeHeader(bytes: Uint8Array): Header | null {
  const flags = guarded(bytes, readHeader);
  return flags.ok ? flags.value.header : null;
}

/** Reads the header and its one question, for an answer to a message that is broken further on. */
export function decodeOnlyQuestion(bytes: Uint8Array): Question | null {
  const question = guarded(bytes, (reader) => {
    const { counts } = readHeader(reader);
    return counts[0] === 1 ? readQuestion(reader) : null;
  });
  return question.ok ? question.value : null;
}

function guarded<T>(
  bytes: Uint8Array,
  read: (reader: Reader) => T,
  nameOctets?: number,
): Result<T, MessageProblem> {
  try {
    return ok(read(new Reader(bytes, nameOctets)));
  } catch (problem) {
    if (problem instanceof ReadProblem) return err({ kind: problem.kind, at: problem.at });
    throw problem;
  }
}

function readMessage(reader: Reader): Message {
  const { header, counts } = readHeader(reader);
  const questions: Question[] = [];
  for (let i = 0; i < counts[0]; i++) questions.push(readQuestion(reader));
  const answers = readSection(reader, counts[1]);
  const authorities = readSection(reader, counts[2]);
  const additionals: ResourceRecord[] = [];
  let edns: (Edns & { readonly rcodeHigh: number }) | null = null;
  for (let i = 0; i < counts[3]; i++) {
    const start = reader.at;
    const record = readRecord(reader);
    if (record.type !== TYPE.OPT) {
      additionals.push(record);
    } else {
      // One OPT at most, owned by the root (RFC 6891 section 6.1.1).
      if (edns !== null || record.name.labels.length > 0) throw new ReadProblem("bad-edns", start);
      edns = readEdns(record, start);
    }
  }
  if (edns === null) return { ...header, questions, answers, authorities, additionals, edns };
  const { rcodeHigh, ...options } = edns;
  const rcode = rcodeHigh * 16 + header.rcode;
  return { ...header, rcode, questions, answers, authorities, additionals, edns: options };
}

type Counts = readonly [number, number, number, number];

function readHeader(reader: Reader): { header: Header; counts: Counts } {
  if (reader.bytes.length < HEADER_OCTETS) throw new ReadProblem("short", 0);
  const id = reader.uint16();
  const flags = reader.uint16();
  const header: Header = {
    id,
    response: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 0xf,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    authenticData: (flags & 0x0020) !== 0,
    checkingDisabled: (flags & 0x0010) !== 0,
    rcode: flags & 0xf,
  };
  return { header, counts: [reader.uint16(), reader.uint16(), reader.uint16(), reader.uint16()] };
}

function readQuestion(reader: Reader): Question {
  return { name: reader.name(), type: reader.uint16(), class: reader.uint16() };
}

function readSection(reader: Reader, count: number): ResourceRecord[] {
  const records: ResourceRecord[] = [];
  for (let i = 0; i < count; i++) records.push(readRecord(reader));
  return records;
}

function readRecord(reader: Reader): ResourceRecord {
  const name = reader.name();
  const type = reader.uint16();
  const klass = reader.uint16();
  const rawTtl = reader.uint32();
  const length = reader.uint16();
  const end = reader.at + length;
  if (end > reader.bytes.length) throw new ReadProblem("short", reader.at);
  const start = reader.at;
  const data = readData(reader, type, end);
  if (reader.at !== end) throw new ReadProblem("bad-data", start);
  // A TTL with the top bit set counts as zero (RFC 2181 section 8); in OPT the field is not a TTL.
  const ttl = type !== TYPE.OPT && rawTtl > 0x7fff_ffff ? 0 : rawTtl;
  return { name, type, class: klass, ttl, data };
}

function readData(reader: Reader, type: number, end: number): RecordData {
  const length = end - reader.at;
  if (length === 0) return { kind: "opaque", octets: new Uint8Array(0) };
  switch (type) {
    case TYPE.A:
      return { kind: "A", address: exactly(reader, length, 4) };
    case TYPE.AAAA:
      return { kind: "AAAA", address: exactly(reader, length, 16) };
    case TYPE.CNAME:
      return { kind: "CNAME", target: reader.name() };
    case TYPE.NS:
      return { kind: "NS", target: reader.name() };
    case TYPE.PTR:
      return { kind: "PTR", target: reader.name() };
    case TYPE.MX:
      return { kind: "MX", preference: reader.uint16(), target: reader.name() };
    case TYPE.SRV:
      return {
        kind: "SRV",
        priority: reader.uint16(),
        weight: reader.uint16(),
        port: reader.uint16(),
        target: reader.name(),
      };
    case TYPE.TXT: {
      const strings: Uint8Array[] = [];
      while (reader.at < end) strings.push(reader.octets(reader.uint8()));
      return { kind: "TXT", strings };
    }
    case TYPE.SOA:
      return {
        kind: "SOA",
        mname: reader.name(),
        rname: reader.name(),
        serial: reader.uint32(),
        refresh: reader.uint32(),
        retry: reader.uint32(),
        expire: reader.uint32(),
        minimum: reader.uint32(),
      };
    default:
      return { kind: "opaque", octets: reader.octets(length) };
  }
}

function exactly(reader: Reader, length: number, wanted: number): Uint8Array {
  if (length !== wanted) throw new ReadProblem("bad-data", reader.at);
  return reader.octets(wanted);
}

/** Class and TTL of OPT hold the payload size, the high bits of the rcode, the version and DO. */
function readEdns(record: ResourceRecord, at: number): Edns & { rcodeHigh: number } {
  const options: EdnsOption[] = [];
  if (record.data.kind === "opaque") {
    const octets = record.data.octets;
    const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    let next = 0;
    while (next < octets.length) {
      if (next + 4 > octets.length) throw new ReadProblem("bad-edns", at);
      const end = next + 4 + view.getUint16(next + 2);
      if (end > octets.length) throw new ReadProblem("bad-edns", at);
      options.push({ code: view.getUint16(next), octets: octets.slice(next + 4, end) });
      next = end;
    }
  }
  return {
    udpPayloadSize: record.class,
    version: (record.ttl >>> 16) & 0xff,
    dnssecOk: (record.ttl & 0x8000) !== 0,
    options,
    rcodeHigh: record.ttl >>> 24,
  };
}
