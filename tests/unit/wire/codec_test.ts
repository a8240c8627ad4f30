import assert from "node:assert/strict";
import { decodePacket, encodePacket } from "../../../src/wire/codec.ts";
import { SEAL_OCTETS } from "../../../src/wire/clear_header.ts";
import { createSealer } from "../../../src/wire/seal.ts";
import { MAX_STATE_BYTES } from "../../../src/election/inbox.ts";
import type { Message } from "../../../src/election/messages.ts";
import { DATAGRAM_BYTES, roomOf, toldRoom } from "../../../src/election/room.ts";
import { packLinks } from "../../../src/node/links.ts";
import { packReport, SLICE_TARGETS } from "../../../src/node/report.ts";
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

/** The longest that they come. */
const LONG_BALLOT = { term: 2 ** 52, node: 65535, incarnation: LIFE_3 };
const LONG_ENTRY = { ballot: LONG_BALLOT, index: 2 ** 40, digest: 0xffff_ffff };

/** What it takes to send it in a cluster of so many, with all others heard and, where it has one, a full report. */
function sealedSize(message: Message, nodes: number, reported: boolean): number {
  const heard = membersBeside(nodes).map((id) => ({ id, incarnation: LIFE_3, twin: false }));
  const echo = { stamp: 1e9 / 7, heldMs: 123_456.789 };
  const links = packLinks(membersBeside(nodes).map((id) => ({ id, rttMs: 6000, loss: 0.5 })));
  const opinions = { length: 2 * SLICE_TARGETS, at: () => "down" as const };
  const report = reported ? packReport(0xffff_ffff, SLICE_TARGETS, opinions, true, links) : null;
  const whole = { ...packet(message, { heard, count: 0xffff_ffff, to: LIFE_2, echo }), report };
  return createSealer(wire()).seal(2, whole).length;
}

function membersBeside(nodes: number): number[] {
  return Array.from({ length: nodes - 1 }, (_, i) => i + 2);
}

Deno.test("no datagram has more than 1200 bytes, in clusters of 3 to 64 nodes, however large the state", () => {
  const common = { ballot: LONG_BALLOT, seq: 2 ** 40 };
  for (const nodes of [3, 5, 7, 9, 10, 11, 16, 17, 32, 64]) {
    const { partBytes, inlineBytes } = roomOf(nodes);
    const inline = { accepted: { ...LONG_ENTRY, size: inlineBytes }, state: new Uint8Array(inlineBytes) };
    const { accepted: entry, state } = inline;
    const released = LONG_BALLOT;
    const claim = {
      kind: "claim",
      ...common,
      leaseMs: 1000,
      commit: 2 ** 40,
      entry,
      state,
      released,
    } as const;
    const part = { kind: "chunk", part: 65535, bytes: new Uint8Array(partBytes) } as const;
    const messages: [Message, boolean][] = [
      [claim, true],
      [{ kind: "grant", ...common, ...inline }, true],
      [{ ...part, entry: { ...LONG_ENTRY, size: MAX_STATE_BYTES } }, false],
    ];
    for (const count of [0, Math.floor(nodes / 2) + 1]) {
      const cleared = membersBeside(nodes).slice(0, count).map((id) => ({ id, incarnation: LIFE_3 }));
      const room = toldRoom(nodes, cleared.length);
      const held = room < 0
        ? { accepted: { ...LONG_ENTRY, size: 1 }, state: null }
        : { accepted: { ...LONG_ENTRY, size: room }, state: new Uint8Array(room) };
      messages.push([
        { kind: "told", seq: 2 ** 40, remembers: true, highest: LONG_BALLOT, released, cleared, ...held },
        false,
      ]);
    }
    for (const [message, reported] of messages) {
      const size = sealedSize(message, nodes, reported);
      assert(size <= DATAGRAM_BYTES, `${message.kind}, ${nodes} nodes: ${size}`);
    }
  }
});

Deno.test("clusters of up to eight nodes have the same room, and the largest state fits 65536 parts", () => {
  for (let nodes = 1; nodes <= 8; nodes++) {
    assert.deepEqual(roomOf(nodes), { partBytes: 900, inlineBytes: 640 });
  }
  for (let nodes = 1; nodes <= 64; nodes++) {
    assert(roomOf(nodes).partBytes * 65536 >= MAX_STATE_BYTES, String(nodes));
    assert(roomOf(nodes).inlineBytes >= 0, String(nodes));
  }
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
