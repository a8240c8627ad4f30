import assert from "node:assert/strict";
import { answer, answerServfail } from "../../../src/dns/answer.ts";
import { encodeMessage } from "../../../src/dns/encode.ts";
import { type Edns, type Message, PLAIN_EDNS, queryFor, RCODE, rcodeName } from "../../../src/dns/message.ts";
import { formatName } from "../../../src/dns/name.ts";
import { outlineOf } from "../../../src/dns/outline.ts";
import { CLASS, TYPE } from "../../../src/dns/record.ts";
import { ask, decoded, lines, named, patched, queryBytes, record, zoneOf } from "./fixture.ts";

const ZONE = zoneOf();
const SOA = "5 SOA ns1.ha.example.com hostmaster.ha.example.com 20251125 3600 600 604800 5";

function asked(name: string, type: string, edns: Edns | null = null): Message {
  return ask(ZONE, queryBytes(name, type, edns));
}

/** rcode, answers, authorities. */
function said(name: string, type: string): [string, string[], string[]] {
  const { rcode, answers, authorities, authoritative } = asked(name, type);
  assert.equal(authoritative, rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN, "AA");
  return [rcodeName(rcode), lines(answers), lines(authorities)];
}

Deno.test("addresses are answered with AA, without RA, with the id and RD of the query", () => {
  const query = queryBytes("web.ha.example.com", "A");
  const message = ask(ZONE, patched(query, 2, 0x01));
  assert.deepEqual(lines(message.answers), ["5 A 192.0.2.1"]);
  assert(message.response && message.authoritative && message.recursionDesired);
  assert(!message.recursionAvailable && !message.authenticData && !message.truncated);
  assert.deepEqual([message.id, message.authorities, message.edns], [4711, [], null]);
  assert.equal(ask(ZONE, query).recursionDesired, false);
  assert.deepEqual(said("web.ha.example.com", "AAAA"), ["NOERROR", ["5 AAAA 2001:db8::1"], []]);
});

Deno.test("all addresses of a name are answered", () => {
  assert.deepEqual(said("pair.ha.example.com", "A")[1], ["5 A 192.0.2.8", "5 A 192.0.2.9"]);
});

Deno.test("the apex has SOA and NS, with the addresses of the name servers inside the zone", () => {
  const { answers, additionals } = asked("ha.example.com", "NS");
  assert.deepEqual(lines(answers), [
    "3600 NS ns1.ha.example.com",
    "3600 NS ns2.ha.example.com",
    "3600 NS ns.elsewhere.example",
  ]);
  assert.deepEqual(lines(additionals), ["3600 A 192.0.2.53", "3600 AAAA 2001:db8::53"]);
  assert.deepEqual(said("ha.example.com", "SOA"), ["NOERROR", [SOA.replace("5 SOA", "3600 SOA")], []]);
  assert.deepEqual(said("ns1.ha.example.com", "A")[1], ["3600 A 192.0.2.53"]);
  assert.deepEqual(said("ns2.ha.example.com", "A"), ["NOERROR", [], [SOA]]);
});

Deno.test("an alias is answered for any type and followed inside the zone", () => {
  const alias = "5 CNAME web.ha.example.com";
  assert.deepEqual(said("alias.ha.example.com", "A"), ["NOERROR", [alias, "5 A 192.0.2.1"], []]);
  assert.deepEqual(said("alias.ha.example.com", "CNAME"), ["NOERROR", [alias], []]);
  assert.deepEqual(said("alias.ha.example.com", "ANY"), ["NOERROR", [alias], []]);
  assert.deepEqual(said("alias.ha.example.com", "MX"), ["NOERROR", [alias], [SOA]]);
  const twice = ["5 CNAME alias.ha.example.com", alias, "5 A 192.0.2.1"];
  assert.deepEqual(said("twice.ha.example.com", "A"), ["NOERROR", twice, []]);
});

Deno.test("an alias out of the zone is answered alone", () => {
  const alias = ["5 CNAME web-nyc1.example.com"];
  assert.deepEqual(said("outside.ha.example.com", "A"), ["NOERROR", alias, []]);
  assert.deepEqual(said("outside.ha.example.com", "HTTPS"), ["NOERROR", alias, []]);
});

Deno.test("an alias to a name that does not exist is NXDOMAIN, one in a circle ends", () => {
  const dangling = ["5 CNAME nothing.ha.example.com"];
  assert.deepEqual(said("dangling.ha.example.com", "A"), ["NXDOMAIN", dangling, [SOA]]);
  const ring = ["5 CNAME ring-b.ha.example.com", "5 CNAME ring-a.ha.example.com"];
  assert.deepEqual(said("ring-a.ha.example.com", "A"), ["NOERROR", ring, []]);
});

