import assert from "node:assert/strict";
import { pause, randomKey, TestCluster } from "../support/cluster.ts";

Deno.test("garbage at the node port changes nothing", async () => {
  await using cluster = new TestCluster();
  await cluster.startAll();
  const before = await cluster.status(1);
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  try {
    for (let i = 0; i < 3000; i++) {
      const bytes = crypto.getRandomValues(new Uint8Array(1 + (i * 37) % 1400));
      const { port } = cluster.plan.nodes[i % 3]!.udp;
      await socket.send(bytes, { transport: "udp", hostname: "127.0.0.1", port });
      if (i % 100 === 0) await pause(5);
    }
  } finally {
    socket.close();
  }
  await pause(500);
  for (const id of [1, 2, 3]) {
    const status = await cluster.status(id);
    assert.equal(status?.leader?.epoch, before?.leader?.epoch, "the same lease goes on");
    assert.equal(status?.quorum.alive, 3);
    assert.equal(status?.services[0]?.active, "web-a");
  }
  assert.match((await cluster.get(1, "/metrics"))?.text ?? "", /datagrams/);
  const errors = [1, 2, 3].flatMap((id) => cluster.node(id).log.filter((line) => line.level === "error"));
  assert.deepEqual(errors, []);
});

Deno.test("a node with another cluster key is not heard, and status says so", async () => {
  await using cluster = new TestCluster({ keys: new Map([[3, randomKey()]]) });
  cluster.startServices();
  cluster.start(1, 2, 3);
  await cluster.until("1 and 2 have a leader, without 3", async () => {
    const statuses = await Promise.all([1, 2].map((id) => cluster.status(id)));
    return statuses.every((status) => status?.leader?.id === 1 && status.services[0]?.active === "web-a");
  });
  await cluster.until("status of 1 says that 3's datagrams do not open", async () => {
    return (await cluster.status(1))?.problems.some((problem) => /key/i.test(problem)) ?? false;
  });
  const heard = await cluster.status(1);
  assert.equal(heard?.quorum.alive, 2);
  assert.equal(heard?.peers.find((peer) => peer.id === 3)?.alive, false);
  const alone = await cluster.status(3);
  assert.equal(alone?.leader, null);
  assert.equal(alone?.quorum.alive, 1);
  assert.notEqual(alone?.problems.length, 0);
  assert.equal((await cluster.statusCommand(3)).code, 1);
});

Deno.test("with state_dir the active target outlives a stop of all nodes", async () => {
  await using cluster = new TestCluster({ stateDir: true, service: `failback = "manual"` });
  await cluster.startAll();
  await cluster.service("web-a").stop();
  await cluster.untilAnswered("web-b");
  cluster.service("web-a").start();
  await cluster.untilWell(1, "web-b");
  const epoch = (await cluster.status(1))?.leader?.epoch ?? "";

  for (const id of [1, 2, 3]) cluster.node(id).kill("SIGTERM");
  for (const id of [1, 2, 3]) assert.equal((await cluster.node(id).ended).code, 0);
  cluster.start(1, 2, 3);
  await cluster.untilWell(1, "web-b");
  await cluster.until("both targets are known to be up", async () => {
    const targets = (await cluster.status(1))?.services[0]?.targets ?? [];
    return targets.every((target) => target.health === "up");
  });
  await pause(500);
  await cluster.untilAnswered("web-b");
  const now = (await cluster.status(1))?.leader?.epoch ?? "";
  assert(termOf(now) > termOf(epoch), `epochs rise: ${epoch}, then ${now}`);
});

Deno.test("a node that may not bind its port says so and exits 2", async () => {
  await using cluster = new TestCluster();
  const { port } = cluster.plan.nodes[0]!.udp;
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port });
  try {
    cluster.start(1);
    assert.equal((await cluster.node(1).ended).code, 2);
    const text = cluster.node(1).log.map((line) => line.text).join("\n");
    assert(text.includes(String(port)), text);
  } finally {
    socket.close();
  }
});

function termOf(epoch: string): number {
  return Number(epoch.split(".")[0]);
}
