/** Floods of junk at all of a node's ports: the lease stays, and what it costs is bounded. `bench flood` has figures. */
import assert from "node:assert/strict";
import { startFlood } from "../support/flood.ts";
import { pause, TestCluster } from "../support/cluster.ts";

const LINUX = Deno.build.os === "linux";
/** Of 50,000 a second; what a busy machine cannot send is not sent. */
const PER_SECOND = 50_000;
const SECONDS = 6;
/** A lease that outlasts the moments in which a busy machine lets no process run. */
const ELECTION = 'heartbeat = "100ms"\nlease = "3s"\npreempt_delay = "1500ms"';
/** `bench flood` holds it below 20 MiB where nothing else runs. */
const GROWN_MIB_MAX = 32;

function residentMib(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]) / 1024;
}

function openFiles(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

Deno.test({
  name:
    "50,000 junk datagrams a second, forged ones too, move no lease; memory is bounded, all is counted and told once",
  ignore: !LINUX,
  fn: async () => {
    await using cluster = new TestCluster({ election: ELECTION });
    await cluster.startAll();
    await cluster.get(1, "/metrics");
    await pause(5000); // code that warms up
    const before = await cluster.status(1);
    const { pid } = cluster.node(1);
    const mib = residentMib(pid);
    const members = cluster.plan.nodes.map(({ id, udp }) => ({ id, address: udp }));
    const sent = await startFlood({
      ...cluster.plan.nodes[0]!.udp,
      perSecond: PER_SECOND,
      seconds: SECONDS,
      kind: "mixed",
      cluster: {
        name: "e2e",
        key: cluster.key,
        members,
        from: 2,
        to: 1,
        incarnation: (await cluster.status(2))?.node.incarnation ?? "",
      },
    });
    assert(sent > 50_000, `only ${sent} were sent`);
    for (const id of [1, 2, 3]) {
      const status = await cluster.status(id);
      assert.equal(
        status?.leader?.epoch,
        before?.leader?.epoch,
        `the same lease goes on, as node ${id} sees it`,
      );
    }
    const grown = residentMib(pid) - mib;
    assert(grown < GROWN_MIB_MAX, `memory grew by ${grown.toFixed(1)} MiB`);
    const metrics = (await cluster.get(1, "/metrics"))?.text ?? "";
    const refused = (reason: string): number =>
      Number(
        new RegExp(`^abfail_datagrams_refused_total\\{reason="${reason}"\\} (\\d+)`, "m").exec(metrics)?.[1],
      );
    for (const reason of ["not-ours", "bad-tag", "flood", "unknown-key", "replay"]) {
      // once forgeries have used up the doubt, others of them count as flood too
      assert(
        refused(reason) > (reason === "not-ours" || reason === "flood" ? 1000 : 0),
        `${reason}: ${refused(reason)}\n${metrics.match(/.*refused.*/g)?.join("\n")}`,
      );
    }
    assert(refused("bad-tag") < 5000, `${refused("bad-tag")} forgeries were judged`);
    const told = cluster.node(1).log.filter(({ name }) => name === "refused").map(({ text }) => text);
    assert.equal(told.filter((text) => /flood/i.test(text)).length, 1, told.join("\n"));
    assert(told.length <= 5, told.join("\n"));
    assert.match((await cluster.status(1))?.problems.join("\n") ?? "", /flood/i);
  },
});

Deno.test({
  name:
    "junk and idle connections at the DNS port and at the API's: answers go on, files and memory are bounded",
  ignore: !LINUX,
  fn: async () => {
    await using cluster = new TestCluster({ election: ELECTION });
    await cluster.startAll();
    const { pid } = cluster.node(1);
    await pause(3000);
    const [mib, files] = [residentMib(pid), openFiles(pid)];
    const before = await cluster.status(1);
    const dns = cluster.plan.nodes[0]!.dns;
    const api = cluster.plan.nodes[0]!.api;
    const members = cluster.plan.nodes.map(({ id, udp }) => ({ id, address: udp }));
    const about = { name: "e2e", key: cluster.key, members, from: 2, to: 1, incarnation: "00000000deadbeef" };
    const flood = startFlood({ ...dns, perSecond: 20_000, seconds: 4, kind: "noise", cluster: about });
    const held: Deno.TcpConn[] = [];
    try {
      for (let i = 0; i < 250; i++) {
        for (const { host, port } of [dns, api]) {
          const connection = await Deno.connect({ hostname: host, port });
          held.push(connection);
          await connection.write(crypto.getRandomValues(new Uint8Array(1 + i))).catch(() => {});
        }
      }
      assert.equal(await cluster.dig(1, cluster.plan.name, "A", "+tcp"), cluster.addressOf("web-a"));
      const most = openFiles(pid);
      assert(most < files + 128 + 64 + 40, `${most} files are open, ${files} before`);
      await flood;
      assert.equal(await cluster.dig(1), cluster.addressOf("web-a"));
    } finally {
      for (const connection of held) connection.close();
      await flood;
    }
    await cluster.until("the API answers, all is as it was", async () => {
      return (await cluster.status(1))?.leader?.epoch === before?.leader?.epoch;
    });
    await cluster.until("the files are closed", () => openFiles(pid) < files + 20);
    const grown = residentMib(pid) - mib;
    assert(grown < GROWN_MIB_MAX, `memory grew by ${grown.toFixed(1)} MiB`);
  },
});
