import assert from "node:assert/strict";
import { createApi } from "../../../src/adapters/api/api.ts";
import { PIECE_CHARS, piecemeal } from "../../../src/adapters/api/piecemeal.ts";
import { otherTurn } from "../../../src/adapters/turn.ts";
import { FakeHost } from "./fake_host.ts";

const LINE = `${"x".repeat(79)}\n`;

/** So many lines; `made` tells how many have been taken. */
function lines(count: number): { readonly pieces: Iterable<string>; readonly made: () => number } {
  let made = 0;
  function* make(): Generator<string> {
    for (; made < count; made++) yield LINE;
  }
  return { pieces: make(), made: () => made };
}

function streamOf(pieces: Iterable<string>): ReadableStream<Uint8Array> {
  const body = piecemeal(pieces);
  assert.ok(typeof body !== "string", "a stream");
  return body;
}

Deno.test("a short text is whole, a long one a stream of the same text", async () => {
  assert.equal(piecemeal([]), "");
  assert.equal(piecemeal(["one\n", "two\n"]), "one\ntwo\n");
  for (const count of [1000, 12_345]) {
    const text = await new Response(streamOf(lines(count).pieces)).text();
    assert.equal(text, LINE.repeat(count));
  }
});

Deno.test("a long text is made as it is read, and the process does other things between its pieces", async () => {
  const { pieces, made } = lines(20_000);
  const reader = streamOf(pieces).getReader();
  let turns = 0;
  let isOver = false;
  const others = (async (): Promise<void> => {
    for (; !isOver; turns++) await otherTurn();
  })();
  let bytes = 0;
  let most = 0;
  let before = made();
  for (let next = await reader.read(); next.value !== undefined; next = await reader.read()) {
    bytes += next.value.length;
    most = Math.max(most, made() - before);
    before = made(); // a reader as fast as can be: nothing here waits for a socket
  }
  isOver = true;
  await others;
  assert.equal(bytes, 20_000 * LINE.length);
  assert.ok(most <= 2 * PIECE_CHARS / LINE.length + 2, `${most} lines between two turns`);
  assert.ok(turns >= bytes / PIECE_CHARS / 2, `${turns} turns of something else meanwhile`);
});

Deno.test("who stops reading ends the making", async () => {
  const { pieces, made } = lines(20_000);
  const reader = streamOf(pieces).getReader();
  await reader.read();
  await reader.cancel();
  assert.ok(made() <= 3 * PIECE_CHARS / LINE.length, `${made()} lines were made`);
  assert.deepEqual([...pieces], [], "it was told");
});

Deno.test("HEAD of a large page makes nothing of it", async () => {
  const host = new FakeHost();
  const { pieces, made } = lines(20_000);
  host.metricsPieces = pieces;
  const api = createApi(host, { hostNames: ["node.test"] });
  const request = new Request("http://node.test/metrics", { method: "HEAD", headers: { host: "node.test" } });
  const answer = await api.handle(request, { via: "tcp", peer: null });
  assert.equal(answer.status, 200);
  assert.equal(answer.body, null);
  assert.equal(made(), 0);
});
