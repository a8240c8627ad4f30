/** Clients that are slow, many or no clients at all: what they can take from the API is bounded. */
import assert from "node:assert/strict";
import { createApi } from "../../src/adapters/api/api.ts";
import { ADDRESS_MAX } from "../../src/adapters/api/doorkeeper.ts";
import { HEAD_BYTES, HEAD_MS } from "../../src/adapters/api/listener.ts";
import { type ApiServer, startApiServer } from "../../src/adapters/api/server.ts";
import type { Api } from "../../src/adapters/api/host.ts";
import { FakeHost } from "../unit/api/fake_host.ts";

/** Far above what a busy machine adds, ms. */
const SLACK_MS = 10_000;

async function start(api: Api = createApi(new FakeHost(), { hostNames: [] })): Promise<ApiServer> {
  const onFailure = (detail: string): void => assert.fail(detail);
  const listen = { host: "127.0.0.1", port: 0 };
  const server = await startApiServer({ listen, socket: null, api, onFailure });
  assert(server.ok, server.ok ? "" : server.error);
  return server.value;
}

async function connect(server: ApiServer, text = ""): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  if (text !== "") await connection.write(new TextEncoder().encode(text));
  return connection;
}

/** All that comes until the other side closes; what it resets is an end too. */
async function readAll(connection: Deno.TcpConn): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65536);
  try {
    for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
      text += decoder.decode(buffer.subarray(0, n), { stream: true });
    }
  } catch {
    // It was reset.
  }
  connection.close();
  return text;
}

/** Sends a piece every so often until the other side has had enough. */
async function drip(connection: Deno.TcpConn, piece: string): Promise<void> {
  try {
    while (true) {
      await connection.write(new TextEncoder().encode(piece));
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  } catch {
    // That is the end of it.
  }
}

Deno.test("a head or a body that trickles in is cut off in time, however steadily it trickles", async () => {
  const host = new FakeHost();
  host.secret = "correct";
  const server = await start(createApi(host, { hostNames: [] }));
  const since = performance.now();
  const auth = "Authorization: Bearer correct\r\n";
  const cases = [
    ["GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\n", "x-a: b\r\n"],
    ["", ""],
    [`POST /v1/step-down HTTP/1.1\r\nHost: 127.0.0.1\r\n${auth}Content-Length: 9000\r\n\r\n`, " "],
    [
      `POST /v1/step-down HTTP/1.1\r\nHost: 127.0.0.1\r\n${auth}Transfer-Encoding: chunked\r\n\r\n`,
      "1\r\n \r\n",
    ],
  ] as const;
  await Promise.all(cases.map(async ([head, piece]) => {
    const connection = await connect(server, head);
    const dripping = piece === "" ? Promise.resolve() : drip(connection, piece);
    const answer = await readAll(connection);
    // One that said nothing gets nothing: it would be taken for the answer to what it says at last.
    assert.match(answer, head === "" ? /^$/ : /^(HTTP\/1\.1 408 .*)?$/s, head);
    await dripping;
  }));
  assert(performance.now() - since < 2 * HEAD_MS + SLACK_MS, "within its time");
  assert((server.refused.get("slow-request") ?? 0) >= 2);
  assert.deepEqual(host.commands, []);
  await server.close();
});

Deno.test("what is no request, or has too large a head, gets one answer and the end", async () => {
  const server = await start();
  const cases: readonly (readonly [string, RegExp])[] = [
    [`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nx: ${"y".repeat(HEAD_BYTES)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    [`GET /${"y".repeat(2 * HEAD_BYTES)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ["\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["GET / HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n", /^HTTP\/1\.1 (400|200) /],
    [
      "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      /^HTTP\/1\.1 400 /,
    ],
    ["CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", /^$|^HTTP\/1\.1 4/],
    ["TRACE / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", /^HTTP\/1\.1 4/],
  ];
  for (const [text, expected] of cases) {
    const connection = await connect(server, text.replace("\r\nHost", "\r\nConnection: close\r\nHost"));
    assert.match(await readAll(connection), expected, text.slice(0, 60));
  }
  await server.close();
});

Deno.test("a body that is refused is not taken for the next request", async () => {
  const host = new FakeHost();
  const server = await start(createApi(host, { hostNames: [] }));
  const smuggled = "GET /leader HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  const head = `POST /v1/step-down HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n`;
  const answer = await readAll(await connect(server, head + smuggled));
  assert.equal(answer.match(/HTTP\/1\.1 /g)?.length, 1, answer);
  await server.close();
});

Deno.test("one address gets its share of connections, and others are still served", async () => {
  const server = await start();
  const held: Deno.TcpConn[] = [];
  try {
    for (let i = 0; i < ADDRESS_MAX + 20; i++) held.push(await connect(server));
    const other = Deno.createHttpClient({ localAddress: "127.0.0.9" });
    const answer = await fetch(`http://127.0.0.1:${server.port}/healthz`, { client: other });
    assert.equal(answer.status, 200);
    await answer.body?.cancel();
    other.close();
    assert.equal(server.refused.get("address"), 20);
  } finally {
    for (const connection of held) connection.close();
  }
  // The places are free again.
  let served = false;
  while (!served) {
    served = await fetch(`http://127.0.0.1:${server.port}/healthz`).then(async (answer) => {
      await answer.body?.cancel();
      return answer.ok;
    }, () => false);
  }
  await server.close();
});

Deno.test("a reader of events that takes nothing is cut off, and keeps no memory", async () => {
  const host = new FakeHost();
  const server = await start(createApi(host, { hostNames: [], heartbeatMs: 1000 }));
  const connection = await connect(
    server,
    "GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n",
  );
  while (host.listeners.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const before = Deno.memoryUsage().rss;
  const end = performance.now() + SLACK_MS * 3;
  while (host.listeners.size > 0 && performance.now() < end) {
    for (let i = 0; i < 200; i++) host.happen("x".repeat(1000));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal(host.listeners.size, 0, "it is no longer told anything");
  assert(Deno.memoryUsage().rss - before < 64 * 2 ** 20, "what waits for it is bounded");
  connection.close();
  await server.close();
});

Deno.test("a reader of a large answer that takes nothing does not keep the server from ending", async () => {
  const host = new FakeHost();
  host.metrics = (): string => "# x\n".repeat(4_000_000);
  const server = await start(createApi(host, { hostNames: [] }));
  const connection = await connect(server, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  await connection.read(new Uint8Array(100));
  const since = performance.now();
  await server.close();
  assert(performance.now() - since < 3000, "it ended");
  connection.close();
});
