import assert from "node:assert/strict";
import type { LogLine } from "../../src/drill/node_process.ts";
import { TestCluster } from "../support/cluster.ts";
import { Collector, type OtlpSpan } from "../support/otlp.ts";
import { isInstalled, KEY, KEY_NAME, NameServer, ZONE } from "../support/name_server.ts";

Deno.test({
  name: "the id of a switch finds its whole story in the logs of all nodes, and nothing else",
  ignore: !isInstalled("knot"),
  fn: async () => {
    await using server = await NameServer.start("knot");
    await using collector = new Collector();
    await using cluster = new TestCluster({
      env: collector.env,
      publish: () =>
        `[[services.publish]]
type = "rfc2136"
server = "127.0.0.1:${server.port}"
zone = "${ZONE}"
name = "www.${ZONE}"
key_name = "${KEY_NAME}"
key = "${KEY}"
ttl = "1s"
verify = ["resolver 127.0.0.1:${server.port}"]
`,
    });
    await cluster.startAll();
    await cluster.until(
      "the first target is published",
      async () => await server.dig(`www.${ZONE}`, "A") === cluster.addressOf("web-a"),
    );
    await cluster.service("web-a").stop();
    const isVerified = (line: LogLine): boolean =>
      line.name === "verified" && line.text.includes(cluster.addressOf("web-b"));
    await cluster.until("the switch is verified", () => cluster.node(1).log.some(isVerified));
    const decided = cluster.node(1).log.findLast(({ name }) => name === "decide");
    const id = decided?.data["switch"];
    assert.match(String(id), /^[0-9a-f]{8}$/);
    await cluster.until(
      "every node has told of it",
      () => [2, 3].every((node) => storyOf(cluster, node, String(id)).length > 0),
    );
    const leader = storyOf(cluster, 1, String(id));
    const order = leader.map(({ name }) => name);
    assert.deepEqual(order.slice(0, 2), ["decide", "switch"], order.join(" "));
    assert.deepEqual(
      new Set(order),
      new Set(["decide", "switch", "published", "shown", "verified"]),
      order.join(" "),
    );
    for (const line of [...leader, ...storyOf(cluster, 2, String(id)), ...storyOf(cluster, 3, String(id))]) {
      assert.equal(line.epoch, decided?.epoch, line.text);
      assert.equal(line.service, "web");
    }
    for (const node of [2, 3]) {
      assert.deepEqual(storyOf(cluster, node, String(id)).map(({ name }) => name), ["switch"]);
    }
    const trace = (): OtlpSpan[] => {
      const root = collector.spans.find(({ name, attributes }) =>
        name === "failover" && attributes.some(({ value }) => value.stringValue === id)
      );
      return collector.spans.filter(({ traceId }) => traceId === root?.traceId);
    };
    await cluster.until("the trace tells the same story", () => {
      const parts = new Set(trace().map(({ name }) => name));
      return ["failover", "detect", "decide", "commit", "publish", "verify"].every((part) => parts.has(part));
    });
    const shown = leader.find(({ name }) => name === "shown");
    for (const part of ["detectMs", "decideMs", "publishMs"]) {
      assert.equal(typeof shown?.data[part], "number", `${part} of ${shown?.text}`);
    }
  },
});

/** The lines of a node's log that name the id, as `grep` would find them. */
function storyOf(cluster: TestCluster, node: number, id: string): LogLine[] {
  return cluster.node(node).log.filter(({ data }) => JSON.stringify(data ?? {}).includes(id));
}

Deno.test("no flood: a publisher that fails, a node that is gone and datagrams full of junk fill no log", async () => {
  await using cluster = new TestCluster({
    publish: () =>
      `[[services.publish]]\ntype = "exec"\nname = "mover"\ncommand = ["false"]\ntimeout = "1s"\n`,
  });
  cluster.startServices();
  cluster.start(1, 2);
  await cluster.untilWell(1, "web-a", [1, 2]);
  await cluster.untilLogged(1, "publish-failed");
  const before = cluster.node(1).log.length;
  const { host, port } = cluster.plan.nodes[0]?.udp ?? { host: "", port: 0 };
  const junk = new Uint8Array(200);
  for (let sent = 0; sent < 40; sent++) {
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    for (let i = 0; i < 50; i++) {
      crypto.getRandomValues(junk);
      await socket.send(junk, { transport: "udp", hostname: host, port });
    }
    socket.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const lines = cluster.node(1).log.slice(before);
  assert.ok(lines.length <= 20, `${lines.length} lines:\n${lines.map(({ text }) => text).join("\n")}`);
  const refused = /^abfail_datagrams_refused_total\{.*\} (\d+)$/gm;
  const metrics = (await cluster.get(1, "/metrics"))?.text ?? "";
  const counted = [...metrics.matchAll(refused)].reduce((sum, match) => sum + Number(match[1]), 0);
  assert.ok(counted > 100, `what was not logged is counted: ${counted}`);
});

Deno.test("SIGHUP changes what is logged: every probe, for as long as it is asked for", async () => {
  await using cluster = new TestCluster();
  cluster.startServices();
  cluster.start(2);
  await cluster.untilLogged(2, "opinion");
  assert.equal(cluster.node(2).log.filter(({ name }) => name === "probe").length, 0);
  const file = cluster.configFile(2);
  Deno.writeTextFileSync(file, `${Deno.readTextFileSync(file)}\n[log]\nlevels = { checks = "debug" }\n`);
  cluster.node(2).kill("SIGHUP");
  const probe = await cluster.untilLogged(2, "probe");
  assert.match(probe.text, /^web\/web-[ab]: good: HTTP 200$/);
  assert.equal(probe.level, "debug");
  cluster.writeConfig(2);
  cluster.node(2).kill("SIGHUP");
  await cluster.until(
    "the second reload is in force",
    () => cluster.node(2).log.filter(({ name }) => name === "reload").length === 2,
  );
  const since = cluster.node(2).log.length;
  await cluster.until(
    "it has probed again",
    async () =>
      Number(/abfail_probes_started_total (\d+)/.exec((await cluster.get(2, "/metrics"))?.text ?? "")?.[1]) >
        40,
  );
  assert.ok(cluster.node(2).log.slice(since).filter(({ name }) => name === "probe").length <= 2);
});
