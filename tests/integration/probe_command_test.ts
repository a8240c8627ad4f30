/** `abfail probe` as its users run it: a process, real servers, exit codes, what is shown and what never is. */
import assert from "node:assert/strict";
import { createServer as createHttps } from "node:https";
import { abfail } from "../support/abfail.ts";
import { makeCertificates } from "./certificates.ts";
import { listen, raw, say, unusedPort } from "./probe_lab.ts";

/** A config of services with one check each and these targets. */
function config(services: readonly { check: string; targets: readonly string[] }[]): string {
  const nodes = [1, 2, 3].map((id) => `[[cluster.nodes]]\nid = ${id}\naddress = "127.0.0.${id}:7420"\n`);
  const all = services.map(({ check, targets }, i) => {
    const list = targets.map((address, j) =>
      `[[services.targets]]\nname = "t${j + 1}"\naddress = "${address}"\npublish = "192.0.2.${j + 1}"\n`
    );
    return `[[services]]\nname = "s${i + 1}"\n[services.check]\n${check}\n${list.join("")}`;
  });
  return `[cluster]\nname = "lab"\n${nodes.join("")}${all.join("")}`;
}

async function inFolder(text: string, work: (file: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "abfail-probe-" });
  try {
    await Deno.writeTextFile(`${folder}/abfail.toml`, text);
    await work(`${folder}/abfail.toml`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("probe tells what was sent, what came back, the verdict and its rule; 0 good, 1 bad, 2 wrong", async () => {
  const stop = new AbortController();
  const web = Deno.serve(
    { hostname: "127.0.0.1", port: 0, signal: stop.signal, onListen: (): void => {} },
    () => new Response("database is away\x1b[31m", { status: 503, headers: { "set-cookie": "id=s3cret" } }),
  );
  await using greets = raw(async (conn) => void await say(conn, "220 ready\r\n"));
  const text = config([
    {
      check: 'type = "http"\npath = "/up"\nheaders = { Authorization = "Bearer s3cret" }',
      targets: [`127.0.0.1:${web.addr.port}`, `127.0.0.1:${unusedPort()}`],
    },
    { check: 'type = "tcp"\nexpect = "^220"', targets: [`127.0.0.1:${greets.port}`, "127.0.0.1:1"] },
  ]);
  await inFolder(text, async (file) => {
    const bad = await abfail(["probe", "s1", "--config", file]);
    assert.equal(bad.code, 1, bad.stderr);
    assert.match(bad.stdout, /^s1 t1: bad, HTTP 503, wanted 200-299$/m);
    assert.match(bad.stdout, /rule +expect_status = \["200-299"\]/);
    assert.match(bad.stdout, /sent +GET \/up HTTP\/1\.1/);
    assert.match(bad.stdout, /received +HTTP\/1\.1 503 Service Unavailable/);
    assert.match(bad.stdout, /time +connect \d+\.\d, first byte \d+\.\d, total \d+\.\d ms/);
    assert.match(bad.stdout, /database is away\\x1b\[31m/);
    assert.ok(!bad.stdout.includes("s3cret") && !bad.stdout.includes("\x1b"));
    assert.match(bad.stdout, /^s1 t2: bad, connection refused$/m);
    const good = await abfail(["probe", "s2", "t1", "--config", file, "--json"]);
    assert.equal(good.code, 0, good.stderr);
    const { ok, service, check, targets } = JSON.parse(good.stdout);
    assert.deepEqual([ok, service, check, targets.length], [true, "s2", "tcp", 1]);
    const { name, detail, rule, received, timing } = targets[0];
    assert.deepEqual([name, detail, rule, received], ["t1", "the answer matches", "expect", "220 ready\n"]);
    assert.ok(timing.totalMs >= timing.connectMs && timing.dnsMs === null && timing.tlsMs === null);
    for (const args of [["s3"], ["s1", "t3"]]) {
      const wrong = await abfail(["probe", ...args, "--config", file]);
      assert.equal(wrong.code, 2);
      assert.match(wrong.stderr, /error: there is no (service|target) "[st]3" in the config; did you mean/);
      assert.equal(wrong.stdout, "");
    }
    assert.equal((await abfail(["probe", "s1"])).code, 2);
    assert.equal((await abfail(["probe", "--config", file])).code, 2);
  });
  stop.abort();
  await web.finished;
});

Deno.test("probe splits the time of a TLS target by name, and shows its warning", async () => {
  const certificates = await makeCertificates();
  try {
    const server = createHttps(certificates.of("soon"), (_request, response) => response.end("fine"));
    await using web = await listen(server);
    const check = `type = "https"\nca_file = "${certificates.caFile}"\nserver_name = "web.example"`;
    const text = config([{ check, targets: [`localhost:${web.port}`, `127.0.0.1:${web.port}`] }]);
    await inFolder(text, async (file) => {
      const ran = await abfail(["probe", "s1", "t1", "--config", file, "--json"]);
      assert.equal(ran.code, 0, ran.stdout + ran.stderr);
      const [target] = JSON.parse(ran.stdout).targets;
      assert.deepEqual([target.ok, target.warning], [true, "certificate ends in 5 days"]);
      for (const part of ["dnsMs", "connectMs", "tlsMs", "firstByteMs", "totalMs"]) {
        assert.ok(target.timing[part] >= 0, `${part}: ${target.timing[part]}`);
      }
    });
  } finally {
    await Deno.remove(certificates.folder, { recursive: true });
  }
});
