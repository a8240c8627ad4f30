import assert from "node:assert/strict";
import { createServer as createHttps } from "node:https";
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import { runProbe } from "../../src/adapters/probes/index.ts";
import type { CheckConfig, HttpOptions, TlsOptions } from "../../src/config/config.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { at, listen, raw, say, silence, TLS, unusedPort } from "./probe_lab.ts";

const TIMING = { intervalMs: 1000, fastIntervalMs: 250, timeoutMs: 2000, fall: 3, rise: 2 };
const HTTP: HttpOptions = {
  path: "/healthz",
  method: "GET",
  headers: {},
  host: null,
  expectStatus: [{ from: 200, to: 299 }],
  expectBody: null,
  followRedirects: false,
  http2: false,
};
function http(options: Partial<HttpOptions> = {}, timing: Partial<typeof TIMING> = {}): CheckConfig {
  return { type: "http", port: 80, ...TIMING, ...timing, http: { ...HTTP, ...options } };
}

function https(tls: Partial<TlsOptions>, options: Partial<HttpOptions> = {}): CheckConfig {
  return { type: "https", port: 443, ...TIMING, http: { ...HTTP, ...options }, tls: { ...TLS, ...tls } };
}

function tcp(send: string | null, expect: string | null, timeoutMs = 2000): CheckConfig {
  return { type: "tcp", port: null, ...TIMING, timeoutMs, send, expect };
}

function web(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): ReturnType<typeof listen> {
  return listen(createHttp(handler));
}

Deno.test("a good status is up, and says which", async () => {
  await using server = await web((_request, response) => response.end("fine"));
  const outcome = await runProbe(http(), at(server.port));
  assert.equal(outcome.ok, true);
  assert.equal(outcome.detail, "HTTP 200");
  assert.ok(outcome.latencyMs >= 0 && outcome.latencyMs < 2000);
});

Deno.test("the request is what the check says: path, method, headers, host, a connection of its own", async () => {
  const seen: Record<string, unknown>[] = [];
  await using server = await web((request, response) => {
    seen.push({ method: request.method, url: request.url, ...request.headers });
    response.end();
  });
  const check = http({
    path: "/up?deep=1",
    method: "POST",
    headers: { "X-Probe": "abfail", "User-Agent": "mine" },
    host: "www.example.com",
  });
  await runProbe(check, at(server.port));
  await runProbe(http(), at(server.port));
  const [first, second] = seen;
  assert.equal(first?.["method"], "POST");
  assert.equal(first?.["url"], "/up?deep=1");
  assert.equal(first?.["x-probe"], "abfail");
  assert.equal(first?.["user-agent"], "mine");
  assert.equal(first?.["host"], "www.example.com");
  assert.equal(first?.["connection"], "close");
  assert.equal(second?.["host"], `127.0.0.1:${server.port}`);
});

Deno.test("a status that is not wanted is down; ranges are inclusive", async () => {
  await using server = await web((request, response) => {
    response.statusCode = Number(request.url?.slice(1));
    response.end();
  });
  const check = (path: string): CheckConfig =>
    http({ path, expectStatus: [{ from: 200, to: 299 }, { from: 404, to: 404 }] });
  assert.equal((await runProbe(check("/200"), at(server.port))).ok, true);
  assert.equal((await runProbe(check("/299"), at(server.port))).ok, true);
  assert.equal((await runProbe(check("/404"), at(server.port))).ok, true);
  const outcome = await runProbe(check("/503"), at(server.port));
  assert.equal(outcome.ok, false);
  assert.equal(outcome.detail, "HTTP 503, wanted 200-299, 404");
  assert.equal((await runProbe(check("/300"), at(server.port))).ok, false);
});

Deno.test("a refused connection says so at once", async () => {
  const port = unusedPort();
  for (const check of [http(), tcp(null, null), https({})]) {
    const outcome = await runProbe(check, at(port));
    assert.equal(outcome.ok, false);
    assert.equal(outcome.detail, "connection refused");
    assert.ok(outcome.latencyMs < 1000);
  }
});

Deno.test("a host name that does not exist is named", async () => {
  for (const check of [http(), tcp(null, null)]) {
    const outcome = await runProbe(check, at(80, "no-such-host.invalid"));
    assert.equal(outcome.ok, false);
    assert.match(outcome.detail, /^host name no-such-host\.invalid not found$/);
  }
});

