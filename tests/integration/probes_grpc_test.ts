import assert from "node:assert/strict";
import { connect, type Server } from "node:net";
import { createServer } from "node:tls";
import { runProbe } from "../../src/adapters/probes/index.ts";
import type { CheckConfig, TlsOptions } from "../../src/config/config.ts";
import { makeCertificates } from "./certificates.ts";
import { at, checkOf, listen, raw, say, silence, TLS, unusedPort } from "./probe_lab.ts";

function grpc(service: string, tls: TlsOptions | null = null, timeoutMs = 5000): CheckConfig {
  return checkOf({ type: "grpc", port: null, service, tls }, timeoutMs);
}

async function told(check: CheckConfig, port: number): Promise<[boolean, string]> {
  const { ok, detail } = await runProbe(check, at(port));
  return [ok, detail];
}

/** A server of @grpc/grpc-js in a process of its own. */
async function grpcServer(): Promise<{ readonly port: number } & AsyncDisposable> {
  const script = new URL("../support/grpc_health_server.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-check", "--cached-only", "-A", script],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  return {
    port: Number(new TextDecoder().decode(value)),
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await child.stdin.close().catch(() => {});
      await reader.cancel();
      await child.status;
    },
  };
}

Deno.test("a real gRPC server says of each service how it is", async () => {
  await using server = await grpcServer();
  assert.deepEqual(await told(grpc(""), server.port), [true, "SERVING"]);
  assert.deepEqual(await told(grpc("shop.Cart"), server.port), [true, "shop.Cart SERVING"]);
  assert.deepEqual(await told(grpc("shop.Stock"), server.port), [false, "shop.Stock NOT_SERVING"]);
  assert.deepEqual(await told(grpc("shop.Nothing"), server.port), [
    false,
    "the server knows no service shop.Nothing",
  ]);
  const slow = await told(grpc("shop.Slow", null, 200), server.port);
  assert.equal(slow[0], false);
  assert.match(
    slow[1],
    /^(no answer within 200 ms|gRPC status DEADLINE_EXCEEDED.*|the server breaks off.*)$/,
  );
});

/** TLS before a plain server, agreed on HTTP/2: as a proxy would do it. */
function secured(
  port: number,
  files: { readonly key: string; readonly cert: string },
): ReturnType<typeof listen> {
  const server = createServer({ ...files, ALPNProtocols: ["h2"] }, (outer) => {
    const inner = connect({ host: "127.0.0.1", port });
    inner.on("error", () => outer.destroy());
    outer.on("error", () => inner.destroy());
    outer.on("close", () => inner.destroy());
    outer.pipe(inner).pipe(outer);
  });
  server.on("tlsClientError", () => {});
  return listen(server as unknown as Server);
}

Deno.test("gRPC over TLS: the certificate is judged first", async () => {
  const certificates = await makeCertificates();
  const { folder, caFile } = certificates;
  try {
    await using server = await grpcServer();
    await using good = await secured(server.port, certificates.of("good"));
    assert.deepEqual(await told(grpc("", { ...TLS, caFile }), good.port), [true, "SERVING"]);
    assert.deepEqual(await told(grpc("", { ...TLS, caFile, serverName: "api.example" }), good.port), [
      false,
      "certificate is for web.example, 127.0.0.1, not api.example",
    ]);
    await using soon = await secured(server.port, certificates.of("soon"));
    const warned = await runProbe(grpc("", { ...TLS, caFile, expireWarningMs: 864_000_000 }), at(soon.port));
    assert.deepEqual([warned.ok, warned.detail], [true, "SERVING, certificate ends in 5 days"]);
    assert.equal(warned.warning, "certificate ends in 5 days");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("whoever speaks HTTP/2 without gRPC, or nothing of it, is bad", async () => {
  const stop = new AbortController();
  const web = Deno.serve(
    { hostname: "127.0.0.1", port: 0, signal: stop.signal, onListen: (): void => {} },
    (request) =>
      request.url.endsWith("/grpc.health.v1.Health/Check")
        ? new Response("hello")
        : new Response(null, { status: 404 }),
  );
  const { port } = web.addr;
  assert.deepEqual(await told(grpc(""), port), [false, "an answer without a gRPC status"]);
  stop.abort();
  await web.finished;
  assert.deepEqual(await told(grpc(""), unusedPort()), [false, "connection refused"]);
  await using hanging = raw(silence);
  assert.deepEqual(await told(grpc("", null, 150), hanging.port), [false, "no answer within 150 ms"]);
  await using garbage = raw(async (conn) => {
    await conn.read(new Uint8Array(1024));
    await say(conn, "220 mail.example ESMTP ready\r\n");
    await silence(conn);
  });
  assert.deepEqual(await told(grpc(""), garbage.port), [false, "the answer is not HTTP/2"]);
});
