import assert from "node:assert/strict";
import fc from "fast-check";
import { answer, answerServfail } from "../../src/dns/answer.ts";
import { decodeHeader, decodeMessage, decodeOnlyQuestion } from "../../src/dns/decode.ts";
import { encodeMessage } from "../../src/dns/encode.ts";
import type { Edns, Message } from "../../src/dns/message.ts";
import { formatName, type Name, nameFromLabels, parseName, ROOT } from "../../src/dns/name.ts";
import { outlineOf } from "../../src/dns/outline.ts";
import { answerPrepared } from "../../src/dns/prepared.ts";
import { readUsualQuery } from "../../src/dns/usual_query.ts";
import { type RecordData, type ResourceRecord, TYPE } from "../../src/dns/record.ts";
import { respond } from "../../src/dns/respond.ts";
import { ZONE_INPUT, zoneOf } from "../unit/dns/fixture.ts";

const ZONE = zoneOf();
const RUNS = { numRuns: 1000 };

const uint16 = fc.nat(0xffff);
const uint32 = fc.nat(0xffff_ffff);
const octets = fc.uint8Array({ maxLength: 40 });
const label = fc.uint8Array({ minLength: 1, maxLength: 12 });
const name: fc.Arbitrary<Name> = fc.array(label, { maxLength: 6 }).map((labels) => {
  const made = nameFromLabels(labels);
  return made.ok ? made.value : ROOT;
});

/** The first, and once in six times the second. */
function mostly<T>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ arbitrary: usual, weight: 5 }, { arbitrary: rare, weight: 1 });
}

const dataByType: readonly (readonly [number, fc.Arbitrary<RecordData>])[] = [
  [TYPE.A, fc.uint8Array({ minLength: 4, maxLength: 4 }).map((address) => ({ kind: "A", address }))],
  [TYPE.AAAA, fc.uint8Array({ minLength: 16, maxLength: 16 }).map((address) => ({ kind: "AAAA", address }))],
  [TYPE.CNAME, name.map((target) => ({ kind: "CNAME", target }))],
  [TYPE.NS, name.map((target) => ({ kind: "NS", target }))],
  [TYPE.PTR, name.map((target) => ({ kind: "PTR", target }))],
  [TYPE.TXT, fc.array(octets, { minLength: 1, maxLength: 3 }).map((strings) => ({ kind: "TXT", strings }))],
  [TYPE.MX, fc.record({ kind: fc.constant("MX"), preference: uint16, target: name })],
  [
    TYPE.SRV,
    fc.record({ kind: fc.constant("SRV"), priority: uint16, weight: uint16, port: uint16, target: name }),
  ],
  [
    TYPE.SOA,
    fc.record({
      kind: fc.constant("SOA"),
      mname: name,
      rname: name,
      serial: uint32,
      refresh: uint32,
      retry: uint32,
      expire: uint32,
      minimum: uint32,
    }),
  ],
  [TYPE.TSIG, octets.map((octets) => ({ kind: "opaque", octets }))],
  [4321, octets.map((octets) => ({ kind: "opaque", octets }))],
];

const resourceRecord: fc.Arbitrary<ResourceRecord> = fc.oneof(
  ...dataByType.map(([type, data]) =>
    fc.record({ name, type: fc.constant(type), class: uint16, ttl: fc.nat(0x7fff_ffff), data })
  ),
);

const edns: fc.Arbitrary<Edns> = fc.record({
  udpPayloadSize: uint16,
  version: fc.nat(255),
  dnssecOk: fc.boolean(),
  options: fc.array(fc.record({ code: uint16, octets }), { maxLength: 3 }),
});

const section = fc.array(resourceRecord, { maxLength: 4 });
const message: fc.Arbitrary<Message> = fc.record({
  id: uint16,
  response: fc.boolean(),
  opcode: fc.nat(15),
  authoritative: fc.boolean(),
  truncated: fc.boolean(),
  recursionDesired: fc.boolean(),
  recursionAvailable: fc.boolean(),
  authenticData: fc.boolean(),
  checkingDisabled: fc.boolean(),
  rcode: fc.nat(15),
  questions: fc.array(fc.record({ name, type: uint16, class: uint16 }), { maxLength: 2 }),
  answers: section,
  authorities: section,
  additionals: section,
  edns: fc.option(edns),
});

/** Overwrites some octets of a message and perhaps cuts it. */
const mutated = fc.tuple(
  message.map((each) => encodeMessage(each).bytes),
  fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
  fc.option(fc.nat()),
).map(([bytes, changes, cut]) => {
  const copy = cut === null ? bytes.slice() : bytes.slice(0, cut % (bytes.length + 1));
  for (const [at, octet] of changes) if (copy.length > 0) copy[at % copy.length] = octet;
  return copy;
});

