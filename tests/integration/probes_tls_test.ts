import assert from "node:assert/strict";
import type { Server } from "node:net";
import { createServer } from "node:tls";
import { runProbe } from "../../src/adapters/probes/index.ts";
import type { CheckConfig, TlsOptions } from "../../src/config/config.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { at, checkOf, listen, raw, say, silence, TLS, unusedPort } from "./probe_lab.ts";

function tls(options: Partial<TlsOptions> = {}, timeoutMs = 2000): CheckConfig {
  return checkOf({ type: "tls", port: 443, tls: { ...TLS, ...options } }, timeoutMs);
}

async function told(check: CheckConfig, port: number): Promise<[boolean, string]> {
  const { ok, detail } = await runProbe(check, at(port));
  return [ok, detail];
}

Deno.test("tls: the handshake and the certificate count, nothing is said behind them", async (t) => {
  const certificates = await makeCertificates();
  const { caFile, folder } = certificates;
  let received = 0;
  const serve = (name: Parameters<Certificates["of"]>[0], options = {}): ReturnType<typeof listen> => {
    const server = createServer({ ...certificates.of(name), ...options }, (socket) => {
      socket.on("data", (chunk) => received += chunk.length);
      socket.on("error", () => {});
    });
    server.on("tlsClientError", () => {});
    return listen(server as unknown as Server);
  };
  try {
    await t.step("a good one says when it ends; one that ends soon warns", async () => {
      await using good = await serve("good");
      assert.deepEqual(await told(tls({ caFile }), good.port), [true, "TLS, certificate ends in 29 days"]);
      assert.deepEqual(await told(tls({ caFile, serverName: null }), good.port), [
        true,
        "TLS, certificate ends in 29 days",
      ]);
      await using soon = await serve("soon");
      const warned = await runProbe(tls({ caFile, expireWarningMs: 14 * 86_400_000 }), at(soon.port));
      assert.deepEqual([warned.ok, warned.detail], [true, "TLS, certificate ends in 5 days"]);
      assert.equal(warned.warning, "certificate ends in 5 days");
      assert.equal(received, 0);
    });
    await t.step("bad ones, each with its reason; all are good where nothing is verified", async () => {
      const reasons = {
        expired: "certificate expired 3 days ago",
        other: "certificate is for other.example, not web.example",
        self: "certificate is self-signed, not trusted here",
      } as const;
      for (const name of ["expired", "other", "self"] as const) {
        await using server = await serve(name);
        assert.deepEqual(await told(tls({ caFile }), server.port), [false, reasons[name]]);
        assert.deepEqual(await told(tls({ caFile, verify: false }), server.port), [true, "TLS"]);
      }
    });
    await t.step("a client certificate: taken, or refused", async () => {
      const ca = await Deno.readTextFile(caFile);
      await using server = await serve("good", { ca, requestCert: true, rejectUnauthorized: true });
      const client = (name: string): Partial<TlsOptions> => ({
        caFile,
        clientCertFile: `${folder}/${name}.pem`,
        clientKeyFile: `${folder}/${name}.key`,
      });
      assert.equal((await told(tls(client("other")), server.port))[0], true);
      assert.deepEqual(await told(tls(client("self")), server.port), [
        false,
        "the server refuses the client certificate",
      ]);
      assert.deepEqual(
        await told(tls({ ...client("other"), clientKeyFile: `${folder}/none` }), server.port),
        [
          false,
          "client_key_file is not there on this node",
        ],
      );
    });
    await t.step("no TLS at all, silence, refusal", async () => {
      await using hanging = raw(silence);
      assert.deepEqual(await told(tls({}, 150), hanging.port), [false, "no TLS handshake within 150 ms"]);
      await using garbage = raw(async (conn) => {
        await conn.read(new Uint8Array(1024));
        await say(conn, "HTTP/1.1 400 Bad Request\r\n\r\n");
      });
      assert.deepEqual(await told(tls(), garbage.port), [false, "the answer is not TLS"]);
      assert.deepEqual(await told(tls(), unusedPort()), [false, "connection refused"]);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
