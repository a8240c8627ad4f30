import assert from "node:assert/strict";
import { FORGERIES_PER_SECOND } from "../../../src/wire/doubt.ts";
import { memberFingerprint } from "../../../src/wire/fingerprint.ts";
import {
  createOpener,
  createSealer,
  type Opener,
  type Rejection,
  type Sealer,
  type WireOptions,
} from "../../../src/wire/seal.ts";
import { HELLO, key, LIFE_1, LIFE_2, LIFE_3, MEMBERS, packet, wire, wire2 } from "./samples.ts";

function refusal(opener: Opener, bytes: Uint8Array, now = 0): Rejection {
  const result = opener.open(bytes, now);
  assert(!result.ok, "it should be refused");
  return result.error;
}

function opens(opener: Opener, bytes: Uint8Array, now = 0): boolean {
  return opener.open(bytes, now).ok;
}

/** A life of node 1 that sends to node 2, addressed to the life `to`. */
function sender(incarnation: string, over: Partial<WireOptions> = {}): {
  hello(to?: string | null): Uint8Array;
  sealer: Sealer;
} {
  const sealer = createSealer(wire({ incarnation, ...over }));
  return { sealer, hello: (to = LIFE_2) => sealer.seal(2, packet({ kind: "hello" }, { incarnation, to })) };
}

/** The n-th earlier life of a node. */
function life(n: number): string {
  return n.toString(16).padStart(16, "0");
}

Deno.test("a sealed packet opens at its receiver, once", () => {
  const bytes = createSealer(wire()).seal(2, HELLO);
  const opener = createOpener(wire2());
  assert.deepEqual(opener.open(bytes, 0), { ok: true, value: HELLO });
  assert.deepEqual(refusal(opener, bytes), { kind: "replay", from: 1 });
});

Deno.test("no datagram with one bit flipped opens, and none that was cut short", () => {
  const sealed = createSealer(wire()).seal(2, HELLO);
  const opener = createOpener(wire2());
  for (let bit = 0; bit < 8 * sealed.length; bit++) {
    const bytes = sealed.slice();
    bytes[bit >> 3]! ^= 1 << (bit % 8);
    assert(!opens(opener, bytes), `bit ${bit}`);
  }
  for (let length = 0; length < sealed.length; length++) {
    assert(!opens(opener, sealed.subarray(0, length)), `cut to ${length}`);
  }
  assert(opens(opener, sealed), "and the attempts do not shut out the real one");
});

