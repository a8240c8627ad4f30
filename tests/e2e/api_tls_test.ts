import assert from "node:assert/strict";
import type { Status } from "../../src/view/status_type.ts";
import { makeCertificates } from "../integration/certificates.ts";
import { abfail, runProgram } from "../support/abfail.ts";
import { TestCluster } from "../support/cluster.ts";

Deno.test("a cluster whose API speaks TLS: status over the network, and all of it changes by SIGHUP", async (t) => {
  const [first, second] = [await makeCertificates(), await makeCertificates()];
  await using cluster = new TestCluster({
    api: (folder) =>
      `token_file = "${folder}/token"
cert_file = "${folder}/api.pem"
key_file = "${folder}/api.key"
client_ca_file = "${folder}/clients.pem"
`,
  });
  const { folder } = cluster;
  const install = (from: typeof first): void => {
    Deno.copyFileSync(`${from.folder}/good.pem`, `${folder}/api.pem`);
    Deno.copyFileSync(`${from.folder}/good.key`, `${folder}/api.key`);
    Deno.copyFileSync(from.caFile, `${folder}/clients.pem`);
  };
  install(first);
  Deno.writeTextFileSync(`${folder}/token`, "first-token\n", { mode: 0o600 });
  Deno.writeTextFileSync(`${folder}/other-token`, "second-token\n", { mode: 0o600 });
  const url = cluster.apiOf(1).replace("http:", "https:");
  const show = (from: typeof first): string[] => [
    ...["--ca-file", from.caFile, "--cert-file", `${from.folder}/other.pem`],
    ...["--key-file", `${from.folder}/other.key`],
  ];
  const statusFrom = async (from: typeof first): Promise<Status> => {
    const ran = await abfail(["status", "--api", url, ...show(from), "--json"]);
    assert(ran.code <= 1, ran.stderr);
    return JSON.parse(ran.stdout);
  };
  try {
    cluster.startServices();
    cluster.start(1, 2, 3);
    await cluster.until("all is well, as the config alone lets one see", async () => {
      return (await abfail(["status", "--config", cluster.configFile(1), "--node-id", "1"])).code === 0;
    });
    await cluster.until("node 1 leads", async () => (await statusFrom(first)).leader?.id === 1);
    const epoch = (await statusFrom(first)).leader?.epoch;

    await t.step("without a certificate, or by plain HTTP, there is nothing to see", async () => {
      const bare = await abfail(["status", "--api", url, "--ca-file", first.caFile]);
      assert.equal(bare.code, 3);
      assert.match(bare.stderr, /wants a certificate of yours/);
      const plain = await abfail(["status", "--api", cluster.apiOf(1)]);
      assert.equal(plain.code, 3);
      assert.match(plain.stderr, /https:\/\//);
      const curl = await runProgram("curl", ["-sk", "-m", "5", `${url}/v1/status`]);
      assert.equal(curl.stdout, "");
    });

    await t.step("commands need the token as well", async () => {
      const args = ["step-down", "--api", url, ...show(first)];
      assert.equal((await abfail(args)).code, 1);
      assert.equal((await abfail(args, { env: { ABFAIL_TOKEN: "second-token" } })).code, 1);
      const pin = ["switch", "web", "web-a", "--dry-run", "--api", url, ...show(first)];
      assert.equal((await abfail(pin, { env: { ABFAIL_TOKEN: "first-token" } })).code, 0);
    });

    await t.step("a key that does not fit is refused, and the old certificate stays", async () => {
      Deno.copyFileSync(`${second.folder}/good.key`, `${folder}/api.key`);
      const since = performance.now();
      cluster.node(1).kill("SIGHUP");
      const line = await cluster.untilLogged(1, "reload", since);
      assert.match(line.text, /not taken up: api\.key_file: .* does not belong to the certificate/);
      assert.equal((await statusFrom(first)).leader?.epoch, epoch);
    });

    await t.step("a renewed certificate, its CA and another token are taken up", async () => {
      install(second);
      const config = Deno.readTextFileSync(cluster.configFile(1)).replace('/token"', '/other-token"');
      Deno.writeTextFileSync(cluster.configFile(1), config);
      cluster.node(1).kill("SIGHUP");
      await cluster.until("the new certificate is shown", async () => {
        return (await abfail(["status", "--api", url, ...show(second)])).code <= 1;
      });
      assert.equal((await abfail(["status", "--api", url, ...show(first)])).code, 3);
      const pin = ["switch", "web", "web-a", "--dry-run", "--api", url, ...show(second)];
      assert.equal((await abfail(pin, { env: { ABFAIL_TOKEN: "first-token" } })).code, 1);
      assert.equal((await abfail(pin, { env: { ABFAIL_TOKEN: "second-token" } })).code, 0);
      assert.equal((await statusFrom(second)).leader?.epoch, epoch, "the lease goes on");
    });

    await t.step("TLS itself cannot come or go without a restart", async () => {
      const config = Deno.readTextFileSync(cluster.configFile(1)).replaceAll(
        /^(cert|key|client_ca)_file.*\n/gm,
        "",
      );
      Deno.writeTextFileSync(cluster.configFile(1), config);
      const since = performance.now();
      cluster.node(1).kill("SIGHUP");
      const line = await cluster.untilLogged(1, "reload", since);
      assert.match(line.text, /cannot change .*api\.cert_file/);
      assert.equal((await statusFrom(second)).leader?.epoch, epoch);
    });
  } finally {
    await Deno.remove(first.folder, { recursive: true });
    await Deno.remove(second.folder, { recursive: true });
  }
});
