/** A small zone and shorthand for asking it. Test support, no tests. */
import assert from "node:assert/strict";
import { answer, type Transport } from "../../../src/dns/answer.ts";
import { buildZone, type ZoneInput, type ZoneRecordInput } from "../../../src/dns/build_zone.ts";
import { decodeMessage } from "../../../src/dns/decode.ts";
import { encodeMessage } from "../../../src/dns/encode.ts";
import { type Edns, type Message, queryFor } from "../../../src/dns/message.ts";
import { type Name, parseName } from "../../../src/dns/name.ts";
import { formatData, parseType, typeName } from "../../../src/dns/record.ts";
import type { Zone } from "../../../src/dns/prepared.ts";

/** One record to publish; the kind follows from `text`. */
export function record(name: string, text: string | null, ttlSeconds = 5): ZoneRecordInput {
  const kind = text?.startsWith('"') ? "text" : "name";
  return { name, ttlSeconds, value: text === null ? null : { kind, text: text.replaceAll('"', "") } };
}

/** A bit of everything: addresses, aliases inside, outside, dangling and in a circle, gaps, long texts. */
export const ZONE_INPUT: ZoneInput = {
  origin: "ha.example.com",
  nameservers: ["ns1.ha.example.com", "ns2.ha.example.com", "ns.elsewhere.example"],
  glue: [
    { name: "ns1.ha.example.com", address: "192.0.2.53" },
    { name: "ns1.ha.example.com", address: "2001:db8::53" },
    { name: "ns.elsewhere.example", address: "203.0.113.53" },
  ],
  serial: 2025_11_25,
  records: [
    record("web.ha.example.com", "192.0.2.1"),
    record("web.ha.example.com", "2001:db8::1"),
    record("pair.ha.example.com", "192.0.2.8"),
    record("pair.ha.example.com", "192.0.2.9"),
    record("outside.ha.example.com", "web-nyc1.example.com"),
    record("alias.ha.example.com", "web.ha.example.com"),
    record("twice.ha.example.com", "alias.ha.example.com"),
    record("dangling.ha.example.com", "nothing.ha.example.com"),
    record("ring-a.ha.example.com", "ring-b.ha.example.com"),
    record("ring-b.ha.example.com", "ring-a.ha.example.com"),
    record("withdrawn.ha.example.com", null),
    record("a.deep.inside.ha.example.com", "192.0.2.4"),
    record("note.ha.example.com", '"hello"'),
    record("long.ha.example.com", `"${"x".repeat(700)}"`),
    record("huge.ha.example.com", `"${"y".repeat(3000)}"`),
  ],
};

/** The zone of `ZONE_INPUT`, changed as given. */
export function zoneOf(changes: Partial<ZoneInput> = {}): Zone {
  const zone = buildZone({ ...ZONE_INPUT, ...changes });
  assert(zone.ok, zone.ok ? "" : zone.error);
  return zone.value;
}

/** A name that is right. */
export function named(text: string): Name {
  const name = parseName(text);
  assert(name.ok, `${text} is a name`);
  return name.value;
}

/** The bytes of a query, with id 4711. */
export function queryBytes(name: string, type: string, edns: Edns | null = null): Uint8Array {
  const number = parseType(type);
  assert(number !== null, `${type} is a type`);
  return encodeMessage(queryFor(4711, named(name), number, edns)).bytes;
}

/** Asks and decodes. */
export function ask(zone: Zone, query: Uint8Array, transport: Transport = "udp"): Message {
  const response = answer([zone], query, transport);
  assert(response !== null, "there is a response");
  return decoded(response);
}

/** A message that is right. */
export function decoded(bytes: Uint8Array): Message {
  const message = decodeMessage(bytes);
  assert(message.ok, message.ok ? "" : `not a message: ${message.error.kind} at ${message.error.at}`);
  return message.value;
}

/** `TTL TYPE data` of each record. */
export function lines(records: Message["answers"]): string[] {
  return records.map(({ ttl, type, data }) => `${ttl} ${typeName(type)} ${formatData(data)}`);
}

/** A copy with some octets overwritten from `at` on. */
export function patched(bytes: Uint8Array, at: number, ...octets: number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(octets, at);
  return copy;
}
