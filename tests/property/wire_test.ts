import assert from "node:assert/strict";
import fc from "fast-check";
import { SeededRandom } from "../../src/base/random.ts";
import { decodePacket, encodePacket } from "../../src/wire/codec.ts";
import { ReplayWindow, WINDOW } from "../../src/wire/replay_window.ts";
import { createOpener, createSealer } from "../../src/wire/seal.ts";
import { anyPacket, messages, packetOf } from "../unit/wire/arbitrary.ts";
import { HELLO, LIFE_1, wire, wire2 } from "../unit/wire/samples.ts";

for (const [kind, message] of Object.entries(messages)) {
  Deno.test(`every ${kind} comes back as it was sent`, () => {
    fc.assert(
      fc.property(packetOf(message), (packet) => {
        assert.deepEqual(decodePacket(encodePacket(packet)), { ok: true, value: packet });
      }),
      { numRuns: 60 },
    );
  });
}

Deno.test("a packet that was cut short anywhere, or has an octet too many, does not decode", () => {
  fc.assert(
    fc.property(anyPacket, (packet) => {
      const bytes = encodePacket(packet);
      for (let length = 0; length < bytes.length; length++) {
        assert.equal(decodePacket(bytes.subarray(0, length)).ok, false, `cut to ${length}`);
      }
      assert.equal(decodePacket(Uint8Array.of(...bytes, 0)).ok, false);
    }),
    { numRuns: 40 },
  );
});

Deno.test("any bytes decode to a problem or to the one packet that is written so", () => {
  const nearly = fc.tuple(anyPacket, fc.nat(), fc.nat(255)).map(([packet, at, octet]) => {
    const bytes = encodePacket(packet);
    bytes[at % bytes.length] = octet;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), nearly), (bytes) => {
      const result = decodePacket(bytes);
      if (result.ok) assert.deepEqual(encodePacket(result.value), bytes);
      else assert.match(result.error, /./);
    }),
    { numRuns: 1500 },
  );
});

Deno.test("any packet of ours opens at the receiver as it was sealed", () => {
  fc.assert(
    fc.property(anyPacket, (any) => {
      const packet = { ...any, header: { ...any.header, from: 1, incarnation: LIFE_1 } };
      const bytes = createSealer(wire()).seal(2, packet);
      assert.deepEqual(createOpener(wire2()).open(bytes, 0), { ok: true, value: packet });
    }),
    { numRuns: 60 },
  );
});

Deno.test("any bytes, and any sealed datagram with some octets changed, are refused without a throw", () => {
  const sealed = createSealer(wire()).seal(2, HELLO);
  const opener = createOpener(wire2());
  const changed = fc.array(fc.tuple(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 })), {
    minLength: 1,
    maxLength: 4,
  }).map((changes) => {
    const bytes = sealed.slice();
    for (const [at, by] of changes) bytes[at]! ^= by;
    return bytes;
  }).filter((bytes) => bytes.some((octet, at) => octet !== sealed[at]));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), changed), (bytes) => {
      assert.equal(opener.open(bytes, 0).ok, false);
    }),
    { numRuns: 1000 },
  );
  assert.equal(opener.open(sealed, 0).ok, true, "and none of it stands in the way of the real one");
});

Deno.test("the replay window agrees with a plain set of the numbers taken", () => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(1, 2 ** 32 - 9000, 2 ** 40), (seed, start) => {
      const random = new SeededRandom(seed);
      const upTo = (most: number): number => Math.floor(random.next() * (most + 1));
      const window = new ReplayWindow();
      const taken = new Set<number>();
      let highest = start;
      for (let n = 0; n < 4000; n++) {
        const move = random.next();
        const at = n === 0
          ? start
          : move < 0.3
          ? highest + upTo(4)
          : move < 0.32
          ? highest + WINDOW - 8 + upTo(10)
          : move < 0.4
          ? highest - WINDOW + upTo(10)
          : highest - upTo(WINDOW + 3);
        const expected = at < 1 || taken.has(at) || at <= highest - WINDOW;
        assert.equal(window.taken(at), expected, `${at} with ${highest} the highest`);
        if (expected) continue;
        window.take(at);
        taken.add(at);
        highest = Math.max(highest, at);
      }
    }),
    { numRuns: 20 },
  );
});
