import assert from "node:assert/strict";
import { decodePacket, encodePacket } from "../../../src/wire/codec.ts";
import { SEAL_OCTETS } from "../../../src/wire/clear_header.ts";
import { createSealer } from "../../../src/wire/seal.ts";
import { CHUNK_BYTES, INLINE_BYTES } from "../../../src/election/messages.ts";
import { BALLOT, CLAIM, ENTRY, GRANT, header, HELLO, LIFE_2, LIFE_3, packet, wire } from "./samples.ts";

function problemOf(bytes: Uint8Array): string {
  const result = decodePacket(bytes);
  assert(!result.ok, "it should not decode");
  return result.error;
}

Deno.test("hello, claim and grant of three nodes without state take less than 150 octets", () => {
  for (const each of [HELLO, CLAIM, GRANT]) {
    const size = encodePacket(each).length;
    assert(size < 150, `${each.message.kind}: ${size}`);
  }
  assert(encodePacket(HELLO).length < 80);
});

Deno.test("sealing adds SEAL_OCTETS in place of the sender's id and life", () => {
  const body = encodePacket(CLAIM).length - 9;
  assert.equal(createSealer(wire()).seal(2, CLAIM).length, body + SEAL_OCTETS);
});

Deno.test("the largest inline state and the largest chunk stay below the default mtu with seven nodes", () => {
  const heard = [2, 3, 4, 5, 6, 7].map((id) => ({ id, incarnation: LIFE_3, twin: false }));
  const state = new Uint8Array(INLINE_BYTES);
  const claim = { ...CLAIM.message, entry: { ...ENTRY, size: state.length }, state } as typeof CLAIM.message;
  const chunk = { kind: "chunk", entry: ENTRY, part: 9, bytes: new Uint8Array(CHUNK_BYTES) } as const;
  for (const message of [claim, chunk]) {
    const size = createSealer(wire()).seal(2, packet(message, { heard })).length;
    assert(size <= 1200, `${message.kind}: ${size}`);
  }
});

Deno.test("no datagram has more than 1100 bytes with ten nodes, or 1600 with 64", () => {
  const largest = (count: number): number => {
    const heard = Array.from(
      { length: count - 1 },
      (_, i) => ({ id: i + 2, incarnation: LIFE_3, twin: false }),
    );
    const chunk = { kind: "chunk", entry: ENTRY, part: 9, bytes: new Uint8Array(CHUNK_BYTES) } as const;
    return createSealer(wire()).seal(2, packet(chunk, { heard })).length;
  };
  assert(largest(10) <= 1100 && largest(64) <= 1600, `${largest(10)} and ${largest(64)}`);
});

Deno.test("stamps are exact, held and remaining times are to a microsecond", () => {
  const sent = packet({
    kind: "would",
    seq: 1,
    yes: false,
    reason: "promised",
    term: 5,
    holder: 3,
    remainingMs: 812.34567,
  }, { stamp: 123456789.01234567, echo: { stamp: 0.1 + 0.2, heldMs: 3.14159 } });
  const got = decodePacket(encodePacket(sent));
  assert(got.ok && got.value.message.kind === "would");
  assert.equal(got.value.header.stamp, 123456789.01234567);
  assert.deepEqual(got.value.header.echo, { stamp: 0.1 + 0.2, heldMs: 3.142 });
  assert.equal(got.value.message.remainingMs, 812.346);
});

Deno.test("a promise that ran out while it was written travels as 0, an endless one as the longest there is", () => {
  const deny = (remainingMs: number): number => {
    const message = {
      kind: "deny",
      ballot: BALLOT,
      seq: 1,
      reason: "stale",
      highest: null,
      holder: null,
    } as const;
    const got = decodePacket(encodePacket(packet({ ...message, remainingMs })));
    assert(got.ok && got.value.message.kind === "deny");
    return got.value.message.remainingMs;
  };
  assert.equal(deny(-0.5), 0);
  assert.equal(deny(Infinity), 1e12);
});

Deno.test("a lease length comes back exactly, for it is compared", () => {
  const got = decodePacket(
    encodePacket(packet({ ...CLAIM.message, leaseMs: 300.1 * 3 } as typeof CLAIM.message)),
  );
  assert(got.ok && got.value.message.kind === "claim");
  assert.equal(got.value.message.leaseMs, 300.1 * 3);
});

Deno.test("what does not belong is named", () => {
  const bytes = encodePacket(HELLO);
  const kindAt = bytes.length - 1;
  const with_ = (at: number, octet: number): Uint8Array => bytes.map((old, i) => i === at ? octet : old);
  assert.match(problemOf(with_(kindAt, 99)), /no kind number 99/);
  assert.match(problemOf(with_(0, 0)), /0 is not in 1\.\.65535/);
  assert.match(problemOf(with_(9, 0xff)), /unknown flags/);
  assert.match(problemOf(Uint8Array.of(...bytes, 0)), /1 octets too many/);
  assert.match(problemOf(new Uint8Array(0)), /missing/);
});

Deno.test("a state must have the size that its entry names", () => {
  const state = new Uint8Array(5);
  const grant = { kind: "grant", ballot: BALLOT, seq: 1, accepted: { ...ENTRY, size: 4 }, state } as const;
  assert.match(problemOf(encodePacket(packet(grant))), /5 octets where 4 belong/);
  assert.match(problemOf(encodePacket(packet({ ...grant, accepted: null }))), /without an entry/);
});

Deno.test("a count of entries that cannot fit sets no memory aside", () => {
  const bytes = encodePacket(packet({ kind: "hello" }, { to: null, echo: null, heard: [] }));
  // sender, life, flags, stamp, count (3), heard
  const heardAt = 1 + 8 + 1 + 8 + 3;
  assert.equal(bytes[heardAt], 0);
  const huge = Uint8Array.of(
    ...bytes.subarray(0, heardAt),
    0xff,
    0xff,
    0xff,
    0x7f,
    ...bytes.subarray(heardAt + 1),
  );
  assert.match(problemOf(huge), /entries do not fit/);
});

Deno.test("decoded bytes are copies: a receive buffer used again does not change them", () => {
  const report = Uint8Array.of(1, 2, 3);
  const bytes = encodePacket({ ...HELLO, report });
  const got = decodePacket(bytes);
  bytes.fill(0);
  assert(got.ok);
  assert.deepEqual(got.value.report, report);
});

Deno.test("values out of their documented range are a bug of the sender and throw", () => {
  assert.throws(() => encodePacket(packet({ kind: "ask", seq: -1, released: null })));
  assert.throws(() => encodePacket(packet({ kind: "recall", seq: 0.5 })));
  assert.throws(() => encodePacket({ ...HELLO, header: header({ from: 0 }) }));
  assert.throws(() => encodePacket({ ...HELLO, header: header({ to: LIFE_2.toUpperCase() }) }));
  assert.throws(() => encodePacket({ ...HELLO, header: header({ stamp: NaN }) }));
});
