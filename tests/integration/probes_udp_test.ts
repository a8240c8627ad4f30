import assert from "node:assert/strict";
import { runProbe } from "../../src/adapters/probes/index.ts";
import type { CheckConfig, Payload } from "../../src/config/config.ts";
import { at, checkOf, datagrams, raw, silence, unusedPort } from "./probe_lab.ts";

function udp(send: Payload, expect: Payload | null, timeoutMs = 2000): CheckConfig {
  return checkOf({ type: "udp", port: null, send, expect }, timeoutMs);
}

async function told(check: CheckConfig, port: number): Promise<[boolean, string]> {
  const { ok, detail } = await runProbe(check, at(port));
  return [ok, detail];
}

Deno.test("udp: any answer will do, or one that matches: text and bytes", async () => {
  const seen: number[][] = [];
  await using server = datagrams((bytes) => {
    seen.push([...bytes]);
    return Uint8Array.of(...bytes, 0x00, 0xff);
  });
  assert.deepEqual(await told(udp("ping", null), server.port), [true, "it answers"]);
  assert.deepEqual(seen[0], [...new TextEncoder().encode("ping")]);
  assert.deepEqual(await told(udp("ping", "^ping"), server.port), [true, "the answer matches"]);
  assert.deepEqual(await told(udp([0x80, 0x01], [0x01, 0x00, 0xff]), server.port), [
    true,
    "the answer matches",
  ]);
  assert.deepEqual(seen[2], [0x80, 0x01]);
  assert.deepEqual(await told(udp([0x80], "^\\x80\\x00\\xff$"), server.port), [true, "the answer matches"]);
  assert.deepEqual(await told(udp("ping", "pong"), server.port), [false, "the answer does not match"]);
  assert.deepEqual(await told(udp([1], [2]), server.port), [false, "the answer does not match"]);
});

Deno.test("udp: silence is bad at the timeout; a lost datagram is not, it is sent again", async () => {
  assert.deepEqual(await told(udp("ping", null, 150), unusedPort()), [false, "no answer within 150 ms"]);
  let count = 0;
  await using lossy = datagrams((bytes) => ++count < 3 ? null : bytes);
  assert.deepEqual(await told(udp("ping", "ping", 600), lossy.port), [true, "the answer matches"]);
  assert.equal(count, 3);
});

Deno.test("udp: an answer from another address does not count", async () => {
  await using liar = datagrams((bytes, from) => {
    // A second socket answers in the place of the one that was asked.
    const stranger = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    stranger.send(bytes, from).finally(() => stranger.close());
    return null;
  });
  assert.deepEqual(await told(udp("ping", null, 150), liar.port), [
    false,
    "no answer within 150 ms (an answer from another address was ignored)",
  ]);
});

Deno.test("tcp: bytes are sent and found as bytes", async () => {
  await using echo = raw(async (conn) => {
    const buffer = new Uint8Array(64);
    const count = await conn.read(buffer);
    if (count === null) return;
    await conn.write(Uint8Array.of(0xfe, ...buffer.subarray(0, count), 0xff));
    await silence(conn);
  });
  const tcp = (send: Payload, expect: Payload): CheckConfig =>
    checkOf({ type: "tcp", port: null, send, expect }, 300);
  assert.deepEqual(await told(tcp([0, 0x80, 0xc3], [0x80, 0xc3, 0xff]), echo.port), [
    true,
    "the answer matches",
  ]);
  assert.deepEqual(await told(tcp([1], "^\\xfe\\x01\\xff$"), echo.port), [true, "the answer matches"]);
  assert.deepEqual(await told(tcp("grüße", "grüße"), echo.port), [true, "the answer matches"]);
  assert.deepEqual(await told(tcp([1], [2]), echo.port), [false, "no whole answer within 300 ms"]);
});

Deno.test("tcp: of ten megabytes 64 KiB are taken; drips do not stretch the timeout, nor go on for ever", async () => {
  let written = 0;
  await using pours = raw(async (conn) => {
    const chunk = new Uint8Array(64 * 1024).fill(0x61);
    while (written < 10 * 1024 * 1024) written += await conn.write(chunk);
  });
  const tcp = (timeoutMs: number): CheckConfig =>
    checkOf({ type: "tcp", port: null, send: null, expect: "needle" }, timeoutMs);
  assert.deepEqual(await told(tcp(2000), pours.port), [false, "the first 64 KiB of the answer do not match"]);
  assert.ok(written < 10 * 1024 * 1024);
  await using drips = raw(async (conn) => {
    for (;;) {
      await conn.write(Uint8Array.of(0x61));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  assert.deepEqual(await told(tcp(150), drips.port), [false, "no whole answer within 150 ms"]);
});
