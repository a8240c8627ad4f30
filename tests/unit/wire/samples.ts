/** Packets as three nodes send them, for the tests of the wire. */
import type { Ballot } from "../../../src/election/ballot.ts";
import type { EntryRef, Header } from "../../../src/election/messages.ts";
import type { Packet } from "../../../src/node/events.ts";
import type { WireOptions } from "../../../src/wire/seal.ts";

export const LIFE_1 = "0011223344556677";
export const LIFE_2 = "8899aabbccddeeff";
export const LIFE_3 = "f0e1d2c3b4a59687";

export const BALLOT: Ballot = { term: 1763881200123, node: 1, incarnation: LIFE_1 };
export const ENTRY: EntryRef = { ballot: BALLOT, index: 17, digest: 0xdeadbeef, size: 480 };

export function header(over: Partial<Header> = {}): Header {
  return {
    from: 1,
    incarnation: LIFE_1,
    to: LIFE_2,
    stamp: 7654321.25,
    echo: { stamp: 1234567.875, heldMs: 42.125 },
    count: 123456,
    heard: [{ id: 2, incarnation: LIFE_2, twin: false }, { id: 3, incarnation: LIFE_3, twin: false }],
    joining: false,
    ...over,
  };
}

export function packet(message: Packet["message"], over: Partial<Header> = {}): Packet {
  return { header: header(over), message, report: null, configDigest: 0xcafe1234 };
}

export const HELLO: Packet = packet({ kind: "hello" });
export const CLAIM: Packet = packet({
  kind: "claim",
  ballot: BALLOT,
  seq: 98765,
  leaseMs: 1000,
  commit: 17,
  entry: ENTRY,
  state: null,
  released: { ...BALLOT, term: BALLOT.term - 5000, node: 3, incarnation: LIFE_3 },
});
export const GRANT: Packet = packet({
  kind: "grant",
  ballot: BALLOT,
  seq: 98765,
  accepted: ENTRY,
  state: null,
});

export const MEMBERS = [1, 2, 3].map((id) => ({ id, address: { host: `10.0.${id}.10`, port: 7420 } }));

/** A cluster key that is the same byte 32 times. */
export function key(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}

/** What node 1 (or another) of the sample cluster needs for its sealer and opener. */
export function wire(over: Partial<WireOptions> = {}): WireOptions {
  return { keys: [key(1)], clusterName: "prod", members: MEMBERS, self: 1, incarnation: LIFE_1, ...over };
}

/** Node 2's side. */
export function wire2(over: Partial<WireOptions> = {}): WireOptions {
  return wire({ self: 2, incarnation: LIFE_2, ...over });
}
