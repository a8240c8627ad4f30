/** What more nodes cost: the takeover and the datagrams of each node, 3 to 15 nodes on this one machine. */
import { pause } from "../support/cluster.ts";
import { alternate, type Contestant, type Measure, type Round, type Subject } from "./alternate.ts";
import { BenchCluster } from "./cluster.ts";
import type { Ask } from "./frame.ts";
import { ABFAIL, type Row } from "./row.ts";

const SIZES = [3, 5, 7, 9, 15] as const;
/** How long datagrams are counted, ms. */
const COUNT_MS = 2000;

export async function benchNodes(ask: Ask): Promise<Row[]> {
  const rows: Row[] = [];
  for (const size of SIZES) {
    const measures: Measure[] = [
      { key: "ms", what: `${size} nodes: leader SIGKILLed -> the next may act`, unit: "ms" },
      { key: "leader", what: `${size} nodes: datagrams sent by the leader`, unit: "1/s" },
      { key: "follower", what: `${size} nodes: datagrams sent by a follower`, unit: "1/s" },
    ];
    const own: Subject = {
      who: ABFAIL,
      settings: "timing lan (lease 400 ms)",
      absent: null,
      open: async () => {
        return new Sized(
          await BenchCluster.start({ nodes: size, election: `timing = "lan"\npreempt = false` }),
        );
      },
    };
    rows.push(...await alternate(ask, measures, [own]));
  }
  return rows;
}

class Sized implements Contestant {
  readonly #cluster: BenchCluster;

  constructor(cluster: BenchCluster) {
    this.#cluster = cluster;
  }

  async round(): Promise<Round> {
    const cluster = this.#cluster;
    const leader = await cluster.untilCalm();
    const others = cluster.ids.filter((id) => id !== leader);
    const asked = [leader, others[0] as number];
    const before = await Promise.all(asked.map((id) => sentBy(cluster, id)));
    const from = performance.now();
    await pause(COUNT_MS);
    const after = await Promise.all(asked.map((id) => sentBy(cluster, id)));
    const seconds = (performance.now() - from) / 1000;
    const [byLeader, byFollower] = after.map((count, i) => (count - (before[i] as number)) / seconds);
    const since = performance.now();
    cluster.node(leader).kill("SIGKILL");
    const lease = await cluster.untilLogged(others, "lease", since);
    await cluster.node(leader).ended;
    cluster.startNode(leader);
    return { ms: lease.at - since, leader: byLeader as number, follower: byFollower as number };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster[Symbol.asyncDispose]();
  }
}

async function sentBy(cluster: BenchCluster, id: number): Promise<number> {
  const page = await cluster.ask(id, "/metrics");
  const found = /^abfail_datagrams_sent_total (\d+)/m.exec(page ?? "");
  if (found === null) throw new Error("the node does not say how much it sent");
  return Number(found[1]);
}