/** Queries for names of the zone and near it, as clients send them and slightly wrong. */
const zoneQuery = fc.record({
  name: fc.oneof(
    fc.constantFrom(
      ...ZONE_INPUT.records.map((record) => record.name),
      ...ZONE_INPUT.nameservers,
      ZONE_INPUT.origin,
      "inside.ha.example.com",
      "nothing.ha.example.com",
      "example.com",
      ".",
    ),
  ),
  upper: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
  type: fc.oneof(fc.constantFrom(1, 2, 5, 6, 15, 16, 28, 41, 65, 250, 252, 255), uint16),
  id: uint16,
  flags: mostly(
    fc.constantFrom(0, 0x0100, 0x0010, 0x0020, 0x0140, 0x0600, 0x000f),
    fc.constantFrom(0x2800, 0x8000),
  ),
  class: mostly(fc.constant(1), fc.constantFrom(3, 255)),
  edns: fc.option(mostly(edns.map((each) => ({ ...each, version: 0 })), edns)),
  tail: mostly(fc.constant(new Uint8Array(0)), fc.uint8Array({ maxLength: 5 })),
  change: mostly<[number, number] | null>(fc.constant(null), fc.tuple(fc.nat(), fc.nat(255))),
}).map((each) => {
  const text = [...each.name].map((char, i) => each.upper[i % 8] ? char.toUpperCase() : char).join("");
  const parsed = parseName(text);
  assert(parsed.ok);
  const bytes = encodeMessage({
    id: each.id,
    response: false,
    opcode: 0,
    authoritative: false,
    truncated: false,
    recursionDesired: false,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: false,
    rcode: 0,
    questions: [{ name: parsed.value, type: each.type, class: each.class }],
    answers: [],
    authorities: [],
    additionals: [],
    edns: each.edns,
  }).bytes;
  const query = new Uint8Array(bytes.length + each.tail.length);
  query.set(bytes);
  query.set(each.tail, bytes.length);
  query[2] = each.flags >> 8;
  query[3] = each.flags & 0xff;
  if (each.change !== null) query[each.change[0] % query.length] = each.change[1];
  return query;
});

Deno.test("a name that was formatted reads back as the same octets", () => {
  fc.assert(
    fc.property(name, (made) => {
      const parsed = parseName(formatName(made));
      assert(parsed.ok);
      assert.deepEqual(parsed.value, made);
    }),
    RUNS,
  );
});

Deno.test("a message that was encoded decodes to itself, but for the letter case of names that repeat", () => {
  fc.assert(
    fc.property(message, (original) => {
      const back = decodeMessage(encodeMessage(original).bytes);
      assert(back.ok);
      assert.deepEqual(withoutCase(back.value), withoutCase(original));
    }),
    { numRuns: 500 },
  );
});

Deno.test("nothing that is decoded throws, on random bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), neverThrows), RUNS);
});

Deno.test("nothing that is decoded throws, on messages with some octets changed or cut off", () => {
  fc.assert(fc.property(mutated, neverThrows), RUNS);
});

Deno.test("an answer fits, is no query, carries the id, and can be decoded", () => {
  fc.assert(
    fc.property(
      fc.oneof(zoneQuery, mutated),
      fc.constantFrom("udp" as const, "tcp" as const),
      (query, transport) => {
        const response = answer([ZONE], query, transport);
        if (response === null) return query.length < 12 || (query[2]! & 0x80) !== 0;
        assert(transport === "tcp" || response.length <= 1232);
        const back = decodeMessage(response);
        assert(back.ok && back.value.response);
        assert.equal(back.value.id, (query[0]! << 8) | query[1]!);
        assert.equal(outlineOf(response).rcode, back.value.rcode);
        return true;
      },
    ),
    RUNS,
  );
});

Deno.test("the ready-made answer and the general way say the very same", () => {
  let ready = 0;
  fc.assert(
    fc.property(zoneQuery, fc.constantFrom("udp" as const, "tcp" as const), (query, transport) => {
      const usual = readUsualQuery(query);
      if (usual === null) return;
      const prepared = answerPrepared([ZONE], query, transport, usual);
      if (prepared === null) return;
      ready++;
      assert.deepEqual(prepared, respond([ZONE], query, transport));
    }),
    { numRuns: 4000 },
  );
  assert(ready > 1000, `only ${ready} of 4000 queries had a ready-made answer`);
});

function neverThrows(bytes: Uint8Array): void {
  decodeMessage(bytes);
  decodeHeader(bytes);
  decodeOnlyQuestion(bytes);
  answerServfail([ZONE.origin], bytes, "udp");
  const response = answer([ZONE], bytes, "udp");
  if (response !== null) outlineOf(response).name();
}

/** Names by their key alone: compression takes the letter case of the first occurrence. */
function withoutCase(value: Message): unknown {
  return JSON.parse(JSON.stringify(value, (key, each) => key === "labels" ? undefined : each));
}
