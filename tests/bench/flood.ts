/** 50,000 junk datagrams a second at the leader's port, of each kind: what they cost, and that no lease moves. */
import { type FloodKind, startFlood } from "../support/flood.ts";
import { pause } from "../support/cluster.ts";
import { BenchCluster } from "./cluster.ts";
import type { Ask } from "./frame.ts";
import { processorTicks, residentMib, TICKS } from "./processes.ts";
import { atMost, measured, type Row } from "./row.ts";

const PER_SECOND = 50_000;
const SECONDS = 10;
/** Before it is measured: code that warms up, as in `idle`. */
const SETTLE_MS = 15_000;
const KINDS: readonly FloodKind[] = ["noise", "known-life", "unknown-life", "wrong-key", "replay"];

export async function benchFlood(ask: Ask): Promise<Row[]> {
  const rows: Row[] = [];
  for (const kind of KINDS) {
    const grown: number[] = [];
    const moved: number[] = [];
    const share: number[] = [];
    for (let round = 0; round < Math.min(ask.rounds, 3); round++) {
      await using cluster = await BenchCluster.start({ election: 'timing = "wan"\npreempt_delay = "60s"' });
      const result = await floodLeader(cluster, kind);
      grown.push(result.grownMib);
      moved.push(result.moved);
      share.push(result.processorPercent);
      ask.say(
        `${kind}: ${result.sent} sent, ${result.received} received, RSS +${
          result.grownMib.toFixed(1)
        } MiB, ${result.moved} leases moved`,
      );
    }
    const settings = `${kind}: ${PER_SECOND}/s for ${SECONDS} s at the leader, timing wan`;
    rows.push(
      measured({
        what: "flood: memory of the node grows by",
        settings,
        unit: "MiB",
        goals: [atMost("max", 20)],
      }, grown),
      measured({ what: "flood: leases that moved", settings, unit: "", goals: [atMost("max", 0)] }, moved),
      measured({ what: "flood: processor of the node", settings, unit: "% of a core" }, share),
    );
  }
  return rows;
}

interface Flooded {
  readonly sent: number;
  readonly received: number;
  readonly fromMib: number;
  readonly grownMib: number;
  readonly moved: number;
  readonly processorPercent: number;
}

/** Floods the leader once. */
async function floodLeader(cluster: BenchCluster, kind: FloodKind): Promise<Flooded> {
  await pause(SETTLE_MS);
  const leader = await cluster.leader() ?? 1;
  const status = await cluster.status(leader);
  const from = cluster.ids.find((id) => id !== leader) ?? 2;
  const other = await cluster.status(from);
  const { pid } = cluster.node(leader);
  const receivedBefore = await received(cluster, leader);
  const before = { mib: residentMib(pid), ticks: processorTicks(pid) };
  const sending = startFlood({
    host: "127.0.0.1",
    port: cluster.udpPort(leader),
    perSecond: PER_SECOND,
    seconds: SECONDS,
    kind,
    cluster: {
      name: "bench",
      key: cluster.key,
      members: cluster.ids.map((id) => ({ id, address: { host: "127.0.0.1", port: cluster.udpPort(id) } })),
      from,
      to: leader,
      incarnation: other?.node.incarnation ?? "",
    },
  });
  let most = before.mib;
  let ended = false;
  void sending.then(() => ended = true);
  const since = performance.now();
  while (!ended) {
    most = Math.max(most, residentMib(pid));
    await pause(50);
  }
  const seconds = (performance.now() - since) / 1000;
  const ticks = processorTicks(pid) - before.ticks;
  await pause(500);
  most = Math.max(most, residentMib(pid));
  const now = await cluster.status(leader);
  const moved = now?.leader?.epoch === status?.leader?.epoch ? 0 : 1;
  return {
    sent: await sending,
    received: await received(cluster, leader) - receivedBefore,
    fromMib: before.mib,
    grownMib: most - before.mib,
    moved,
    processorPercent: ticks / TICKS / seconds * 100,
  };
}

async function received(cluster: BenchCluster, id: number): Promise<number> {
  const text = await cluster.ask(id, "/metrics", 5000) ?? "";
  return Number(/^abfail_datagrams_received_total (\d+)/m.exec(text)?.[1] ?? 0);
}
