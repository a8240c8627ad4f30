import assert from "node:assert/strict";
import { createServer as createHttps } from "node:https";
import { runProbe } from "../../src/adapters/probes/index.ts";
import type { CheckConfig, HttpOptions, TlsOptions } from "../../src/config/config.ts";
import { makeCertificates } from "./certificates.ts";
import { at, checkOf, listen, raw, say, silence, TLS, unusedPort } from "./probe_lab.ts";

const HTTP2: HttpOptions = {
  path: "/healthz",
  method: "GET",
  headers: {},
  host: null,
  expectStatus: [{ from: 200, to: 299 }],
  expectBody: null,
  followRedirects: false,
  http2: true,
};

function plain(options: Partial<HttpOptions> = {}, timeoutMs = 2000): CheckConfig {
  return checkOf({ type: "http", port: 80, http: { ...HTTP2, ...options } }, timeoutMs);
}

function secure(tls: Partial<TlsOptions>, options: Partial<HttpOptions> = {}): CheckConfig {
  return checkOf({ type: "https", port: 443, http: { ...HTTP2, ...options }, tls: { ...TLS, ...tls } });
}

/** Deno's own server: it speaks HTTP/2 to whoever begins with it. */
function web(
  handler: (request: Request) => Response | Promise<Response>,
  tls: { readonly key: string; readonly cert: string } | null = null,
): { readonly port: number } & AsyncDisposable {
  const stop = new AbortController();
  const options = { hostname: "127.0.0.1", port: 0, signal: stop.signal, onListen: (): void => {} };
  const server = tls === null
    ? Deno.serve({ ...options, onError: broken }, handler)
    : Deno.serve({ ...options, ...tls, onError: broken }, handler);
  return {
    port: server.addr.port,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      stop.abort();
      await server.finished;
    },
  };
}

function broken(): Response {
  return new Response(null, { status: 500 });
}

/** A body that `pull` makes, chunk by chunk. */
function streamed(
  pull: (controller: ReadableStreamDefaultController<Uint8Array>) => void | Promise<void>,
): Response {
  return new Response(new ReadableStream<Uint8Array>({ pull }));
}

async function told(check: CheckConfig, port: number): Promise<[boolean, string]> {
  const { ok, detail } = await runProbe(check, at(port));
  return [ok, detail];
}

Deno.test("HTTP/2 without TLS: the request is what the check says, and the answer is judged as ever", async () => {
  const seen: { method: string; url: string; probe: string | null }[] = [];
  await using server = web((request) => {
    seen.push({ method: request.method, url: request.url, probe: request.headers.get("x-probe") });
    return new Response("status: fine", { status: request.url.endsWith("/bad") ? 503 : 200 });
  });
  const options = { method: "POST", headers: { "X-Probe": "abfail" }, host: "www.example.com" };
  assert.deepEqual(await told(plain(options), server.port), [true, "HTTP 200"]);
  assert.deepEqual(seen, [{ method: "POST", url: "http://www.example.com/healthz", probe: "abfail" }]);
  assert.deepEqual(await told(plain({ path: "/bad" }), server.port), [false, "HTTP 503, wanted 200-299"]);
  assert.deepEqual(await told(plain({ expectBody: "^status: fine$" }), server.port), [true, "HTTP 200"]);
  assert.deepEqual(await told(plain({ expectBody: "broken" }), server.port), [
    false,
    "HTTP 200, but the body does not match",
  ]);
  assert.deepEqual(await told(plain({ method: "HEAD" }), server.port), [true, "HTTP 200"]);
});

Deno.test("HTTP/2: redirects are followed on this target, still by HTTP/2", async () => {
  const paths: string[] = [];
  await using server = web((request) => {
    const { pathname } = new URL(request.url);
    paths.push(pathname);
    return pathname === "/done"
      ? new Response(null, { status: 204 })
      : new Response(null, { status: 302, headers: { location: "/done" } });
  });
  assert.deepEqual(await told(plain({ followRedirects: true }), server.port), [true, "HTTP 204"]);
  assert.deepEqual(paths, ["/healthz", "/done"]);
});

