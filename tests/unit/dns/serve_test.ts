import assert from "node:assert/strict";
import { encodeMessage } from "../../../src/dns/encode.ts";
import { type Message, plainHeader, queryFor, rcodeName } from "../../../src/dns/message.ts";
import { includes, parseNetwork } from "../../../src/dns/network.ts";
import { CLASS, type Soa, TYPE, typeName } from "../../../src/dns/record.ts";
import { type Reply, serve, type Served, type Shield, type TransferRule } from "../../../src/dns/serve.ts";
import { sipKey } from "../../../src/dns/siphash.ts";
import { isNewer } from "../../../src/dns/transfer.ts";
import { signMessage, TSIG_ERROR, type TsigKey, verifyMessage } from "../../../src/dns/tsig.ts";
import { decoded, lines, named, queryBytes, record, zoneOf } from "./fixture.ts";

const ZONE = zoneOf();
const OTHER = zoneOf({
  origin: "other.test",
  nameservers: ["ns.elsewhere.example"],
  glue: [],
  records: [record("a.other.test", "192.0.2.7")],
});
const KEY: TsigKey = {
  name: named("transfer"),
  algorithm: "hmac-sha256",
  secret: new Uint8Array(32).fill(7),
};
const SHIELD: Shield = {
  limiter: null,
  cookies: sipKey(new Uint8Array(16)),
  clock: { nowS: () => NOW_S, nowMs: () => 0 },
};
const NOW_S = 1_800_000_000;

function networks(...texts: string[]): TransferRule["from"] {
  return texts.map((text) => {
    const network = parseNetwork(text);
    assert(network.ok);
    return network.value;
  });
}

function served(transfer: TransferRule | null = null, copyable = true): Served {
  return { zones: [ZONE, OTHER], transfer, copyable };
}

function reply(
  query: Uint8Array,
  rule: Served,
  transport: "udp" | "tcp" = "tcp",
  client = "10.0.0.5",
): Reply {
  return serve(rule, { query, transport, client }, SHIELD);
}

function rcodes(given: Reply): string[] {
  const all = given === null ? [] : given instanceof Uint8Array ? [given] : given;
  return all.map((bytes) => rcodeName(decoded(bytes).rcode));
}

function axfr(type: "AXFR" | "IXFR" = "AXFR", name = "ha.example.com"): Uint8Array {
  return queryBytes(name, type);
}

function ixfr(serial: number): Uint8Array {
  const query = queryFor(9, named("ha.example.com"), TYPE.IXFR, null);
  const soa: Soa = { ...ZONE.soa, serial };
  return encodeMessage({
    ...query,
    authorities: [{ name: ZONE.origin, type: TYPE.SOA, class: CLASS.IN, ttl: 0, data: soa }],
  }).bytes;
}

const BY_ADDRESS: TransferRule = { from: networks("10.0.0.0/24"), key: null, needsKey: false };
const BY_KEY: TransferRule = { from: null, key: KEY, needsKey: true };
const BY_BOTH: TransferRule = { from: networks("10.0.0.5"), key: KEY, needsKey: true };

Deno.test("each zone answers for itself: NXDOMAIN and NODATA with its own SOA, REFUSED outside all", () => {
  const said = (name: string, type = "A"): [string, string[], string[]] => {
    const given = reply(queryBytes(name, type), served(), "udp");
    assert(given instanceof Uint8Array);
    const { rcode, answers, authorities } = decoded(given);
    return [rcodeName(rcode), lines(answers), authorities.map(({ name }) => name.key)];
  };
  assert.deepEqual(said("a.other.test"), ["NOERROR", ["5 A 192.0.2.7"], []]);
  assert.deepEqual(said("web.ha.example.com"), ["NOERROR", ["5 A 192.0.2.1"], []]);
  assert.deepEqual(said("no.other.test"), ["NXDOMAIN", [], [named("other.test").key]]);
  assert.deepEqual(said("a.other.test", "TXT"), ["NOERROR", [], [named("other.test").key]]);
  assert.deepEqual(said("no.ha.example.com"), ["NXDOMAIN", [], [named("ha.example.com").key]]);
  for (const name of ["test", "example.com", "xother.test", "."]) {
    assert.deepEqual(said(name), ["REFUSED", [], []], name);
  }
});

