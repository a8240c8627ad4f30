import assert from "node:assert/strict";
import { abfail } from "../support/abfail.ts";
import { TestCluster } from "../support/cluster.ts";

Deno.test("a cluster keeps one target published, on every node's DNS, through loss and return", async (t) => {
  await using cluster = new TestCluster();
  await cluster.startAll();

  await t.step("every node answers with the primary", async () => {
    await cluster.untilAnswered("web-a");
    assert.equal(await cluster.dig(2, cluster.plan.name, "A", "+tcp"), cluster.addressOf("web-a"));
  });

  await t.step("status says that all is well, with exit code 0", async () => {
    for (const id of [1, 2, 3]) {
      const ran = await cluster.statusCommand(id);
      assert.equal(ran.code, 0, ran.stdout + ran.stderr);
      assert.match(ran.stdout, /web-a/);
    }
    const json = await cluster.statusCommand(3, "--json");
    assert.equal(json.code, 0);
    const status = JSON.parse(json.stdout);
    assert.equal(status.leader.id, 1);
    assert.equal(status.services[0].active, "web-a");
    assert.deepEqual(status.services[0].targets[0].opinions, { "1": "up", "2": "up", "3": "up" });
    assert.deepEqual(status.problems, []);
  });

  await t.step("scripts find the target and the leader by HTTP", async () => {
    for (const id of [1, 2, 3]) {
      const where = await cluster.get(id, "/v1/services/web");
      assert.equal(where?.status, 200);
      const { name, target, address, epoch } = JSON.parse(where.text);
      assert.deepEqual([name, target, address], ["web", "web-a", cluster.addressOf("web-a")]);
      assert.match(epoch, /^[0-9]+\.1$/);
      assert.equal((await cluster.get(id, "/leader"))?.status, id === 1 ? 200 : 503);
      assert.equal((await cluster.get(id, "/v1/services/nothing"))?.status, 404);
      const healthz = await cluster.get(id, "/healthz");
      assert(healthz !== null && "ok" in JSON.parse(healthz.text), "it says whether it keeps its own timing");
      assert.match((await cluster.get(id, "/"))?.text ?? "", /<html/i);
    }
  });

  await t.step("the primary is stopped: every node answers with the backup", async () => {
    const since = performance.now();
    await cluster.service("web-a").stop();
    await cluster.untilAnswered("web-b");
    console.log(`measured: primary stopped -> all nodes' DNS moved, by dig: ${ms(since)}`);
    const status = await cluster.status(2);
    assert.equal(status?.services[0]?.lastSwitch?.reason, "down");
    assert.equal(status?.services[0]?.lastSwitch?.to, "web-b");
    const serialThen = await serial(cluster);
    assert(serialThen > 0);
    const ran = await cluster.statusCommand(1);
    assert.equal(ran.code, 0, "the service is reachable, by its backup");
  });

  await t.step("both are stopped: the last stays published, status exits 1", async () => {
    await cluster.service("web-b").stop();
    await cluster.until("both targets are held down", async () => {
      const status = await cluster.status(1);
      return status?.services[0]?.targets.every((target) => target.health === "down") ?? false;
    });
    assert.equal(await cluster.dig(1), cluster.addressOf("web-b"));
    const ran = await cluster.statusCommand(1);
    assert.equal(ran.code, 1, ran.stdout + ran.stderr);
  });

  await t.step("both are back: the primary is published again, under a higher serial", async () => {
    const before = await serial(cluster);
    cluster.startServices();
    await cluster.untilAnswered("web-a");
    assert(await serial(cluster) > before, "the serial rises with every switch");
  });
});

Deno.test("status of a node that is not there exits 3, of a wrong address 2", async () => {
  const silent = await abfail(["status", "--api", "http://127.0.0.1:9"]);
  assert.equal(silent.code, 3, silent.stderr);
  assert.equal(silent.stdout, "");
  const wrong = await abfail(["status", "--api", "not an address"]);
  assert.equal(wrong.code, 2, wrong.stderr);
});

async function serial(cluster: TestCluster): Promise<number> {
  const soa = await cluster.dig(1, "drill.test", "SOA");
  return Number(soa.split(" ")[2]);
}

function ms(since: number): string {
  return `${Math.round(performance.now() - since)} ms`;
}
