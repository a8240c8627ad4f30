/** The API over TLS, asked by curl, by openssl and by our own command line. */
import assert from "node:assert/strict";
import { createApi } from "../../src/adapters/api/api.ts";
import { type ApiServer, startApiServer } from "../../src/adapters/api/server.ts";
import { readTlsIdentity, type TlsIdentity } from "../../src/adapters/api/tls_identity.ts";
import { readClientTls } from "../../src/cli/client_tls.ts";
import { askNode, type NodeApi, trusting } from "../../src/cli/node_api.ts";
import { ok } from "../../src/base/result.ts";
import { ApiCertificate } from "../../src/runtime/api_certificate.ts";
import { type Ran, runProgram } from "../support/abfail.ts";
import { FakeHost } from "../unit/api/fake_host.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";

const NONE = { caFile: null, certFile: null, keyFile: null };

/** `good` from the CA; `self` signs itself; `stranger` comes from another CA. */
async function withCertificates(
  work: (made: Certificates, strangers: Certificates) => Promise<void>,
): Promise<void> {
  const [made, strangers] = [await makeCertificates(), await makeCertificates()];
  try {
    await work(made, strangers);
  } finally {
    await Deno.remove(made.folder, { recursive: true });
    await Deno.remove(strangers.folder, { recursive: true });
  }
}

function identity(made: Certificates, name: string, clientCa: boolean): TlsIdentity {
  const read = readTlsIdentity({
    certFile: `${made.folder}/${name}.pem`,
    keyFile: `${made.folder}/${name}.key`,
    clientCaFile: clientCa ? made.caFile : null,
  });
  assert(read.ok, read.ok ? "" : read.error);
  return read.value;
}

async function start(tls: TlsIdentity, host: FakeHost = new FakeHost()): Promise<ApiServer> {
  const server = await startApiServer({
    listen: { host: "127.0.0.1", port: 0 },
    tls,
    socket: null,
    api: createApi(host, { hostNames: [] }),
    onFailure: (detail): void => assert.fail(detail),
  });
  assert(server.ok, server.ok ? "" : server.error);
  return server.value;
}

/** `curl`'s exit code and what it printed; 60 is a certificate that it does not trust. */
async function curl(port: number, ...args: string[]): Promise<Ran> {
  return await runProgram("curl", ["-sS", "-m", "5", ...args, `https://127.0.0.1:${port}/v1/status`]);
}

async function ask(port: number, files: typeof NONE | Record<string, string>): Promise<string> {
  const text = `https://127.0.0.1:${port}`;
  const api: NodeApi = { kind: "http", url: new URL(text), text };
  const trusted = await trusting(ok(api), { ...NONE, ...files }, null);
  assert(trusted.ok, trusted.ok ? "" : trusted.error);
  const answer = await askNode(trusted.value, "/v1/status");
  return answer.ok ? JSON.parse(answer.value.body).cluster : answer.error;
}