Deno.test("a zone is copied by whom the rule names, and by nobody else", () => {
  const cases: [TransferRule | null, string, boolean, string][] = [
    [null, "10.0.0.5", false, "REFUSED"],
    [null, "127.0.0.1", false, "REFUSED"],
    [BY_ADDRESS, "10.0.0.5", false, "NOERROR"],
    [BY_ADDRESS, "::ffff:10.0.0.5", false, "NOERROR"],
    [BY_ADDRESS, "10.0.1.5", false, "REFUSED"],
    [BY_KEY, "10.9.9.9", true, "NOERROR"],
    [BY_KEY, "10.9.9.9", false, "REFUSED"],
    [BY_BOTH, "10.0.0.5", true, "NOERROR"],
    [BY_BOTH, "10.0.0.6", true, "REFUSED"],
    [BY_BOTH, "10.0.0.5", false, "REFUSED"],
    [{ ...BY_ADDRESS, needsKey: true }, "10.0.0.5", false, "REFUSED"], // its file cannot be read
  ];
  for (const [rule, client, signed, rcode] of cases) {
    for (const type of ["AXFR", "IXFR"] as const) {
      const query = signed ? signMessage(axfr(type), KEY, { nowS: NOW_S }).bytes : axfr(type);
      const given = rcodes(reply(query, served(rule), "tcp", client));
      assert.deepEqual([...new Set(given)], [rcode], `${JSON.stringify(rule)} ${client} ${signed} ${type}`);
    }
  }
});

Deno.test("a copy begins and ends with the SOA, has every record once, and nothing of the other zone", () => {
  const given = reply(axfr(), served(BY_ADDRESS));
  assert(Array.isArray(given));
  const records = given.flatMap((bytes) => decoded(bytes).answers);
  assert.deepEqual([records[0]?.type, records.at(-1)?.type], [TYPE.SOA, TYPE.SOA]);
  const inZone = [...ZONE.nodes.values()].flatMap((node) => [...node.values()])
    .flatMap(({ name, type, data }) => data.map(() => `${name.key} ${typeName(type)}`));
  const copied = records.slice(0, -1).map(({ name, type }) => `${name.key} ${typeName(type)}`);
  assert.deepEqual(copied.toSorted(), inZone.toSorted());
  assert(decoded(given[0]!).authoritative);
  assert.deepEqual(rcodes(reply(axfr("AXFR", "web.ha.example.com"), served(BY_ADDRESS))), ["REFUSED"]);
  assert.deepEqual(rcodes(reply(axfr("AXFR", "example.com"), served(BY_ADDRESS))), ["REFUSED"]);
});

Deno.test("over UDP no zone is handed out, and IXFR gets the SOA alone: as it does when the copy is fresh", () => {
  assert.deepEqual(rcodes(reply(axfr(), served(BY_ADDRESS), "udp")), ["REFUSED"]);
  const one = (given: Reply): Message => {
    assert(Array.isArray(given) && given.length === 1);
    return decoded(given[0]!);
  };
  const serial = ZONE.soa.serial;
  assert.deepEqual(one(reply(ixfr(serial - 5), served(BY_ADDRESS), "udp")).answers.map(({ type }) => type), [
    TYPE.SOA,
  ]);
  assert.equal(one(reply(ixfr(serial), served(BY_ADDRESS))).answers.length, 1);
  assert.equal(one(reply(ixfr(serial + 1), served(BY_ADDRESS))).answers.length, 1);
  const whole = reply(ixfr(serial - 1), served(BY_ADDRESS));
  assert(Array.isArray(whole));
  assert(whole.flatMap((bytes) => decoded(bytes).answers).length > 10);
});

Deno.test("a node whose config is not the one of the serial hands out no copy and goes on answering", () => {
  assert.deepEqual(rcodes(reply(axfr(), served(BY_ADDRESS, false))), ["SERVFAIL"]);
  assert.deepEqual(rcodes(reply(queryBytes("web.ha.example.com", "A"), served(BY_ADDRESS, false))), [
    "NOERROR",
  ]);
});

Deno.test("a large zone goes out in messages that fit, each signed onto the one before", () => {
  const records = Array.from(
    { length: 3000 },
    (_, i) => record(`host-${i}.ha.example.com`, `192.0.2.${i % 250}`),
  );
  const zones = [zoneOf({ records })];
  const asked = signMessage(axfr(), KEY, { nowS: NOW_S });
  const given = reply(asked.bytes, { ...served(BY_KEY), zones });
  assert(Array.isArray(given) && given.length > 2);
  let previousMac: Uint8Array | null = null;
  let count = 0;
  for (const message of given) {
    assert(message.length <= 65535);
    const verified = verifyMessage(message, KEY, { nowS: NOW_S, requestMac: asked.mac, previousMac });
    assert(verified.ok, verified.ok ? "" : verified.error.kind);
    previousMac = verified.value.mac;
    count += decoded(verified.value.bytes).answers.length;
  }
  assert.equal(count, 3000 + 2 + 3 + 2); // two SOA, three NS, two glue
  const swapped = verifyMessage(given[2]!, KEY, {
    nowS: NOW_S,
    requestMac: asked.mac,
    previousMac: asked.mac,
  });
  assert(!swapped.ok && swapped.error.kind === "bad-sig");
});

