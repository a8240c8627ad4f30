import assert from "node:assert/strict";
import { answer } from "../../../src/dns/answer.ts";
import { decodeHeader, decodeMessage, decodeQuery } from "../../../src/dns/decode.ts";
import { encodeMessage } from "../../../src/dns/encode.ts";
import { type Message, PLAIN_EDNS, plainHeader, queryFor, RCODE } from "../../../src/dns/message.ts";
import { CLASS, type RecordData, type ResourceRecord, TYPE } from "../../../src/dns/record.ts";
import { outlineOf } from "../../../src/dns/outline.ts";
import { decoded, named, zoneOf } from "./fixture.ts";

const HEADER = [0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];

function resourceRecord(name: string, type: number, data: RecordData): ResourceRecord {
  return { name: named(name), type, class: CLASS.IN, ttl: 60, data };
}

function response(answers: readonly ResourceRecord[]): Message {
  return { ...queryFor(1, named("example"), TYPE.A, null), response: true, answers };
}

function problemOf(...octets: number[]): string {
  const message = decodeMessage(Uint8Array.from(octets));
  return message.ok ? "none" : message.error.kind;
}

Deno.test("every kind of record data comes back as it was written", () => {
  const target = named("Target.example");
  const records = [
    resourceRecord("a.example", TYPE.A, { kind: "A", address: Uint8Array.of(192, 0, 2, 1) }),
    resourceRecord("a.example", TYPE.AAAA, { kind: "AAAA", address: new Uint8Array(16).fill(7) }),
    resourceRecord("a.example", TYPE.CNAME, { kind: "CNAME", target }),
    resourceRecord("a.example", TYPE.NS, { kind: "NS", target }),
    resourceRecord("a.example", TYPE.PTR, { kind: "PTR", target }),
    resourceRecord("a.example", TYPE.MX, { kind: "MX", preference: 10, target }),
    resourceRecord("a.example", TYPE.SRV, { kind: "SRV", priority: 1, weight: 2, port: 443, target }),
    resourceRecord("a.example", TYPE.TXT, {
      kind: "TXT",
      strings: [Uint8Array.of(104, 105), new Uint8Array(0)],
    }),
    resourceRecord("example", TYPE.SOA, {
      kind: "SOA",
      mname: target,
      rname: named("me.example"),
      serial: 0xffff_ffff,
      refresh: 1,
      retry: 2,
      expire: 3,
      minimum: 4,
    }),
    resourceRecord("a.example", 65, { kind: "opaque", octets: Uint8Array.of(1, 2, 3) }),
    resourceRecord("a.example", TYPE.A, { kind: "opaque", octets: new Uint8Array(0) }),
  ];
  assert.deepEqual(decoded(encodeMessage(response(records)).bytes).answers, records);
});

Deno.test("all header flags, opcodes and rcodes travel", () => {
  const message: Message = {
    ...queryFor(0xbeef, named("example"), TYPE.SOA, null),
    ...plainHeader(0xbeef, 5),
    response: true,
    authoritative: true,
    recursionDesired: true,
    authenticData: true,
    rcode: RCODE.NXRRSET,
  };
  assert.deepEqual(decoded(encodeMessage(message).bytes), message);
  const others = { ...message, authoritative: false, recursionAvailable: true, checkingDisabled: true };
  assert.deepEqual(decoded(encodeMessage(others).bytes), others);
});

Deno.test("EDNS carries options, DO and the high bits of the rcode", () => {
  const edns = {
    ...PLAIN_EDNS,
    dnssecOk: true,
    options: [{ code: 10, octets: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }],
  };
  const message = { ...queryFor(1, named("example"), TYPE.A, edns), rcode: RCODE.BADVERS };
  assert.deepEqual(decoded(encodeMessage(message).bytes), message);
});

