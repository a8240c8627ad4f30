import assert from "node:assert/strict";
import { HeaderReader, writeHeaders } from "../../../../src/adapters/probes/h2/hpack.ts";
import { readHuffman } from "../../../../src/adapters/probes/h2/huffman.ts";
import { AnswerReader } from "../../../../src/adapters/probes/h2/answer.ts";
import { FLAG, FRAME, writeFrame } from "../../../../src/adapters/probes/h2/frame.ts";

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.replaceAll(/\s/g, "").match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

Deno.test("Huffman words: the examples of RFC 7541, Appendix C", () => {
  assert.equal(readHuffman(bytes("f1e3c2e5f23a6ba0ab90f4ff")), "www.example.com");
  assert.equal(readHuffman(bytes("a8eb10649cbf")), "no-cache");
  assert.equal(readHuffman(bytes("25a849e95bb8e8b4bf")), "custom-value");
  assert.equal(readHuffman(bytes("6402")), "302");
  assert.equal(readHuffman(bytes("9d29ad171863c78f0b97c8e9ae82ae43d3")), "https://www.example.com");
  assert.equal(readHuffman(bytes("ffffffff")), null, "the end of the code is no text");
});

Deno.test("blocks of headers: the examples of RFC 7541, C.6, one after the other on a connection", () => {
  const reader = new HeaderReader();
  const first = reader.read(bytes(
    "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad" +
      "1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
  ));
  assert.deepEqual(first, {
    ":status": "302",
    "cache-control": "private",
    date: "Mon, 21 Oct 2013 20:13:21 GMT",
    location: "https://www.example.com",
  });
  const second = reader.read(bytes("4883 640e ffc1 c0bf"));
  assert.equal(second?.[":status"], "307");
  assert.equal(second?.["location"], "https://www.example.com", "it was remembered");
});

Deno.test("what is written is read back, long values too; broken blocks are null", () => {
  const headers: [string, string][] = [[":path", "/x"], ["x-long", "y".repeat(1000)], ["x-empty", ""]];
  const block = writeHeaders(headers);
  assert.deepEqual(new HeaderReader().read(block), Object.fromEntries(headers));
  for (let length = 1; length < block.length; length += 7) {
    const read = new HeaderReader().read(block.subarray(0, length));
    assert.ok(read === null || Object.keys(read).length < headers.length);
  }
  assert.equal(new HeaderReader().read(bytes("ff808080808001")), null, "an index that does not exist");
  assert.equal(new HeaderReader().read(bytes("80")), null);
});

Deno.test("an answer comes in any pieces: padding, continuation, 1xx before it, trailers behind it", () => {
  const head = writeHeaders([[":status", "200"], ["x", "y"]]);
  const padded = Uint8Array.of(3, ...new TextEncoder().encode("body"), 0, 0, 0);
  const all = [
    writeFrame(FRAME.SETTINGS, 0, 0, new Uint8Array(0)),
    writeFrame(FRAME.HEADERS, FLAG.END_HEADERS, 1, writeHeaders([[":status", "103"]])),
    writeFrame(FRAME.HEADERS, 0, 1, head.subarray(0, 5)),
    writeFrame(FRAME.CONTINUATION, FLAG.END_HEADERS, 1, head.subarray(5)),
    writeFrame(FRAME.PING, 0, 0, new Uint8Array(8)),
    writeFrame(FRAME.DATA, FLAG.PADDED, 1, padded),
    writeFrame(
      FRAME.HEADERS,
      FLAG.END_HEADERS | FLAG.END_STREAM,
      1,
      writeHeaders([["grpc-status", "0"]]),
    ),
  ].flatMap((frame) => [...frame]);
  for (const size of [1, 7, all.length]) {
    const reader = new AnswerReader(1000);
    const kinds: string[] = [];
    for (let at = 0; at < all.length; at += size) {
      kinds.push(...reader.push(Uint8Array.from(all.slice(at, at + size))).map((step) => step.kind));
    }
    assert.deepEqual(kinds, ["send", "headers", "send", "body", "trailers", "end"]);
    assert.equal(new TextDecoder().decode(reader.answer?.body), "body");
    assert.equal(reader.answer?.trailers["grpc-status"], "0");
    assert.equal(reader.answer?.complete, true);
  }
});

Deno.test("whatever comes, reading it ends and throws nothing", () => {
  let seed = 7;
  const next = (): number => seed = (seed * 1103515245 + 12345) % 0x7fff_ffff;
  for (let round = 0; round < 300; round++) {
    const reader = new AnswerReader(100);
    reader.push(writeFrame(FRAME.SETTINGS, 0, 0, new Uint8Array(0)));
    const garbage = Uint8Array.from({ length: 40 }, () => next() % 256);
    reader.push(writeFrame(next() % 11, next() % 256, 1, garbage));
    reader.push(garbage);
    new HeaderReader().read(garbage);
  }
});

Deno.test("an answer in more frames than any real one has is broken, be they empty", () => {
  const settings = writeFrame(FRAME.SETTINGS, 0, 0, new Uint8Array(0));
  const reader = new AnswerReader(1024);
  assert.equal(reader.push(settings).at(-1)?.kind, "send");
  const pings = new Uint8Array(17 * 2000);
  for (let i = 0; i < 2000; i++) pings.set(writeFrame(FRAME.PING, 0, 0, new Uint8Array(8)), 17 * i);
  const steps = reader.push(pings);
  assert(steps.length <= 1025, `${steps.length} steps`);
  assert.deepEqual(steps.at(-1), { kind: "broken", detail: "the answer comes in too many frames" });
});

Deno.test("of the headers that a server wants remembered, the newest 128 are", () => {
  const reader = new HeaderReader();
  const name = (n: number): string => `h${String(n).padStart(3, "0")}`;
  const block = Array.from(
    { length: 200 },
    (_, n) => [0x40, 4, ...new TextEncoder().encode(name(n)), 1, 0x76],
  );
  assert(reader.read(Uint8Array.from(block.flat())) !== null);
  // index 62 is the newest; past 127 an index takes a second octet
  assert.deepEqual(reader.read(Uint8Array.of(0x80 | 62)), { h199: "v" });
  assert.deepEqual(reader.read(Uint8Array.of(0xff, 62 + 127 - 127)), { h072: "v" });
  assert.equal(reader.read(Uint8Array.of(0xff, 62 + 128 - 127)), null);
});