Deno.test("a signed question gets a signed answer; a wrong signature gets NOTAUTH and why", () => {
  const question = queryBytes("ha.example.com", "SOA");
  const asked = signMessage(question, KEY, { nowS: NOW_S });
  const answer = reply(asked.bytes, served(BY_KEY), "udp");
  assert(answer instanceof Uint8Array);
  const verified = verifyMessage(answer, KEY, { nowS: NOW_S, requestMac: asked.mac });
  assert(verified.ok);
  assert.equal(decoded(verified.value.bytes).answers[0]?.type, TYPE.SOA);
  const problem = (key: TsigKey, rule: TransferRule | null, nowS = NOW_S): unknown => {
    const signed = signMessage(question, key, { nowS });
    const given = reply(signed.bytes, served(rule), "udp");
    assert(given instanceof Uint8Array);
    assert.equal(rcodeName(decoded(given).rcode), "NOTAUTH");
    assert.deepEqual(decoded(given).answers, []);
    const judged = verifyMessage(given, key, { nowS, requestMac: signed.mac });
    return judged.ok ? null : judged.error;
  };
  const wrongSecret = { ...KEY, secret: new Uint8Array(32).fill(8) };
  const wrongName = { ...KEY, name: named("else") };
  const error = (code: number): unknown => ({ kind: "refused", error: code, serverS: null });
  assert.deepEqual(problem(wrongSecret, BY_KEY), error(TSIG_ERROR.BADSIG));
  assert.deepEqual(problem(wrongName, BY_KEY), error(TSIG_ERROR.BADKEY));
  assert.deepEqual(problem(KEY, null), error(TSIG_ERROR.BADKEY));
  assert.deepEqual(problem(KEY, BY_KEY, NOW_S - 4000), {
    kind: "refused",
    error: TSIG_ERROR.BADTIME,
    serverS: NOW_S,
  });
});

Deno.test("responses and broken messages stay what they were, signed or not", () => {
  const response = encodeMessage({
    ...queryFor(1, named("ha.example.com"), TYPE.AXFR, null),
    ...plainHeader(1),
    response: true,
  });
  assert.equal(reply(response.bytes, served(BY_ADDRESS)), null);
  assert.equal(reply(new Uint8Array(5), served(BY_ADDRESS)), null);
  assert.deepEqual(rcodes(reply(axfr().slice(0, 20), served(BY_ADDRESS))), ["FORMERR"]);
});

Deno.test("networks take in what lies in them, label by label of bits", () => {
  const inside = (network: string, address: string): boolean => includes(networks(network) ?? [], address);
  assert(inside("10.1.0.0/16", "10.1.255.3") && !inside("10.1.0.0/16", "10.2.0.1"));
  assert(inside("10.0.0.5", "10.0.0.5") && !inside("10.0.0.5", "10.0.0.50"));
  assert(inside("0.0.0.0/0", "203.0.113.1") && !inside("0.0.0.0/0", "2001:db8::1"));
  assert(inside("2001:db8::/33", "2001:db8:7fff::1") && !inside("2001:db8::/33", "2001:db8:8000::1"));
  assert(!inside("10.0.0.0/8", "not an address"));
  for (const wrong of ["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "x", "10.0.0.0/8/8", "10.0.0"]) {
    assert(!parseNetwork(wrong).ok, wrong);
  }
});

Deno.test("serials are compared around the clock", () => {
  assert(
    isNewer(2, 1) && !isNewer(1, 1) && !isNewer(1, 2) && isNewer(3, 0xffff_fff0) && !isNewer(0x8000_0001, 1),
  );
});

Deno.test("a signed request that was passed on under another id is answered under that id", () => {
  const asked = signMessage(axfr(), KEY, { nowS: NOW_S }).bytes;
  asked[1]! ^= 0x55;
  const given = reply(asked, served(BY_KEY));
  assert(given !== null && !(given instanceof Uint8Array));
  assert(rcodes(given).every((rcode) => rcode === "NOERROR"));
  for (const bytes of given) assert.deepEqual([bytes[0], bytes[1]], [asked[0], asked[1]]);
});