Deno.test("a chain of aliases is followed a bounded number of times", () => {
  const records = Array.from({ length: 40 }, (_, i) => {
    return record(`c${i}.ha.example.com`, `c${i + 1}.ha.example.com`);
  });
  assert.equal(ask(zoneOf({ records }), queryBytes("c0.ha.example.com", "A"), "tcp").answers.length, 16);
});

Deno.test("no such name is NXDOMAIN, no such type is NODATA, both with the SOA", () => {
  assert.deepEqual(said("nothing.ha.example.com", "A"), ["NXDOMAIN", [], [SOA]]);
  assert.deepEqual(said("web.ha.example.com", "TXT"), ["NOERROR", [], [SOA]]);
  assert.deepEqual(said("web.ha.example.com", "HTTPS"), ["NOERROR", [], [SOA]]);
});

Deno.test("a name with nothing to say and a name between others exist: NODATA", () => {
  assert.deepEqual(said("withdrawn.ha.example.com", "A"), ["NOERROR", [], [SOA]]);
  assert.deepEqual(said("withdrawn.ha.example.com", "ANY"), ["NOERROR", [], [SOA]]);
  assert.deepEqual(said("deep.inside.ha.example.com", "A"), ["NOERROR", [], [SOA]]);
  assert.deepEqual(said("inside.ha.example.com", "A"), ["NOERROR", [], [SOA]]);
});

Deno.test("names outside the zone are refused, even those that end in its text", () => {
  for (const name of ["example.com", "aha.example.com", "com", "."]) {
    assert.deepEqual(said(name, "A"), ["REFUSED", [], []], name);
  }
});

Deno.test("the question comes back octet for octet, letter case kept", () => {
  for (const name of ["wEb.Ha.eXAmple.cOM", "NoThing.hA.example.com", "WWW.exAMPLE.org"]) {
    const query = queryBytes(name, "A");
    const response = answer([ZONE], query, "udp");
    assert.deepEqual(response?.slice(12, query.length), query.slice(12));
  }
  assert.equal(formatName(asked("wEb.Ha.eXAmple.cOM", "A").answers[0]!.name), "wEb.Ha.eXAmple.cOM");
});

Deno.test("ANY is answered with one set", () => {
  assert.deepEqual(said("web.ha.example.com", "ANY"), ["NOERROR", ["5 A 192.0.2.1"], []]);
  assert.deepEqual(said("note.ha.example.com", "ANY"), ["NOERROR", ['5 TXT "hello"'], []]);
  assert.equal(said("ha.example.com", "ANY")[1].length, 3);
});

Deno.test("zone transfers are refused, over TCP too, and meta types are not for asking", () => {
  for (const type of ["AXFR", "IXFR"]) {
    assert.equal(ask(ZONE, queryBytes("ha.example.com", type), "tcp").rcode, RCODE.REFUSED);
  }
  assert.equal(said("ha.example.com", "MAILB")[0], "NOTIMP");
  assert.equal(said("ha.example.com", "OPT")[0], "FORMERR");
  assert.equal(said("ha.example.com", "TSIG")[0], "FORMERR");
});

Deno.test("classes other than IN are refused", () => {
  const query = queryBytes("web.ha.example.com", "A");
  for (const klass of [CLASS.CH, CLASS.ANY, CLASS.NONE]) {
    assert.equal(ask(ZONE, patched(query, query.length - 1, klass)).rcode, RCODE.REFUSED);
  }
});

Deno.test("other operations are not implemented, and the opcode comes back", () => {
  const query = queryBytes("ha.example.com", "SOA");
  for (const opcode of [1, 2, 4, 5, 6, 15]) {
    const message = ask(ZONE, patched(query, 2, opcode << 3));
    assert.deepEqual([rcodeName(message.rcode), message.opcode], ["NOTIMP", opcode]);
    assert.equal(ask(ZONE, patched(query, 2, opcode << 3).slice(0, 12)).rcode, RCODE.NOTIMP);
  }
});

Deno.test("a broken message, no question and two questions are FORMERR; the question comes back if readable", () => {
  const query = queryBytes("web.ha.example.com", "A");
  const cases = [
    query.slice(0, 20),
    query.slice(0, 12),
    patched(query, 4, 0, 0),
    patched(query, 12, 0xc0, 12),
  ];
  for (const bytes of cases) {
    const message = ask(ZONE, bytes);
    assert.deepEqual([rcodeName(message.rcode), message.questions, message.id], ["FORMERR", [], 4711]);
  }
  const two = queryFor(1, named("web.ha.example.com"), TYPE.A, null);
  const double = encodeMessage({ ...two, questions: [...two.questions, ...two.questions] }).bytes;
  assert.equal(ask(ZONE, double).rcode, RCODE.FORMERR);
  const missingRecord = ask(ZONE, patched(query, 10, 0, 1));
  assert.deepEqual([rcodeName(missingRecord.rcode), missingRecord.questions.length], ["FORMERR", 1]);
});