Deno.test("a repeated name costs two octets, whatever its letter case", () => {
  const one = response([
    resourceRecord("www.Example", TYPE.CNAME, { kind: "CNAME", target: named("example") }),
  ]);
  // header, question 9+4, owner 4+2, type..length 10, target 2
  assert.equal(encodeMessage(one).bytes.length, 12 + 13 + 6 + 10 + 2);
});

Deno.test("names in SRV data are not compressed", () => {
  const data: RecordData = { kind: "SRV", priority: 0, weight: 0, port: 1, target: named("example") };
  const bytes = encodeMessage(response([resourceRecord("example", TYPE.SRV, data)])).bytes;
  assert.equal(bytes.length, 12 + 13 + 2 + 10 + 6 + 9);
});

Deno.test("a message over 16 kB does not point past what a pointer can reach", () => {
  const records = Array.from({ length: 1800 }, (_, i) => {
    // Each name twice in a row, so that late names would be pointed at.
    return resourceRecord(`host${i >> 1}.example`, TYPE.A, { kind: "A", address: new Uint8Array(4) });
  });
  const bytes = encodeMessage(response(records)).bytes;
  assert(bytes.length > 0x4000);
  assert.deepEqual(decoded(bytes).answers, records);
});

Deno.test("what does not fit loses the additionals first, then all records, with TC", () => {
  const text = resourceRecord("example", TYPE.TXT, { kind: "TXT", strings: [new Uint8Array(200)] });
  const message = { ...response([text]), additionals: [text, text], edns: PLAIN_EDNS };
  const whole = encodeMessage(message, 1232);
  assert.equal(decoded(whole.bytes).additionals.length, 2);
  const smaller = decoded(encodeMessage(message, 512).bytes);
  assert.deepEqual([smaller.answers.length, smaller.additionals.length, smaller.truncated], [1, 0, false]);
  const cut = encodeMessage({ ...message, answers: [text, text, text] }, 512);
  assert(cut.truncated && decoded(cut.bytes).truncated);
  assert.equal(decoded(cut.bytes).answers.length, 0);
  assert.deepEqual(decoded(cut.bytes).edns, PLAIN_EDNS);
});

Deno.test("a name that points forward, at itself or into the header is refused", () => {
  assert.equal(problemOf(...HEADER, 0xc0, 12, 0, 1, 0, 1), "bad-name");
  assert.equal(problemOf(...HEADER, 0xc0, 14, 0, 0, 1, 0, 1), "bad-name");
  assert.equal(problemOf(...HEADER, 0xc0, 0, 0, 1, 0, 1), "bad-name");
  assert.equal(problemOf(...HEADER, 1, 97, 0xc0, 12, 0, 1, 0, 1), "bad-name");
  assert.equal(problemOf(...HEADER, 0x40, 0, 0, 1, 0, 1), "bad-name");
});