Deno.test("whoever accepts and never answers is down at the timeout", async () => {
  await using server = raw(silence);
  const cases: [CheckConfig, string][] = [
    [http({}, { timeoutMs: 150 }), "no answer within 150 ms"],
    [{ ...https({}), timeoutMs: 150 }, "no TLS handshake within 150 ms"],
    [tcp("PING\r\n", "PONG", 150), "no answer within 150 ms"],
  ];
  for (const [check, detail] of cases) {
    const outcome = await runProbe(check, at(server.port));
    assert.equal(outcome.ok, false);
    assert.equal(outcome.detail, detail);
    assert.ok(outcome.latencyMs >= 145, `${outcome.latencyMs}`);
    assert.ok(outcome.latencyMs < 1000, `${outcome.latencyMs}`);
  }
});

Deno.test("a connection that is never accepted is down at the timeout", async () => {
  // The queue of a listener that accepts nobody fills up; then the kernel drops what comes.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
  const { port } = listener.addr as Deno.NetAddr;
  const conns: Deno.Conn[] = [];
  try {
    for (;;) {
      const signal = AbortSignal.timeout(100);
      try {
        conns.push(await Deno.connect({ hostname: "127.0.0.1", port, signal }));
      } catch {
        break;
      }
    }
    for (const check of [http({}, { timeoutMs: 150 }), tcp(null, null, 150)]) {
      const outcome = await runProbe(check, at(port));
      assert.deepEqual([outcome.ok, outcome.detail], [false, "no connection within 150 ms"]);
    }
  } finally {
    for (const conn of conns) conn.close();
    listener.close();
  }
});