Deno.test("HTTP/2: ten megabytes are not taken, a body that breaks off is bad", async () => {
  let written = 0;
  await using server = web((request) => {
    if (request.url.endsWith("/broken")) {
      let isFirst = true;
      return streamed(async (controller) => {
        if (isFirst) controller.enqueue(new TextEncoder().encode("half"));
        else {
          await new Promise((resolve) => setTimeout(resolve, 20));
          controller.error(new Error("broken on purpose"));
        }
        isFirst = false;
      });
    }
    return streamed((controller) => {
      if (written >= 10 * 1024 * 1024) return controller.close();
      written += 64 * 1024;
      controller.enqueue(new Uint8Array(64 * 1024).fill(0x61));
    });
  });
  assert.deepEqual(await told(plain({ expectBody: "needle" }), server.port), [
    false,
    "HTTP 200, but the body does not match",
  ]);
  assert.ok(written < 5 * 1024 * 1024, `${written}`);
  assert.deepEqual(await told(plain({ path: "/broken", expectBody: "half" }), server.port), [
    false,
    "HTTP 200, but the connection was lost within the body",
  ]);
});

Deno.test("HTTP/2: refusing, silent, dripping, closing and other servers are bad, each with its reason", async () => {
  assert.deepEqual(await told(plain(), unusedPort()), [false, "connection refused"]);
  await using hanging = raw(silence);
  assert.deepEqual(await told(plain({}, 150), hanging.port), [false, "no answer within 150 ms"]);
  const late = Promise.withResolvers<Response>();
  await using slow = web(() => late.promise); // speaks HTTP/2, and answers when nobody waits any more
  assert.deepEqual(await told(plain({}, 150), slow.port), [false, "no answer within 150 ms"]);
  late.resolve(new Response("late"));
  await using dripping = web(() => {
    let timer: ReturnType<typeof setInterval> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        timer = setInterval(() => controller.enqueue(new Uint8Array([0x78])), 20);
      },
      cancel: () => clearInterval(timer),
    });
    return new Response(body);
  });
  assert.deepEqual(await told(plain({ expectBody: "ok" }, 200), dripping.port), [
    false,
    "no whole answer within 200 ms",
  ]);
  await using old = raw(async (conn) => {
    await conn.read(new Uint8Array(1024));
    await say(conn, "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    await silence(conn);
  });
  assert.deepEqual(await told(plain(), old.port), [false, "the answer is not HTTP/2"]);
  await using closing = raw(async (conn) => void await conn.read(new Uint8Array(1024)));
  assert.match((await told(plain(), closing.port))[1], /^connection (closed without an answer|reset)$/);
});

Deno.test("HTTP/2 over TLS is agreed on in the handshake, after the certificate has been judged", async () => {
  const certificates = await makeCertificates();
  const { caFile } = certificates;
  let asked = 0;
  const serve = (name: "good" | "expired"): ReturnType<typeof web> =>
    web(() => {
      asked++;
      return new Response("fine");
    }, certificates.of(name));
  try {
    await using good = serve("good");
    assert.deepEqual(await told(secure({ caFile }, { expectBody: "fine" }), good.port), [true, "HTTP 200"]);
    assert.equal(asked, 1);
    await using expired = serve("expired");
    assert.deepEqual(await told(secure({ caFile }), expired.port), [false, "certificate expired 3 days ago"]);
    assert.equal(asked, 1);
    const http1 = createHttps({ ...certificates.of("good"), ALPNProtocols: ["http/1.1"] });
    await using old = await listen(http1);
    assert.deepEqual(await told(secure({ caFile }), old.port), [
      false,
      "the server chose http/1.1, not HTTP/2",
    ]);
  } finally {
    await Deno.remove(certificates.folder, { recursive: true });
  }
});

Deno.test("HTTP/2: hundreds of probes at once leave nothing behind", async () => {
  await using server = web(() => new Response("x".repeat(1000)));
  for (let round = 0; round < 5; round++) {
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => runProbe(plain(), at(server.port))));
    assert.deepEqual([...new Set(outcomes.map(({ detail }) => detail))], ["HTTP 200"]);
  }
});
