/**
 * Probes of type `dns`: ask for a name, by UDP and then by TCP where the answer is cut short.
 *
 * An answer counts only when it comes from the address that was asked and repeats the question's random id and the
 * random letter case of its name (draft-vixie-dnsext-dns0x20): others by UDP are ignored, as anybody can send them,
 * and said so when the time is over.
 */
import { assert } from "../../base/assert.ts";
import type { CheckConfig, TargetConfig } from "../../config/config.ts";
import { decodeMessage } from "../../dns/decode.ts";
import { encodeMessage } from "../../dns/encode.ts";
import { type Message, OPCODE, queryFor, rcodeName } from "../../dns/message.ts";
import { formatName, type Name, nameFromLabels, parseName } from "../../dns/name.ts";
import { formatData, parseType, typeName } from "../../dns/record.ts";
import { systemRandom } from "../random.ts";
import { askByDatagram } from "./datagram.ts";
import { dial, sendAll } from "./dial.ts";
import { missingFrom, valuesOf } from "./dns_values.ts";
import type { Attempt, Finding } from "./finding.ts";

type DnsCheck = Extract<CheckConfig, { type: "dns" }>;

/** Tries once. May reject; ends soon after `attempt.signal` fires. */
export async function probeDns(check: DnsCheck, target: TargetConfig, attempt: Attempt): Promise<Finding> {
  const port = target.port ?? check.port ?? 53;
  const query = newQuery(check);
  const byUdp = await askByDatagram(target.address, port, {
    bytes: query.bytes,
    take: (bytes) => {
      const read = readAnswer(bytes, query);
      if (typeof read === "string") attempt.remark = `${read} was ignored`;
      return typeof read === "string" ? null : read;
    },
    words: { sent: `${questionWords(query)}, by UDP\n`, received: answerWords },
  }, attempt);
  if (!byUdp.truncated) return judge(byUdp, check, query);
  attempt.stage = "connection";
  attempt.trace?.mark("started");
  const bytes = await askByTcp(query, target.address, port, attempt);
  if (bytes === null) {
    return { ok: false, detail: "connection closed without an answer (TCP)", rule: "protocol" };
  }
  const byTcp = readAnswer(bytes, query);
  if (typeof byTcp === "string") return { ok: false, detail: `${byTcp} (TCP)`, rule: "protocol" };
  return judge(byTcp, check, query);
}

/** A question as it goes out. */
interface Query {
  readonly id: number;
  readonly name: Name;
  readonly type: number;
  readonly bytes: Uint8Array;
}

function newQuery(check: DnsCheck): Query {
  const name = parseName(check.query);
  const type = parseType(check.record);
  assert(name.ok && type !== null, "the config was read");
  const id = Math.floor(systemRandom.next() * 0x10000);
  const mixed = mixCase(name.value);
  const message = { ...queryFor(id, mixed, type), recursionDesired: true };
  return { id, name: mixed, type, bytes: encodeMessage(message).bytes };
}

/** The same name, each letter upper or lower case by chance. */
function mixCase(name: Name): Name {
  const isLetter = (octet: number): boolean => /[A-Za-z]/.test(String.fromCharCode(octet));
  const mixed = nameFromLabels(
    name.labels.map((label) =>
      label.map((octet) => isLetter(octet) && systemRandom.next() < 0.5 ? octet ^ 0x20 : octet)
    ),
  );
  assert(mixed.ok, "letter case changes no length");
  return mixed.value;
}

/** The answer to this very question, or what it is instead. */
function readAnswer(bytes: Uint8Array, query: Query): Message | string {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok) return "an answer that is not DNS";
  const message = decoded.value;
  if (!message.response || message.opcode !== OPCODE.QUERY) return "an answer that is none";
  if (message.id !== query.id) return "an answer with another id";
  const [question] = message.questions;
  if (message.questions.length !== 1 || question === undefined) return "an answer without the question";
  const isSame = question.type === query.type && question.class === 1 &&
    sameOctets(question.name, query.name);
  return isSame ? message : "an answer to another question";
}

function sameOctets(a: Name, b: Name): boolean {
  return a.labels.length === b.labels.length &&
    a.labels.every((label, i) => label.every((octet, j) => octet === b.labels[i]?.[j])) && a.key === b.key;
}

function judge(message: Message, check: DnsCheck, query: Query): Finding {
  if (message.rcode !== 0) {
    return { ok: false, detail: `${rcodeName(message.rcode)} for ${check.query}`, rule: "protocol" };
  }
  const values = valuesOf(message.answers, query.name, query.type);
  if (values.length === 0) {
    return { ok: false, detail: `${check.query} has no ${check.record} record there`, rule: "expect" };
  }
  const shown = values.slice(0, 4).join(", ");
  const missing = missingFrom(values, check.record, check.expect);
  if (missing !== null) {
    return { ok: false, detail: `${missing} is not among the answers: ${shown}`, rule: "expect" };
  }
  return { ok: true, detail: `${check.record} ${shown}`, rule: "expect" };
}

/** One message and its answer; null when there is none. */
async function askByTcp(
  query: Query,
  host: string,
  port: number,
  attempt: Attempt,
): Promise<Uint8Array | null> {
  using dialled = await dial(host, port, attempt);
  const { conn } = dialled;
  attempt.stage = "answer";
  const framed = new Uint8Array(2 + query.bytes.length);
  new DataView(framed.buffer).setUint16(0, query.bytes.length);
  framed.set(query.bytes, 2);
  await sendAll(conn, framed);
  attempt.trace?.sent(`${questionWords(query)}, by TCP\n`);
  const length = await readExactly(conn, 2);
  if (length === null) return null;
  const answer = await readExactly(conn, new DataView(length.buffer).getUint16(0));
  attempt.trace?.mark("answered");
  if (answer !== null) attempt.trace?.received(answerWords(answer));
  return answer;
}

async function readExactly(conn: Deno.TcpConn, count: number): Promise<Uint8Array | null> {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count;) {
    const read = await conn.read(bytes.subarray(at));
    if (read === null) return null;
    at += read;
  }
  return bytes;
}

function questionWords({ name, type, id }: Query): string {
  return `${formatName(name)} ${typeName(type)}, id ${id}`;
}

function answerWords(bytes: Uint8Array): string {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok) return `${bytes.length} bytes that are not DNS\n`;
  const { id, rcode, truncated, authoritative, answers } = decoded.value;
  const flags = `${authoritative ? ", authoritative" : ""}${truncated ? ", cut short" : ""}`;
  const records = answers.map(({ name, ttl, type, data }) =>
    `${formatName(name)} ${ttl} ${typeName(type)} ${formatData(data)}\n`
  );
  return [`${rcodeName(rcode)}, id ${id}${flags}\n`, ...records].join("");
}