Deno.test("a slow drip of a header or a body does not stretch the timeout", async () => {
  await using header = raw(async (conn) => {
    await say(conn, "HTTP/1.1 200 OK\r\n");
    for (;;) {
      await say(conn, "x: y\r\n");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  await using body = raw(async (conn) => {
    await say(conn, "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
    for (;;) {
      await say(conn, "y");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  const first = await runProbe(http({}, { timeoutMs: 200 }), at(header.port));
  assert.deepEqual([first.ok, first.detail], [false, "no answer within 200 ms"]);
  const second = await runProbe(http({ expectBody: "ok" }, { timeoutMs: 200 }), at(body.port));
  assert.deepEqual([second.ok, second.detail], [false, "no whole answer within 200 ms"]);
  const third = await runProbe(http({}, { timeoutMs: 200 }), at(body.port));
  assert.deepEqual([third.ok, third.detail], [true, "HTTP 200"], "a body that nobody asked for is not read");
});

Deno.test("garbage, an early end and a broken body are down, each with its reason", async () => {
  const answer = (text: string): ReturnType<typeof raw> =>
    raw(async (conn) => {
      await conn.read(new Uint8Array(1024));
      await say(conn, text);
    });
  await using garbage = answer("SSH-2.0-OpenSSH_9.2\r\n");
  await using nothing = answer("");
  await using broken = answer("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
  const told = async (check: CheckConfig, port: number): Promise<string> => {
    const outcome = await runProbe(check, at(port));
    assert.equal(outcome.ok, false);
    return outcome.detail;
  };
  assert.equal(await told(http(), garbage.port), "the answer is not HTTP");
  assert.match(await told(http(), nothing.port), /^connection (closed without an answer|reset)$/);
  assert.equal(
    await told(http({ expectBody: "half" }), broken.port),
    "HTTP 200, but the connection was lost within the body",
  );
  assert.equal(await told(https({}), garbage.port), "the answer is not TLS");
});

Deno.test("the body is matched up to 64 KiB, however long it is, and the connection is dropped", async () => {
  let written = 0;
  await using server = await web((request, response) => {
    const early = request.url === "/early";
    const chunk = new Uint8Array(1024 * 1024).fill(0x61);
    response.write(early ? "status: ok" : "a".repeat(64 * 1024) + "status: ok");
    const more = (): void => {
      while (written < 10 * 1024 * 1024) {
        written += chunk.length;
        if (!response.write(chunk)) return void response.once("drain", more);
      }
      response.end();
    };
    more();
  });
  const check = (path: string): CheckConfig => http({ path, expectBody: "status: ok" });
  assert.deepEqual((await runProbe(check("/early"), at(server.port))).detail, "HTTP 200");
  written = 0;
  assert.equal(
    (await runProbe(check("/late"), at(server.port))).detail,
    "HTTP 200, but the body does not match",
  );
  assert.ok(written < 10 * 1024 * 1024, "ten megabytes were not taken");
});

Deno.test("redirects are judged as answers, or followed, up to five and without end never", async () => {
  const paths: string[] = [];
  await using server = await web((request, response) => {
    paths.push(request.url ?? "");
    const step = Number(/^\/step(\d+)$/.exec(request.url ?? "")?.[1] ?? NaN);
    if (request.url === "/loop") response.writeHead(302, { location: "/loop" });
    else if (step > 0) response.writeHead(307, { location: `/step${step - 1}` });
    response.end();
  });
  const follow = (path: string): CheckConfig => http({ path, followRedirects: true });
  assert.equal((await runProbe(http({ path: "/loop" }), at(server.port))).detail, "HTTP 302, wanted 200-299");
  assert.equal((await runProbe(follow("/step5"), at(server.port))).detail, "HTTP 200");
  assert.equal((await runProbe(follow("/step6"), at(server.port))).detail, "more than 5 redirects");
  paths.length = 0;
  assert.equal((await runProbe(follow("/loop"), at(server.port))).detail, "more than 5 redirects");
  assert.equal(paths.length, 6);
});

Deno.test("a redirect to the published name stays with this target; one elsewhere takes no secrets along", async () => {
  const elsewhere: Record<string, unknown>[] = [];
  await using other = await web((request, response) => {
    elsewhere.push(request.headers);
    response.end();
  });
  const hosts: (string | undefined)[] = [];
  await using server = await web((request, response) => {
    hosts.push(request.headers.host);
    if (request.url === "/away") response.writeHead(302, { location: `http://localhost:${other.port}/x` });
    if (request.url === "/home") response.writeHead(301, { location: "http://www.example.com/done" });
    response.end();
  });
  const check = (path: string): CheckConfig =>
    http({ path, followRedirects: true, host: "www.example.com", headers: { authorization: "secret" } });
  assert.equal((await runProbe(check("/home"), at(server.port))).detail, "HTTP 200");
  assert.deepEqual(hosts, ["www.example.com", "www.example.com"]);
  assert.equal((await runProbe(check("/away"), at(server.port))).detail, "HTTP 200");
  assert.equal(elsewhere[0]?.["authorization"], undefined);
  assert.equal(elsewhere[0]?.["host"], `localhost:${other.port}`);
});

Deno.test("tcp: connecting is enough; with expect, the answer must match", async () => {
  await using echo = raw(async (conn) => {
    const buffer = new Uint8Array(1024);
    const count = await conn.read(buffer);
    if (count === null) return;
    await say(conn, "+PO");
    await say(conn, "NG\r\n");
    await silence(conn);
  });
  const told = async (check: CheckConfig): Promise<[boolean, string]> => {
    const { ok, detail } = await runProbe(check, at(echo.port));
    return [ok, detail];
  };
  assert.deepEqual(await told(tcp(null, null)), [true, "connected"]);
  assert.deepEqual(await told(tcp("PING\r\n", null)), [true, "connected"]);
  assert.deepEqual(await told(tcp("PING\r\n", "^\\+PONG")), [true, "the answer matches"]);
  assert.deepEqual(await told(tcp("PING\r\n", "NEVER", 150)), [false, "no whole answer within 150 ms"]);
  await using closes = raw(async (conn) => void await say(conn, "busy"));
  const outcome = await runProbe(tcp(null, "ready"), at(closes.port));
  assert.deepEqual([outcome.ok, outcome.detail], [false, "the answer does not match"]);
});

Deno.test("what a server sends cannot write to a terminal", async () => {
  await using server = await web((_request, response) => {
    response.writeHead(302, { location: "gopher://x" });
    response.end();
  });
  const outcome = await runProbe(http({ followRedirects: true }), at(server.port));
  assert.equal(outcome.ok, false);
  assert.doesNotMatch(outcome.detail, /\p{Cc}/u);
});

Deno.test("a probe that is cut off says nothing about the target", async () => {
  await using server = raw(silence);
  const abort = new AbortController();
  const probing = runProbe(http(), at(server.port), abort.signal);
  abort.abort();
  const outcome = await probing;
  assert.deepEqual([outcome.ok, outcome.inconclusive], [false, true]);
});

Deno.test("hundreds of probes leave no connection behind", async () => {
  await using server = await web((_request, response) => response.end("x".repeat(1000)));
  for (let round = 0; round < 10; round++) {
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => runProbe(http(), at(server.port))));
    assert.ok(
      outcomes.every((outcome) => outcome.ok),
      JSON.stringify(outcomes.find((outcome) => !outcome.ok)),
    );
  }
  for (let i = 0; i < 100 && server.connections.size > 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.equal(server.connections.size, 0);
});

Deno.test("certificates are judged before anything is sent", async (t) => {
  const certificates = await makeCertificates();
  const { caFile } = certificates;
  const requests: (string | undefined)[] = [];
  const serve = (name: Parameters<Certificates["of"]>[0], options = {}): ReturnType<typeof listen> => {
    const server = createHttps({ ...certificates.of(name), ...options }, (request, response) => {
      requests.push(request.headers.host);
      response.end();
    });
    server.on("tlsClientError", () => {});
    return listen(server);
  };
  const told = async (check: CheckConfig, port: number): Promise<[boolean, string]> => {
    const { ok, detail } = await runProbe(check, at(port));
    return [ok, detail];
  };
  try {
    await t.step("a good one, by name and by address", async () => {
      await using server = await serve("good");
      assert.deepEqual(await told(https({ caFile }), server.port), [true, "HTTP 200"]);
      assert.deepEqual(await told(https({ caFile, serverName: null }), server.port), [true, "HTTP 200"]);
      const byHost = https({ caFile, serverName: null }, { host: "web.example" });
      assert.deepEqual(await told(byHost, server.port), [true, "HTTP 200"]);
      assert.deepEqual(await told(https({ caFile, serverName: "api.example" }), server.port), [
        false,
        "certificate is for web.example, 127.0.0.1, not api.example",
      ]);
    });
    await t.step("bad ones, each with its reason, and without a request", async () => {
      requests.length = 0;
      await using expired = await serve("expired");
      assert.deepEqual(await told(https({ caFile }), expired.port), [
        false,
        "certificate expired 3 days ago",
      ]);
      await using other = await serve("other");
      assert.deepEqual(await told(https({ caFile }), other.port), [
        false,
        "certificate is for other.example, not web.example",
      ]);
      await using self = await serve("self");
      assert.deepEqual(await told(https({ caFile }), self.port), [
        false,
        "certificate is self-signed, not trusted here",
      ]);
      await using good = await serve("good");
      assert.deepEqual(await told(https({ caFile: null }), good.port), [
        false,
        "certificate is from Test CA, which is not trusted here",
      ]);
      assert.deepEqual(requests, []);
      for (const port of [expired.port, other.port, self.port, good.port]) {
        assert.deepEqual(await told(https({ verify: false }), port), [true, "HTTP 200"]);
      }
    });
    await t.step("one that ends soon is good with a warning", async () => {
      await using server = await serve("soon");
      const warned = await runProbe(https({ caFile, expireWarningMs: 14 * 86_400_000 }), at(server.port));
      assert.equal(warned.ok, true);
      assert.equal(warned.detail, "HTTP 200, certificate ends in 5 days");
      assert.equal(warned.warning, "certificate ends in 5 days");
      const calm = await runProbe(https({ caFile, expireWarningMs: 4 * 86_400_000 }), at(server.port));
      assert.equal(calm.warning, undefined);
    });
    await t.step("a client certificate is shown where it is asked for", async () => {
      const ca = await Deno.readTextFile(caFile);
      await using server = await serve("good", { ca, requestCert: true, rejectUnauthorized: true });
      const client = {
        clientCertFile: `${certificates.folder}/other.pem`,
        clientKeyFile: `${certificates.folder}/other.key`,
      };
      assert.deepEqual(await told(https({ caFile, ...client }), server.port), [true, "HTTP 200"]);
      assert.equal((await runProbe(https({ caFile }), at(server.port))).ok, false);
    });
    await t.step("a file that is missing is named", async () => {
      await using server = await serve("good");
      assert.deepEqual(await told(https({ caFile: `${caFile}.missing` }), server.port), [
        false,
        "ca_file is not there on this node",
      ]);
    });
  } finally {
    await Deno.remove(certificates.folder, { recursive: true });
  }
});