Deno.test("cheap refusals: other protocols, other versions, too short, unknown sender, another receiver", () => {
  const opener = createOpener(wire2());
  const sealed = createSealer(wire()).seal(2, HELLO);
  const with_ = (at: number, octet: number): Uint8Array => sealed.map((old, i) => i === at ? octet : old);
  assert.deepEqual(refusal(opener, new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")), { kind: "not-ours" });
  assert.deepEqual(refusal(opener, new Uint8Array(0)), { kind: "truncated" });
  assert.deepEqual(refusal(opener, sealed.subarray(0, 44)), { kind: "truncated" });
  assert.deepEqual(refusal(opener, with_(2, 9)), { kind: "version", version: 9 });
  assert.deepEqual(refusal(opener, with_(6, 77)), { kind: "unknown-sender", from: 77 });
  assert.deepEqual(refusal(opener, createSealer(wire()).seal(3, HELLO)), {
    kind: "misdirected",
    from: 1,
    to: 3,
  });
  assert.deepEqual(refusal(opener, with_(28 + 1, sealed[29]! ^ 1)), { kind: "bad-tag", from: 1 });
});

Deno.test("datagrams that come out of order within the window open, each once; older ones do not", () => {
  const { hello } = sender(LIFE_1);
  const opener = createOpener(wire2());
  const all = Array.from({ length: 2100 }, () => hello());
  const early = all.slice(32, 52);
  const last = all.at(-1)!;
  assert(opens(opener, last));
  for (const bytes of all.slice(52, -1).reverse()) assert(opens(opener, bytes));
  for (const bytes of all.slice(52)) assert.equal(refusal(opener, bytes).kind, "replay");
  for (const bytes of early) assert.equal(refusal(opener, bytes).kind, "replay", "beyond the window");
});

Deno.test("another cluster's name or key does not open", () => {
  const bytes = createSealer(wire()).seal(2, HELLO);
  assert.equal(refusal(createOpener(wire2({ clusterName: "test" })), bytes).kind, "bad-tag");
  assert.equal(refusal(createOpener(wire2({ keys: [key(2)] })), bytes).kind, "unknown-key");
});

Deno.test("keys rotate without a gap: add the new one everywhere, seal with it, drop the old one", () => {
  const [old, fresh] = [key(1), key(2)];
  const { sealer, hello } = sender(LIFE_1, { keys: [old] });
  const opener = createOpener(wire2({ keys: [old] }));
  assert(opens(opener, hello()));
  opener.rekey([old, fresh]);
  const underOld = hello();
  sealer.rekey([fresh, old]);
  assert(opens(opener, hello()));
  assert(opens(opener, underOld), "still on its way when the sender changed");
  assert.equal(refusal(opener, underOld).kind, "replay", "the window outlives the keys");
  sealer.rekey([old]);
  const late = hello();
  opener.rekey([fresh]);
  assert.equal(refusal(opener, late).kind, "unknown-key", "what is sealed with a dropped key opens no more");
});

Deno.test("two keys with one hint are tried in order", () => {
  const [first, second] = twoKeysWithOneHint();
  for (const keys of [[first], [second]]) {
    const bytes = createSealer(wire({ keys })).seal(2, HELLO);
    assert(opens(createOpener(wire2({ keys: [first, second] })), bytes));
  }
});

Deno.test("going back to an earlier key repeats no nonce: the numbering goes on", () => {
  const { sealer, hello } = sender(LIFE_1);
  const before = hello();
  sealer.rekey([key(2)]);
  sealer.rekey([key(1)]);
  const after = hello();
  assert.notDeepEqual(before.subarray(17, 25), after.subarray(17, 25), "sequence");
  assert.notDeepEqual(before.subarray(29), after.subarray(29));
});

Deno.test("a node with another member list is told by its verified fingerprint", () => {
  const more = [...MEMBERS, { id: 4, address: { host: "10.0.4.10", port: 7420 } }];
  const opener = createOpener(wire2());
  const fromMember = createSealer(wire({ members: more })).seal(2, HELLO);
  const fingerprint = memberFingerprint(more);
  assert.deepEqual(refusal(opener, fromMember), { kind: "other-members", from: 1, fingerprint });
  assert.equal(refusal(opener, fromMember).kind, "replay");

  const newcomer = createSealer(wire({ members: more, self: 4, incarnation: LIFE_3 }));
  const hello = packet({ kind: "hello" }, { from: 4, incarnation: LIFE_3 });
  assert.deepEqual(refusal(opener, newcomer.seal(2, hello)), { kind: "other-members", from: 4, fingerprint });
});

Deno.test("a forged fingerprint raises no alarm", () => {
  const bytes = createSealer(wire()).seal(2, HELLO);
  bytes[26]! ^= 0xff;
  const opener = createOpener(wire2());
  assert.deepEqual(refusal(opener, bytes), { kind: "bad-tag", from: 1 });
  bytes[6] = 99;
  assert.deepEqual(refusal(opener, bytes), { kind: "unknown-sender", from: 99 });
});

Deno.test("the fingerprint is of ids and addresses, in any order, and of nothing else", () => {
  const members = MEMBERS.map((member, i) => ({ ...member, priority: i, zone: "a" }));
  const [first, ...rest] = members;
  assert.equal(memberFingerprint([...rest, first!]), memberFingerprint(MEMBERS));
  const moved = { id: 1, address: { host: "10.0.1.10", port: 7421 } };
  assert.notEqual(memberFingerprint([moved, ...rest]), memberFingerprint(MEMBERS));
  assert.notEqual(memberFingerprint(rest), memberFingerprint(MEMBERS));
});

Deno.test("our own datagram that comes back is known; another process under our id is a twin", () => {
  const own = createSealer(wire()).seal(2, HELLO);
  assert.deepEqual(refusal(createOpener(wire()), own), { kind: "own", from: 1 });
  const twin = createSealer(wire({ incarnation: LIFE_3 }));
  const opener = createOpener(wire());
  const bytes = twin.seal(1, packet({ kind: "hello" }, { incarnation: LIFE_3 }));
  const forged = bytes.slice();
  forged[forged.length - 1]! ^= 1;
  assert.equal(refusal(opener, forged).kind, "bad-tag");
  assert.deepEqual(refusal(opener, bytes), { kind: "twin", from: 1 });
});

Deno.test("a sealed packet that this release cannot read is malformed, with what is wrong", () => {
  const strange = packet({
    kind: "grant",
    ballot: { term: 1, node: 1, incarnation: LIFE_1 },
    seq: 1,
    accepted: null,
    state: new Uint8Array(1),
  });
  const result = refusal(createOpener(wire2()), createSealer(wire()).seal(2, strange));
  assert(result.kind === "malformed");
  assert.match(result.detail, /without an entry/);
});

Deno.test("recordings of an earlier life pass only until the present one has named this node's life", () => {
  const recorded = Array.from({ length: 3 }, () => sender(life(1)).hello(life(99)));
  const present = sender(LIFE_1);
  const opener = createOpener(wire2());
  assert(opens(opener, recorded[0]!), "nothing here knows better yet");
  assert(opens(opener, present.hello(null)));
  assert(opens(opener, present.hello(LIFE_2)), "this one is no recording");
  const another = sender(life(2)).hello(life(99));
  for (const bytes of [another, sender(life(1)).hello(null)]) {
    assert.match(refusal(opener, bytes).kind, /^(unproven|replay)$/);
  }
  assert.deepEqual(refusal(opener, sender(life(3)).hello(null)), { kind: "unproven", from: 1 });
});

Deno.test("a restarted peer is let in as soon as it has heard this node", () => {
  const opener = createOpener(wire2());
  assert(opens(opener, sender(LIFE_1).hello()));
  const restarted = sender(LIFE_3);
  assert.equal(refusal(opener, restarted.hello(null)).kind, "unproven");
  assert(opens(opener, restarted.hello(LIFE_2)));
  assert(opens(opener, restarted.hello(null)), "proven once is enough");
});

Deno.test("lives that many restarts pushed out stay shut out", () => {
  const opener = createOpener(wire2());
  const lives = Array.from({ length: 40 }, (_, n) => sender(life(n + 1)));
  const withheld = lives.map(({ hello }) => hello());
  for (const [n, each] of lives.entries()) assert(opens(opener, each.hello(), n));
  for (const bytes of withheld.slice(0, 36)) assert.equal(refusal(opener, bytes, 100).kind, "replay");
});

Deno.test("recordings of many earlier lives do not push out the present one", () => {
  const opener = createOpener(wire2());
  const present = sender(LIFE_1);
  const first = present.hello();
  assert(opens(opener, first, 0));
  for (let n = 1; n <= 50; n++) {
    assert.equal(refusal(opener, sender(life(n)).hello(life(99)), n).kind, "unproven");
  }
  assert.equal(refusal(opener, first, 100).kind, "replay");
  assert(opens(opener, present.hello(), 100));
});

/** Where node 1 is, and where forgeries come from. */
const HOME = { host: "10.0.1.10", port: 7420 };
const ELSEWHERE = { host: "203.0.113.9", port: 4711 };

/** A datagram of a life of node 1 that nobody has seen, which nobody sealed. */
function forged(n: number): Uint8Array {
  const bytes = sender(life(n)).hello();
  bytes[bytes.length - 1]! ^= 1;
  return bytes;
}

Deno.test("under a flood of forgeries a peer is heard from where it is; others are judged again a second later", () => {
  const opener = createOpener(wire2());
  const peer = sender(LIFE_1);
  assert(opener.open(peer.hello(), 0, HOME).ok);
  const kinds = Array.from({ length: 700 }, (_, n) => {
    const opened = opener.open(forged(n + 1), 10, ELSEWHERE);
    return opened.ok ? "opened" : opened.error.kind;
  });
  assert.equal(kinds.filter((kind) => kind === "bad-tag").length, FORGERIES_PER_SECOND);
  assert.equal(kinds.at(-1), "flood");
  assert(opener.open(peer.hello(), 11, HOME).ok, "its own place is not held against it");
  const moved = opener.open(peer.hello(), 11, ELSEWHERE);
  assert(!moved.ok && moved.error.kind === "flood");
  assert(opener.open(sender(LIFE_3).hello(), 13, HOME).ok, "nor is a restart at the same place");
  const later = opener.open(forged(9999), 1013, ELSEWHERE);
  assert(!later.ok && later.error.kind === "bad-tag");
  assert(opener.open(peer.hello(), 1014, ELSEWHERE).ok, "and who moved is heard");
});

Deno.test("a recording of an earlier life does not move a peer to where the recording is played", () => {
  const opener = createOpener(wire2());
  const peer = sender(LIFE_1);
  assert(opener.open(peer.hello(), 0, HOME).ok);
  const played = opener.open(sender(life(7)).hello(life(99)), 1, ELSEWHERE);
  assert(!played.ok && played.error.kind === "unproven");
  for (let n = 0; n < 700; n++) opener.open(forged(n + 1), 2, { ...ELSEWHERE, port: n });
  assert(opener.open(peer.hello(), 3, HOME).ok);
});

Deno.test("what a new life costs is not held against it: a thousand restarts in a second are all judged", () => {
  const opener = createOpener(wire2());
  for (let n = 1; n <= 1000; n++) {
    assert(opener.open(sender(life(n)).hello(), 5, { host: "10.0.1.10", port: n }).ok);
  }
});

/** Keys whose 16-bit hints are the same. */
function twoKeysWithOneHint(): [Uint8Array, Uint8Array] {
  const byHint = new Map<string, Uint8Array>();
  for (let n = 0; n < 5000; n++) {
    const candidate = key(0);
    new DataView(candidate.buffer).setUint32(0, n);
    const hint = createSealer(wire({ keys: [candidate] })).seal(2, HELLO).subarray(3, 5).join();
    const other = byHint.get(hint);
    if (other !== undefined) return [other, candidate];
    byHint.set(hint, candidate);
  }
  throw new Error("5000 keys and no hint twice");
}
