/** From killing the primary to the moved answer of the embedded DNS server. */
import { askAddress } from "../../src/drill/ask.ts";
import { pause, TestCluster } from "../support/cluster.ts";
import type { Ask } from "./frame.ts";
import { keep } from "./keep.ts";
import { atMost, measured, type Row } from "./row.ts";

const INTERVAL_MS = 200;
const FAST_INTERVAL_MS = 100;
/** The promise: connection refused, fall = 2, an idle machine. */
const BOUND_MS = INTERVAL_MS + FAST_INTERVAL_MS + 50;

export async function benchFailover(ask: Ask): Promise<Row[]> {
  await using cluster = keep(
    new TestCluster({
      check: `type = "http"
interval = "${INTERVAL_MS}ms"
fast_interval = "${FAST_INTERVAL_MS}ms"
timeout = "400ms"
fall = 2
rise = 2`,
    }),
  );
  await cluster.startAll();
  const leader: number[] = [];
  const everywhere: number[] = [];
  for (let round = 0; round < ask.rounds; round++) {
    await cluster.untilAnswered("web-a");
    await pause(500 + Math.random() * INTERVAL_MS); // any phase of the probes
    const since = performance.now();
    const stopped = cluster.service("web-a").stop();
    const moved = await Promise.all([1, 2, 3].map((id) => moves(cluster, id)));
    await stopped;
    leader.push((moved[0] as number) - since);
    everywhere.push(Math.max(...moved) - since);
    cluster.service("web-a").start();
  }
  const settings = `interval ${INTERVAL_MS} ms, fast ${FAST_INTERVAL_MS} ms, fall 2`;
  const goals = [atMost("max", BOUND_MS)];
  return [
    measured({ what: "primary killed -> the leader's DNS moved", unit: "ms", settings, goals }, leader),
    measured(
      { what: "primary killed -> the DNS of all three nodes moved", unit: "ms", settings, goals },
      everywhere,
    ),
  ];
}

/** The moment when a node's DNS gave the backup's address. */
async function moves(cluster: TestCluster, id: number): Promise<number> {
  const { dns } = cluster.plan.nodes.find((node) => node.id === id)!;
  const wanted = cluster.addressOf("web-b");
  while (await askAddress(dns, cluster.plan.name, 200) !== wanted) await pause(2);
  return performance.now();
}
