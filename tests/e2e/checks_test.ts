import assert from "node:assert/strict";
import { runProgram } from "../support/abfail.ts";
import { QUICK_TIMES, TestCluster } from "../support/cluster.ts";

Deno.test("a tcp check sees a port that closes and one that opens", async () => {
  await using cluster = new TestCluster({ check: `type = "tcp"\n${QUICK_TIMES}` });
  await cluster.startAll();
  await cluster.service("web-a").stop();
  await cluster.untilAnswered("web-b");
  cluster.service("web-a").start();
  await cluster.untilAnswered("web-a");
});

Deno.test("an https check trusts the named authority and no other certificate", async () => {
  const folder = await Deno.makeTempDir({ prefix: "abfail-test-" });
  await makeCertificate(folder, "good", "web.test");
  await makeCertificate(folder, "other", "web.test");
  const check = `type = "https"
${QUICK_TIMES}
server_name = "web.test"
ca_file = "${folder}/good.pem"
expire_warning = "365d"
expect_status = [200]
expect_body = "^fine$"`;
  await using cluster = new TestCluster({ check });
  const stops: (() => Promise<void>)[] = [];
  const serve = (target: "web-a" | "web-b", certificate: string, text: string): () => Promise<void> => {
    const { host: hostname, port } = cluster.service(target).address;
    const cert = Deno.readTextFileSync(`${folder}/${certificate}.pem`);
    const key = Deno.readTextFileSync(`${folder}/${certificate}.key`);
    const signal = new AbortController();
    const server = Deno.serve(
      { hostname, port, cert, key, signal: signal.signal, onListen: (): void => {} },
      () => new Response(text),
    );
    const stop = async (): Promise<void> => {
      signal.abort();
      await server.finished;
    };
    stops.push(stop);
    return stop;
  };
  try {
    const stopA = serve("web-a", "good", "fine");
    const stopB = serve("web-b", "other", "fine");
    cluster.start(1, 2, 3);
    await cluster.until("a is up, b is down for its certificate", async () => {
      const targets = (await cluster.status(1))?.services[0]?.targets ?? [];
      return targets[0]?.health === "up" && targets[1]?.health === "down";
    });
    const detail = (await cluster.status(1))?.services[0]?.targets[1]?.lastProbe?.detail ?? "";
    assert.match(detail, /certificate/i);
    await cluster.untilAnswered("web-a");
    const problems = (await cluster.status(1))?.problems ?? [];
    assert.ok(problems.includes("web: web-a: certificate ends in 364 days"), problems.join("; "));

    await stopB();
    serve("web-b", "good", "fine");
    await cluster.until("b is up with the right certificate", async () => {
      return (await cluster.status(1))?.services[0]?.targets[1]?.health === "up";
    });
    await stopA();
    await cluster.untilAnswered("web-b");
    serve("web-a", "good", "broken");
    await cluster.until("a's wrong body is seen", async () => {
      const probe = (await cluster.status(1))?.services[0]?.targets[0]?.lastProbe;
      return probe?.ok === false && /body/i.test(probe.detail);
    });
    assert.equal(await cluster.dig(3), cluster.addressOf("web-b"));
  } finally {
    await Promise.all(stops.map((stop) => stop()));
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an exec check moves the service by what its program says of each target", async () => {
  const folder = await Deno.makeTempDir({ prefix: "abfail-test-" });
  try {
    const script = `test -e ${folder}/$ABFAIL_TARGET || { echo gone >&2; exit 1; }`;
    await using cluster = new TestCluster({
      check: `type = "exec"\n${QUICK_TIMES}\ncommand = ["sh", "-c", "${script}"]`,
    });
    await Deno.writeTextFile(`${folder}/web-a`, "");
    await Deno.writeTextFile(`${folder}/web-b`, "");
    await cluster.startAll();
    await cluster.untilAnswered("web-a");
    await Deno.remove(`${folder}/web-a`);
    await cluster.untilAnswered("web-b");
    const probe = (await cluster.status(1))?.services[0]?.targets[0]?.lastProbe;
    assert.deepEqual([probe?.ok, probe?.detail], [false, "exit code 1: gone"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function makeCertificate(folder: string, file: string, name: string): Promise<void> {
  const ran = await runProgram("openssl", [
    ...[
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "365",
    ],
    ...["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`],
    ...["-keyout", `${folder}/${file}.key`, "-out", `${folder}/${file}.pem`],
  ]);
  assert.equal(ran.code, 0, ran.stderr);
}
