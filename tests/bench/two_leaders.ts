/** Whether two lead at once: after the leader's process was stopped for 5 s, and when its host is cut off. */
import { pause } from "../support/cluster.ts";
import { Netns, netnsProblem } from "../support/netns.ts";
import { alternate, type Contestant, type Measure, type Round, type Subject } from "./alternate.ts";
import { BenchCluster } from "./cluster.ts";
import type { Ask } from "./frame.ts";
import { keep } from "./keep.ts";
import { etcd } from "./peers/etcd.ts";
import { keepalived } from "./peers/keepalived.ts";
import { sentinel } from "./peers/sentinel.ts";
import { PAUSE_MS } from "./peers/trio.ts";
import { ABFAIL, atMost, type Row } from "./row.ts";
import { LeaderWatch } from "./watch.ts";

const SETTINGS = "timing lan, 3 nodes, certain intervals";
const ELECTION = `timing = "lan"\npreempt = false`;
/** How long the hosts stay cut off; far longer than any lease. */
const CUT_MS = 5000;
/** Watched after the fault is over, ms. */
const AFTER_MS = 1500;

export async function benchPause(ask: Ask): Promise<Row[]> {
  const measures: Measure[] = [
    { key: "ms", what: "leader stopped for 5 s -> the next may act", unit: "ms" },
    {
      key: "overlapMs",
      what: "leader stopped for 5 s, goes on: two leaders at once",
      unit: "ms",
      goals: [atMost("max", 0)],
    },
  ];
  const own: Subject = {
    who: ABFAIL,
    settings: SETTINGS,
    absent: null,
    open: async () => new Paused(await BenchCluster.start({ election: ELECTION })),
  };
  return await alternate(ask, measures, [own, etcd("pause"), keepalived("pause"), sentinel("pause")]);
}

export async function benchPartition(ask: Ask): Promise<Row[]> {
  const measures: Measure[] = [
    { key: "ms", what: "leader's host cut off -> the next may act", unit: "ms" },
    {
      key: "overlapMs",
      what: "leader's host cut off, joins again: two leaders at once",
      unit: "ms",
      goals: [atMost("max", 0)],
    },
  ];
  const own: Subject = {
    who: ABFAIL,
    settings: SETTINGS,
    absent: netnsProblem(),
    open: async () => {
      const net = keep(await Netns.create(["n1", "n2", "n3"]));
      const cluster = await BenchCluster.start({ election: ELECTION, net: { on: net, prefix: "n" } });
      return new Cut(cluster, net);
    },
  };
  return await alternate(ask, measures, [
    own,
    etcd("partition"),
    keepalived("partition"),
    sentinel("partition"),
  ]);
}

class Paused implements Contestant {
  readonly #cluster: BenchCluster;

  constructor(cluster: BenchCluster) {
    this.#cluster = cluster;
  }

  async round(): Promise<Round> {
    const cluster = this.#cluster;
    const leader = await cluster.untilCalm();
    const others = cluster.ids.filter((id) => id !== leader);
    const watch = new LeaderWatch(cluster);
    await pause(AFTER_MS / 3);
    const since = performance.now();
    cluster.node(leader).kill("SIGSTOP");
    const lease = await cluster.untilLogged(others, "lease", since);
    await pause(since + PAUSE_MS - performance.now());
    cluster.node(leader).kill("SIGCONT");
    await pause(AFTER_MS);
    return { ms: lease.at - since, overlapMs: await watch.overlapMs(since) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster[Symbol.asyncDispose]();
  }
}

class Cut implements Contestant {
  readonly #cluster: BenchCluster;
  readonly #net: Netns;

  constructor(cluster: BenchCluster, net: Netns) {
    this.#cluster = cluster;
    this.#net = net;
  }

  async round(): Promise<Round> {
    const cluster = this.#cluster;
    const leader = await cluster.untilCalm();
    const others = cluster.ids.filter((id) => id !== leader);
    const watch = new LeaderWatch(cluster);
    await pause(AFTER_MS / 3);
    const since = performance.now();
    await this.#net.isolate(`n${leader}`);
    const lease = await cluster.untilLogged(others, "lease", since);
    await pause(since + CUT_MS - performance.now());
    await this.#net.rejoin();
    await pause(AFTER_MS);
    return { ms: lease.at - since, overlapMs: await watch.overlapMs(since) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster[Symbol.asyncDispose]();
    await this.#net[Symbol.asyncDispose]();
  }
}