Deno.test("a chain of pointers alone ends after a bounded number of steps", () => {
  // An opaque record full of pointers, each to the one before it, then a name that enters at the far end.
  const chain: number[] = [0];
  for (let i = 0; i < 200; i++) {
    const target = i === 0 ? 23 : 24 + 2 * (i - 1);
    chain.push(0xc0 | (target >> 8), target & 0xff);
  }
  const entry = 24 + 2 * 199;
  const octets = [0, 1, 0x80, 0, 0, 0, 0, 2, 0, 0, 0, 0]
    .concat([0, 0xff, 0, 0, 1, 0, 0, 0, 0, chain.length >> 8, chain.length & 0xff], chain)
    .concat([0xc0 | (entry >> 8), entry & 0xff, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
  assert.equal(problemOf(...octets), "bad-name");
});

Deno.test("a message that ends too early, or data of the wrong length, is refused", () => {
  assert.equal(problemOf(1, 2, 3), "short");
  assert.equal(problemOf(...HEADER), "short");
  assert.equal(problemOf(...HEADER, 3, 97, 98), "short");
  const answerHeader = [0, 1, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0];
  assert.equal(problemOf(...answerHeader, 0, 1, 0, 1, 0, 0, 0, 0, 0, 3, 1, 2, 3), "bad-data");
  assert.equal(problemOf(...answerHeader, 0, 16, 0, 1, 0, 0, 0, 0, 0, 2, 5, 1, 0, 0, 0, 0), "bad-data");
  assert.equal(problemOf(...answerHeader, 0, 5, 0, 1, 0, 0, 0, 0, 0, 2, 0, 0), "bad-data");
});

Deno.test("two OPT records, an OPT below the root and a broken option are refused", () => {
  const opt = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0];
  const header = (additionals: number): number[] => [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, additionals];
  assert.equal(problemOf(...header(1), ...opt), "none");
  assert.equal(problemOf(...header(2), ...opt, ...opt), "bad-edns");
  assert.equal(problemOf(...header(1), 1, 97, ...opt), "bad-edns");
  assert.equal(problemOf(...header(1), ...opt.slice(0, 10), 3, 0, 10, 0), "bad-edns");
  assert.equal(problemOf(...header(1), ...opt.slice(0, 10), 5, 0, 10, 0, 8, 1), "bad-edns");
});

Deno.test("a TTL with the top bit set counts as zero", () => {
  const bytes = Uint8Array.of(0, 1, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 16, 0, 1, 0x80, 0, 0, 1, 0, 1, 0);
  assert.equal(decoded(bytes).answers[0]?.ttl, 0);
});

Deno.test("the header of a message that is broken further on can be read", () => {
  assert.equal(decodeHeader(Uint8Array.of(1, 2, 0x29, 0, 0, 9, 0, 0, 0, 0, 0, 0))?.opcode, 5);
  assert.equal(decodeHeader(new Uint8Array(11)), null);
});

/** A header with so many questions, the longest name, then pointers to it until the message is full. */
function manyLongNames(octets: number): Uint8Array {
  const bytes = new Uint8Array(octets);
  for (let i = 0; i < 127; i++) bytes.set([1, 97], 12 + 2 * i);
  bytes.set([0, 0, 1, 0, 1], 12 + 254);
  let count = 1;
  for (let at = 271; at + 7 <= octets; at += 7, count++) bytes.set([1, 97, 0xc0, 14, 0, 1, 0], at);
  new DataView(bytes.buffer).setUint16(4, count);
  return bytes;
}

Deno.test("ten thousand names of 127 labels in one message are not read to the end", () => {
  const read = decodeMessage(manyLongNames(65_535));
  assert(!read.ok && read.error.kind === "bad-name" && read.error.at < 3000, JSON.stringify(read));
});

Deno.test("a query with more entries than any real one is refused before they are read", () => {
  const read = decodeQuery(manyLongNames(65_535));
  assert(!read.ok && read.error.kind === "bad-data" && read.error.at === 4, JSON.stringify(read));
  for (const entries of [16, 17]) {
    const bytes = new Uint8Array(12 + 5 * 17);
    bytes[5] = entries;
    assert.equal(decodeQuery(bytes).ok, entries === 16);
    assert.equal(decodeMessage(bytes).ok, true);
  }
  const response = answer([zoneOf()], manyLongNames(65_535), "tcp");
  assert(response !== null && outlineOf(response).rcode === RCODE.FORMERR);
});

Deno.test("records that share an owner by a pointer all have it", () => {
  const name = named("a.long.name.example.com");
  const record = {
    name,
    type: TYPE.A,
    class: 1,
    ttl: 5,
    data: { kind: "A", address: new Uint8Array(4) },
  } as const;
  const answers = Array.from({ length: 4000 }, () => record);
  const written = encodeMessage({ ...queryFor(1, name, TYPE.A), answers }).bytes;
  const read = decodeMessage(written);
  assert(read.ok);
  assert.deepEqual(read.value.answers.map((each) => each.name.key), answers.map(() => name.key));
});