Deno.test("with a certificate the API speaks TLS 1.2 and 1.3 and nothing else", async () => {
  await withCertificates(async (made) => {
    const server = await start(identity(made, "good", false));
    try {
      for (const version of ["1.2", "1.3"]) {
        const args = ["--cacert", made.caFile, `--tlsv${version}`, "--tls-max", version];
        assert.match((await curl(server.port, ...args)).stdout, /"cluster": "prod"/);
      }
      const old = await curl(server.port, "-k", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0");
      assert.equal(old.code, 35, old.stderr);
      const plain = await runProgram("curl", ["-sS", "-m", "5", `http://127.0.0.1:${server.port}/v1/status`]);
      assert.notEqual(plain.code, 0);
      assert.doesNotMatch(plain.stdout, /cluster/);
      assert((server.refused.get("handshake") ?? 0) >= 2, "what failed is counted");
    } finally {
      await server.close();
    }
  });
});

Deno.test("with client_ca_file only clients with a certificate of that CA get anything", async () => {
  await withCertificates(async (made, strangers) => {
    const host = new FakeHost();
    host.secret = "correct";
    const server = await start(identity(made, "good", true), host);
    const show = (from: Certificates, name: string): string[] => {
      return ["--cert", `${from.folder}/${name}.pem`, "--key", `${from.folder}/${name}.key`];
    };
    const trust = ["--cacert", made.caFile];
    try {
      assert.match((await curl(server.port, ...trust, ...show(made, "other"))).stdout, /"cluster"/);
      const refused: readonly (readonly string[])[] = [
        [], // none at all
        show(strangers, "good"), // the same name from another CA
        show(made, "self"), // signed by itself
        show(made, "expired"),
      ];
      for (const args of refused) {
        for (const version of ["1.2", "1.3"]) {
          const ran = await curl(server.port, ...trust, "--tls-max", version, ...args);
          assert.notEqual(ran.code, 0, args.join(" "));
          assert.equal(ran.stdout, "");
        }
      }
      const opened = await runProgram("openssl", [
        ...["s_client", "-connect", `127.0.0.1:${server.port}`, "-CAfile", made.caFile, "-brief"],
      ]);
      assert.match(opened.stderr, /Verification: OK/);

      // To read is what the certificate is for; to change takes the token as well.
      const post = [...trust, ...show(made, "other"), "-X", "POST", "-w", "%{http_code}"];
      const url = `https://127.0.0.1:${server.port}/v1/step-down`;
      const run = async (...more: string[]): Promise<string> =>
        (await runProgram("curl", ["-sS", "-m", "5", "-o", "/dev/null", ...post, ...more, url])).stdout;
      assert.equal(await run(), "401");
      assert.equal(await run("-H", "Authorization: Bearer correct"), "200");
      assert.deepEqual(host.commands.map(({ who }) => who), ["token from 127.0.0.1, certificate other"]);
    } finally {
      await server.close();
    }
  });
});

Deno.test("our commands trust the CA they are given, show their certificate, and say what is wrong", async () => {
  await withCertificates(async (made, strangers) => {
    const server = await start(identity(made, "good", true));
    const own = { certFile: `${made.folder}/other.pem`, keyFile: `${made.folder}/other.key` };
    try {
      assert.equal(await ask(server.port, { caFile: made.caFile, ...own }), "prod");
      assert.match(await ask(server.port, own), /no CA that is trusted here: name its CA with --ca-file/);
      assert.match(
        await ask(server.port, { caFile: strangers.caFile, ...own }),
        /no CA that is trusted here/,
      );
      assert.match(
        await ask(server.port, { caFile: made.caFile }),
        /wants a certificate of yours: --cert-file/,
      );
      const strange = { certFile: `${strangers.folder}/other.pem`, keyFile: `${strangers.folder}/other.key` };
      // with the alert or without it, as it happens to arrive
      assert.match(await ask(server.port, { caFile: made.caFile, ...strange }), /certificate/);
    } finally {
      await server.close();
    }
    const other = await start(identity(made, "other", false));
    try {
      assert.match(await ask(other.port, { caFile: made.caFile }), /its certificate is for another name/);
    } finally {
      await other.close();
    }
  });
});

Deno.test("a node's config is enough to trust it: its own certificate, or the CA of its clients", async () => {
  await withCertificates(async (made) => {
    for (const [name, clientCa] of [["self", false], ["good", true]] as const) {
      const server = await start(identity(made, name, clientCa));
      const config = {
        certFile: `${made.folder}/${name}.pem`,
        keyFile: `${made.folder}/${name}.key`,
        clientCaFile: clientCa ? made.caFile : null,
      };
      const tls = readClientTls(NONE, config);
      assert(tls.ok);
      const text = `https://127.0.0.1:${server.port}`;
      const answer = await askNode({ kind: "http", url: new URL(text), text, tls: tls.value }, "/v1/status");
      assert(answer.ok, answer.ok ? "" : answer.error);
      await server.close();
    }
  });
});

Deno.test("a renewed certificate counts for the next connection, and those that stand go on", async () => {
  await withCertificates(async (made, strangers) => {
    const server = await start(identity(made, "good", true));
    try {
      const client = Deno.createHttpClient({
        caCerts: [Deno.readTextFileSync(made.caFile)],
        ...made.of("other"),
      });
      const events = await fetch(`https://127.0.0.1:${server.port}/v1/events`, {
        client,
        headers: { accept: "text/event-stream" },
      });
      const reader = events.body!.getReader();
      await reader.read();
      const renewed = server.renew(identity(strangers, "good", true));
      assert(renewed.ok, renewed.ok ? "" : renewed.error);
      const show = (from: Certificates): string[] => {
        const files = ["--cert", `${from.folder}/other.pem`, "--key", `${from.folder}/other.key`];
        return ["--cacert", from.caFile, ...files];
      };
      assert.equal((await curl(server.port, ...show(made))).code, 60, "the old CA is no longer right");
      assert.match((await curl(server.port, ...show(strangers))).stdout, /"cluster"/);
      await reader.cancel();
      client.close();
    } finally {
      await server.close();
    }
  });
});

Deno.test("files that do not fit together are refused by name, and nothing of a key is shown", async () => {
  await withCertificates((made, strangers) => {
    const files = (certFile: string, keyFile: string, clientCaFile: string | null = null): string => {
      const read = readTlsIdentity({ certFile, keyFile, clientCaFile });
      return read.ok ? "read" : read.error;
    };
    const [cert, key] = [`${made.folder}/good.pem`, `${made.folder}/good.key`];
    assert.equal(files(cert, key), "read");
    assert.match(
      files("/nowhere.pem", key),
      /^api\.cert_file: cannot read \/nowhere\.pem: there is no such file$/,
    );
    assert.match(files(key, key), /^api\.cert_file: .* holds no certificate/);
    assert.match(files(cert, cert), /^api\.key_file: .* holds no private key/);
    assert.match(files(cert, `${strangers.folder}/good.key`), /^api\.key_file: .* does not belong to/);
    assert.match(files(cert, key, key), /^api\.client_ca_file: .* holds no certificate/);
    return Promise.resolve();
  });
});

Deno.test("status says when the node's own certificate is about to end, and when it has", async () => {
  await withCertificates((made) => {
    const said = (name: string): string => {
      const files = { certFile: `${made.folder}/${name}.pem`, keyFile: `${made.folder}/${name}.key` };
      const read = ApiCertificate.read({ ...files, clientCaFile: null });
      assert(read.ok);
      return read.value.problems(Date.now()).join();
    };
    assert.equal(said("good"), "");
    assert.match(said("soon"), /ends in 5 days: renew it, then reload/);
    assert.match(said("expired"), /has ended/);
    return Promise.resolve();
  });
  const plain = ApiCertificate.read(null);
  assert(
    plain.ok && plain.value.problems(Date.now()).length === 0,
    "without a certificate there is nothing to say",
  );
});
