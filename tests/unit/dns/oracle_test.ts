/** Our answers as another implementation reads them, and its queries as we read them. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import packet from "dns-packet";
import { answer } from "../../../src/dns/answer.ts";
import { ZONE_INPUT, zoneOf } from "./fixture.ts";

const ZONE = zoneOf();

/** What dns-packet knows and its types do not say. */
interface Read {
  readonly rcode: string;
  readonly flag_aa: boolean;
  readonly answers: readonly { readonly type: string; readonly name: string; readonly data: unknown }[];
  readonly authorities: readonly { readonly type: string; readonly ttl?: number; readonly data: unknown }[];
  readonly questions: readonly { readonly name: string }[];
  readonly additionals: readonly { readonly type: string }[];
}

function exchange(name: string, type: string, edns = false): Read {
  const query = packet.encode({
    type: "query",
    id: 77,
    questions: [{ type: type as "A", name }],
    additionals: edns
      ? [{ type: "OPT", name: ".", udpPayloadSize: 4096, flags: 0, options: [] } as unknown as packet.Answer]
      : [],
  });
  const response = answer([ZONE], query, "tcp");
  assert(response !== null);
  assert.equal(packet.decode(Buffer.from(response)).id, 77);
  return packet.decode(Buffer.from(response)) as unknown as Read;
}

Deno.test("dns-packet reads our addresses, aliases and texts", () => {
  const data = (name: string, type: string): unknown[] =>
    exchange(name, type).answers.map((each) => each.data);
  assert.deepEqual(data("web.ha.example.com", "A"), ["192.0.2.1"]);
  assert.deepEqual(data("web.ha.example.com", "AAAA"), ["2001:db8::1"]);
  assert.deepEqual(data("twice.ha.example.com", "A"), [
    "alias.ha.example.com",
    "web.ha.example.com",
    "192.0.2.1",
  ]);
  assert.deepEqual(data("note.ha.example.com", "TXT"), [[Buffer.from("hello")]]);
  const [long] = data("long.ha.example.com", "TXT") as Buffer[][];
  assert.deepEqual(long?.map((part) => part.length), [255, 255, 190]);
  assert.deepEqual(data("ha.example.com", "NS"), [...ZONE_INPUT.nameservers]);
});

Deno.test("dns-packet reads our SOA, in answers and in negative answers", () => {
  const soa = {
    mname: "ns1.ha.example.com",
    rname: "hostmaster.ha.example.com",
    serial: 20251125,
    refresh: 3600,
    retry: 600,
    expire: 604800,
    minimum: 5,
  };
  assert.deepEqual(exchange("ha.example.com", "SOA").answers[0]?.data, soa);
  const none = exchange("nothing.ha.example.com", "A");
  assert.deepEqual([none.rcode, none.flag_aa, none.authorities[0]?.ttl], ["NXDOMAIN", true, 5]);
  assert.deepEqual(none.authorities[0]?.data, soa);
});

Deno.test("dns-packet sees the letter case of its question and OPT exactly when it sent one", () => {
  assert.equal(exchange("wEB.ha.Example.com", "A").questions[0]?.name, "wEB.ha.Example.com");
  assert.deepEqual(exchange("web.ha.example.com", "A", true).additionals.map(({ type }) => type), ["OPT"]);
  assert.deepEqual(exchange("web.ha.example.com", "A").additionals, []);
});
