import assert from "node:assert/strict";
import { TestCluster } from "../support/cluster.ts";
import { isInstalled, KEY, KEY_NAME, NameServer, ZONE } from "../support/name_server.ts";
import type { VerifyStatus } from "../../src/view/status_type.ts";
import { isUpdate, TcpRelay } from "../support/tcp_relay.ts";

const NAME = `www.${ZONE}`;

Deno.test({
  name:
    "BIND is published to: a leader that dies or sleeps in the middle of an update leaves nothing wrong behind",
  ignore: !isInstalled("bind"),
  fn: async (t) => {
    await using server = await NameServer.start("bind");
    await using relay = new TcpRelay(server.port);
    await using cluster = new TestCluster({ publish: () => rfc2136(relay.port, server.port) });
    const shows = (name: "web-a" | "web-b"): Promise<void> =>
      cluster.until(
        `BIND shows ${name}`,
        async () => await server.dig(NAME, "A") === cluster.addressOf(name),
      );
    await cluster.startAll();

    await t.step("the first target is published, under the leader's epoch", async () => {
      await shows("web-a");
      await publisherIs(cluster, 1, "ok");
      const status = await cluster.status(1);
      assert.equal(await mark(server), `epoch=${status?.leader?.epoch} write=1 target=web-a`);
      assert.equal(
        status?.services[0]?.publishers.find(({ type }) => type === "rfc2136")?.fence,
        "compare-and-set",
      );
    });

    await t.step("the name server itself is asked too, and its lag is in status and metrics", async () => {
      const server2 = `resolver 127.0.0.1:${server.port}`;
      const verify = async (): Promise<readonly VerifyStatus[]> =>
        (await cluster.status(1))?.services[0]?.publishers.find(({ type }) => type === "rfc2136")?.verify ??
          [];
      await cluster.until(
        "the server shows it",
        async () => (await verify()).some((one) => one.server === server2 && one.agrees),
      );
      const found = (await verify()).find((one) => one.server === server2);
      assert.deepEqual([found?.shows, found?.state, found?.error], [cluster.addressOf("web-a"), "ok", null]);
      const metrics = (await cluster.get(1, "/metrics"))?.text ?? "";
      assert.match(metrics, /^abfail_publisher_verify_agrees\{.*server="resolver 127\.0\.0\.1:\d+"\} 1$/m);
      assert.match((await cluster.statusCommand(1)).stdout, /shown by .*resolver 127\.0\.0\.1:/);
    });

    await t.step(
      "killed with its update on the way: the next leader's stands, the late one is refused",
      async () => {
        const arrived = relay.hold(isUpdate);
        await cluster.service("web-a").stop();
        await arrived;
        cluster.node(1).kill("SIGKILL");
        const rest = relay.through(); // the dead leader's request is kept, all others pass
        await shows("web-b");
        await publisherIs(cluster, 2, "ok");
        const before = await mark(server);
        assert.match(before, /^epoch=[0-9]+\.2 write=[0-9]+ target=web-b$/);
        rest();
        await cluster.until("the late update has arrived", () => relay.kept === 0);
        // BIND takes updates of a zone one after the other: this one comes after the late one.
        assert.equal(await server.nsupdate(`update add after.${ZONE}. 5 A 192.0.2.1`), 0);
        assert.equal(await server.dig(NAME, "A"), cluster.addressOf("web-b"));
        assert.equal(await mark(server), before);
      },
    );

    await t.step("a mark of a later epoch makes the leader go on in a ballot above it", async () => {
      const status = await cluster.status(2);
      const term = (status?.leader?.epoch ?? "").split(".")[0];
      const later = `${Number(term) + 5000}.3`;
      const text = `epoch=${later} write=1 target=web-a`;
      assert.equal(
        await server.nsupdate(
          `update delete _abfail.${NAME} TXT`,
          `update add _abfail.${NAME} 0 TXT "${text}"`,
          `update delete ${NAME} A`,
          `update add ${NAME} 5 A 192.0.2.99`,
        ),
        0,
      );
      cluster.service("web-a").start();
      await cluster.until("node 2 has begun a ballot above the mark's", async () => {
        const epoch = (await cluster.status(2))?.node.epoch;
        return Number(epoch?.split(".")[0]) > Number(term) + 5000;
      });
      await publisherIs(cluster, 2, "ok");
      assert.notEqual(await server.dig(NAME, "A"), "192.0.2.99");
    });

    await t.step(
      "asleep with its update on the way, which comes when all has changed back: refused",
      async () => {
        await shows("web-a");
        cluster.start(1);
        await cluster.untilWell(1, "web-a");
        await publisherIs(cluster, 1, "ok");
        const arrived = relay.hold(isUpdate);
        await cluster.service("web-a").stop();
        await arrived; // node 1 wants web-b
        cluster.node(1).kill("SIGSTOP");
        const rest = relay.through();
        await shows("web-b");
        cluster.service("web-a").start();
        await shows("web-a");
        await publisherIs(cluster, 2, "ok");
        const before = await mark(server);
        rest();
        await cluster.until("the late update has arrived", () => relay.kept === 0);
        assert.equal(await server.nsupdate(`update add after2.${ZONE}. 5 A 192.0.2.1`), 0);
        assert.equal(await server.dig(NAME, "A"), cluster.addressOf("web-a"));
        assert.equal(await mark(server), before);
        cluster.node(1).kill("SIGCONT");
        await cluster.untilWell(1, "web-a");
        await publisherIs(cluster, 1, "ok");
        assert.match(await mark(server), /^epoch=[0-9]+\.1 write=[0-9]+ target=web-a$/);
        assert.equal(await server.dig(NAME, "A"), cluster.addressOf("web-a"));
      },
    );
  },
});

async function mark(server: NameServer): Promise<string> {
  return (await server.dig(`_abfail.${NAME}`, "TXT")).replaceAll('"', "");
}

async function publisherIs(cluster: TestCluster, id: number, state: string): Promise<void> {
  await cluster.until(`node ${id}'s status says ${state}`, async () => {
    const publishers = (await cluster.status(id))?.services[0]?.publishers ?? [];
    return publishers.find(({ type }) => type === "rfc2136")?.state === state;
  });
}

function rfc2136(port: number, verifyPort: number): string {
  return `[[services.publish]]
type = "rfc2136"
server = "127.0.0.1:${port}"
zone = "${ZONE}"
name = "${NAME}"
ttl = "5s"
key_name = "${KEY_NAME}"
key = "${KEY}"
timeout = "1s"
verify = ["authoritative", "resolver 127.0.0.1:${verifyPort}"]
`;
}
