import assert from "node:assert/strict";
import { createApi } from "../../src/adapters/api/api.ts";
import type { Api } from "../../src/adapters/api/host.ts";
import { type ApiServer, startApiServer } from "../../src/adapters/api/server.ts";
import { askNode, type NodeApi } from "../../src/cli/node_api.ts";
import { FakeHost } from "../unit/api/fake_host.ts";

const LOOPBACK = { host: "127.0.0.1", port: 0 };

function never(detail: string): void {
  assert.fail(detail);
}

async function start(api: Api, socket: string | null = null): Promise<ApiServer> {
  const server = await startApiServer({ listen: LOOPBACK, socket, api, onFailure: never });
  assert.ok(server.ok, server.ok ? "" : server.error);
  return server.value;
}

function unix(path: string): NodeApi {
  return { kind: "unix", path, text: `unix:${path}` };
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Sends raw bytes and returns all that comes back. */
async function raw(port: number, text: string): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(text));
  return await new Response(connection.readable).text();
}

Deno.test("the API answers on TCP, and knows the caller's address", async () => {
  const host = new FakeHost();
  const server = await start(createApi(host, { hostNames: [] }));
  const base = `http://127.0.0.1:${server.port}`;
  const status = await fetch(`${base}/v1/status`);
  assert.equal((await status.json()).cluster, "prod");
  const headers = { authorization: "Bearer correct" };
  host.secret = "correct";
  const done = await fetch(`${base}/v1/step-down`, { method: "POST", headers });
  assert.equal(done.status, 200);
  await done.body?.cancel();
  assert.deepEqual(host.commands, [{ command: { kind: "step-down" }, who: "token from 127.0.0.1" }]);
  await server.close();
});

Deno.test("a foreign or broken Host header on the wire is refused", async () => {
  const server = await start(createApi(new FakeHost(), { hostNames: [] }));
  for (const name of ["evil.example", "[::", "a b", "%"]) {
    const answer = await raw(
      server.port,
      `GET /v1/status HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 (403|400) /, name);
  }
  await server.close();
});

Deno.test("closing ends event streams and does not wait for them", async () => {
  const host = new FakeHost();
  const server = await start(createApi(host, { hostNames: [] }));
  const stream = await fetch(`http://127.0.0.1:${server.port}/v1/events`, {
    headers: { accept: "text/event-stream" },
  });
  const reader = stream.body!.getReader();
  await reader.read();
  await server.close();
  assert.equal((await reader.read()).done, true);
  assert.equal(host.listeners.size, 0);
});

