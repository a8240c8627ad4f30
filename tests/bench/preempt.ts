/** A node with more authority takes over: how long nobody leads, and whether ever two do. */
import { alternate, type Contestant, type Measure, type Round, type Subject } from "./alternate.ts";
import { BenchCluster } from "./cluster.ts";
import type { Ask } from "./frame.ts";
import { ABFAIL, atMost, type Row } from "./row.ts";
import { LeaderWatch } from "./watch.ts";

const ELECTION = `timing = "lan"\npreempt_delay = "500ms"`;

/** No peer hands over in such a way; libab's figures were taken elsewhere. */
export async function benchPreempt(ask: Ask): Promise<Row[]> {
  const measures: Measure[] = [
    { key: "gapMs", what: "preemption: without a leader for", unit: "ms", goals: [atMost("max", 10)] },
    { key: "overlapMs", what: "preemption: two leaders at once", unit: "ms", goals: [atMost("max", 0)] },
  ];
  const subject: Subject = {
    who: ABFAIL,
    settings: "timing lan, preempt_delay 500 ms, 3 nodes",
    absent: null,
    open: async () => new Preempted(await BenchCluster.start({ election: ELECTION })),
  };
  return await alternate(ask, measures, [subject]);
}

class Preempted implements Contestant {
  readonly #cluster: BenchCluster;

  constructor(cluster: BenchCluster) {
    this.#cluster = cluster;
  }

  async round(): Promise<Round> {
    const cluster = this.#cluster;
    await cluster.untilCalm(1);
    cluster.node(1).kill("SIGTERM");
    await cluster.node(1).ended;
    const since = performance.now();
    cluster.startNode(1);
    const watch = new LeaderWatch(cluster);
    const released = await cluster.untilLogged([2, 3], "released", since);
    const lease = await cluster.untilLogged([1], "lease", since);
    return { gapMs: Math.max(0, lease.at - released.at), overlapMs: await watch.overlapMs(since) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster[Symbol.asyncDispose]();
  }
}