Deno.test("responses and what is too short for a header are met with silence", () => {
  const query = queryBytes("web.ha.example.com", "A");
  assert.equal(answer([ZONE], patched(query, 2, 0x80), "udp"), null);
  assert.equal(answer([ZONE], query.slice(0, 11), "udp"), null);
  assert.equal(answer([ZONE], new Uint8Array(0), "tcp"), null);
});

Deno.test("OPT is echoed only to those who sent it: our size, their DO, no options", () => {
  const cookie = { code: 10, octets: new Uint8Array(8) };
  const edns = { ...PLAIN_EDNS, udpPayloadSize: 4096, dnssecOk: true, options: [cookie] };
  for (const name of ["web.ha.example.com", "nothing.ha.example.com", "www.example.org"]) {
    assert.deepEqual(asked(name, "A", edns).edns, { ...PLAIN_EDNS, dnssecOk: true });
    assert.equal(asked(name, "A").edns, null);
  }
});

Deno.test("EDNS versions above 0 get BADVERS with version 0", () => {
  const message = asked("web.ha.example.com", "A", { ...PLAIN_EDNS, version: 1 });
  assert.deepEqual(
    [rcodeName(message.rcode), message.edns?.version, message.answers.length],
    ["BADVERS", 0, 0],
  );
});

Deno.test("records that ride along, a TSIG say, do not disturb", () => {
  const plain = queryFor(1, named("web.ha.example.com"), TYPE.A);
  const tsig = {
    name: named("key"),
    type: TYPE.TSIG,
    class: CLASS.ANY,
    ttl: 0,
    data: { kind: "opaque" as const, octets: new Uint8Array(40) },
  };
  const message = ask(ZONE, encodeMessage({ ...plain, additionals: [tsig] }).bytes);
  assert.deepEqual(lines(message.answers), ["5 A 192.0.2.1"]);
});

Deno.test("what does not fit into the datagram is TC without records; TCP has it all", () => {
  const sized = (udpPayloadSize: number): Edns => ({ ...PLAIN_EDNS, udpPayloadSize });
  const truncated = (name: string, edns: Edns | null): boolean => {
    const message = asked(name, "TXT", edns);
    assert.equal(message.answers.length, message.truncated ? 0 : 1);
    return message.truncated;
  };
  assert(truncated("long.ha.example.com", null));
  assert(truncated("long.ha.example.com", sized(512)));
  assert(truncated("long.ha.example.com", sized(0)), "sizes under 512 count as 512");
  assert(!truncated("long.ha.example.com", sized(1232)));
  assert(truncated("huge.ha.example.com", sized(65535)), "we never send more than 1232");
  const whole = ask(ZONE, queryBytes("huge.ha.example.com", "TXT"), "tcp");
  assert.deepEqual([whole.truncated, whole.answers.length], [false, 1]);
});

Deno.test("SERVFAIL is for names in the zone; without a zone for all; wrong queries stay wrong", () => {
  const rcode = (name: string, inZone: boolean): string => {
    const response = answerServfail(inZone ? [ZONE.origin] : null, queryBytes(name, "A", PLAIN_EDNS), "udp");
    assert(response !== null);
    const message = decoded(response);
    assert.deepEqual([message.authoritative, message.questions.length, message.edns], [false, 1, PLAIN_EDNS]);
    return rcodeName(message.rcode);
  };
  assert.equal(rcode("web.ha.example.com", true), "SERVFAIL");
  assert.equal(rcode("nothing.ha.example.com", true), "SERVFAIL");
  assert.equal(rcode("www.example.org", true), "REFUSED");
  assert.equal(rcode("www.example.org", false), "SERVFAIL");
  assert.equal(answerServfail(null, patched(queryBytes("x", "A"), 2, 0x80), "udp"), null);
});

Deno.test("the outline of a response tells rcode, type, name and TC", () => {
  const outline = (query: Uint8Array): unknown[] => {
    const read = outlineOf(answer([ZONE], query, "udp")!);
    const { rcode, type, truncated } = read;
    const text = read.name();
    return [rcodeName(rcode), type, truncated, text === null ? null : formatName(text)];
  };
  const badVersion = queryBytes("Web.ha.example.com", "AAAA", { ...PLAIN_EDNS, version: 9 });
  assert.deepEqual(outline(badVersion), ["BADVERS", TYPE.AAAA, false, "Web.ha.example.com"]);
  assert.deepEqual(outline(queryBytes("long.ha.example.com", "TXT")), [
    "NOERROR",
    TYPE.TXT,
    true,
    "long.ha.example.com",
  ]);
  assert.deepEqual(outline(queryBytes(".", "NS")), ["REFUSED", TYPE.NS, false, "."]);
  assert.deepEqual(outline(new Uint8Array(12)), ["FORMERR", null, false, null]);
  assert.deepEqual(outline(queryBytes("ha.example.com", "NS")), [
    "NOERROR",
    TYPE.NS,
    false,
    "ha.example.com",
  ]);
});