Deno.test("a reader that hangs up is forgotten", async () => {
  const host = new FakeHost();
  const server = await start(createApi(host, { hostNames: [] }));
  const stream = await fetch(`http://127.0.0.1:${server.port}/v1/events`, {
    headers: { accept: "text/event-stream" },
  });
  await stream.body!.cancel();
  while (host.listeners.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await server.close();
});

Deno.test("a page that is made while it is read arrives whole; a reader that hangs up ends the making", async () => {
  const host = new FakeHost();
  const server = await start(createApi(host, { hostNames: [] }));
  const line = `${"x".repeat(99)}\n`;
  const all = Array.from({ length: 50_000 }, () => line);
  host.metricsPieces = all;
  const whole = await fetch(`http://127.0.0.1:${server.port}/metrics`);
  assert.equal(whole.headers.get("content-length"), null);
  assert.equal(await whole.text(), all.join(""));
  host.metricsPieces = ["short\n"];
  const short = await fetch(`http://127.0.0.1:${server.port}/metrics`);
  assert.equal(short.headers.get("content-length"), "6");
  assert.equal(await short.text(), "short\n");

  let ended = (): void => {};
  const end = new Promise<void>((resolve) => ended = resolve);
  host.metricsPieces = (function* (): Generator<string> {
    try {
      while (true) yield line;
    } finally {
      ended();
    }
  })();
  const endless = await fetch(`http://127.0.0.1:${server.port}/metrics`);
  await endless.body?.cancel();
  await end;
  await server.close();
});

Deno.test("closing cuts a request that does not end", async () => {
  const started = Promise.withResolvers<void>();
  const stuck = Promise.withResolvers<Response>();
  const api: Api = {
    handle: (): Promise<Response> => {
      started.resolve();
      return stuck.promise;
    },
    endStreams: (): void => {},
  };
  await withFolder(async (folder) => {
    const path = `${folder}/abfail.sock`;
    const server = await start(api, path);
    const answer = fetch(`http://127.0.0.1:${server.port}/`).then(() => "answered", () => "cut");
    await started.promise;
    await server.close();
    assert.equal(await answer, "cut");
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
    stuck.resolve(new Response());
  });
});

Deno.test("a bug in the API is a 500 without detail, and is told", async () => {
  const told: string[] = [];
  const api: Api = {
    handle: () => Promise.reject(new Error("a secret detail")),
    endStreams: (): void => {},
  };
  const server = await startApiServer({
    listen: LOOPBACK,
    socket: null,
    api,
    onFailure: (detail) => told.push(detail),
  });
  assert.ok(server.ok);
  const answer = await fetch(`http://127.0.0.1:${server.value.port}/`);
  assert.equal(answer.status, 500);
  assert.doesNotMatch(await answer.text(), /secret/);
  assert.match(told.join(), /a secret detail/);
  await server.value.close();
});

Deno.test("an address that cannot be bound is an error that names it", async () => {
  const api = createApi(new FakeHost(), { hostNames: [] });
  const first = await start(api);
  const taken = await startApiServer({
    listen: { host: "127.0.0.1", port: first.port },
    socket: null,
    api,
    onFailure: never,
  });
  assert.ok(!taken.ok);
  assert.match(taken.error, new RegExp(`^cannot listen on 127\\.0\\.0\\.1:${first.port} .*in use`));
  await first.close();
  const foreign = await startApiServer({
    listen: { host: "192.0.2.1", port: 0 },
    socket: null,
    api,
    onFailure: never,
  });
  assert.ok(!foreign.ok);
  assert.match(foreign.error, /^cannot listen on 192\.0\.2\.1:0 .*does not have that address/);
});

Deno.test("the socket needs no token, is closed to others, and is gone after the end", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/made/abfail.sock`; // like /run/abfail, which a reboot takes away
    const host = new FakeHost();
    const server = await start(createApi(host, { hostNames: [] }), path);
    assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o660);
    const answer = await askNode(unix(path), "/v1/status");
    assert.ok(answer.ok);
    assert.equal(JSON.parse(answer.value.body).cluster, "prod");
    using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
    const done = await fetch("http://localhost/v1/step-down", { method: "POST", client });
    assert.equal(done.status, 200);
    await done.body?.cancel();
    assert.equal(host.commands[0]?.who, "socket");
    await server.close();
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
  });
});

Deno.test("a socket that a killed process left is taken over; one in use and any other file are not", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/abfail.sock`;
    // A listener removes its own file at the end, so it must not find it: as good as killed.
    const killed = Deno.listen({ transport: "unix", path: `${path}.old` });
    await Deno.rename(`${path}.old`, path);
    killed.close();
    assert.ok((await Deno.lstat(path)).isSocket, "a stale socket is there");
    const api = createApi(new FakeHost(), { hostNames: [] });
    const server = await start(api, path);

    const second = await startApiServer({ listen: LOOPBACK, socket: path, api, onFailure: never });
    assert.ok(!second.ok);
    assert.match(second.error, /abfail\.sock .*another process listens there/);
    assert.ok((await askNode(unix(path), "/healthz")).ok, "the first one still answers");
    await server.close();

    await Deno.writeTextFile(path, "precious");
    const third = await startApiServer({ listen: LOOPBACK, socket: path, api, onFailure: never });
    assert.ok(!third.ok);
    assert.match(third.error, /a file that is no socket/);
    assert.equal(await Deno.readTextFile(path), "precious");

    const nowhere = await startApiServer({
      listen: LOOPBACK,
      socket: "/proc/missing/abfail.sock",
      api,
      onFailure: never,
    });
    assert.ok(!nowhere.ok);
    assert.match(nowhere.error, /missing\/abfail\.sock/);
  });
});
