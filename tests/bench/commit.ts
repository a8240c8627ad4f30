/** A cluster state too large for a datagram: 1,000 services, committed in chunks, with a takeover in between. */
import { freePorts } from "../../src/drill/ports.ts";
import { pause } from "../support/cluster.ts";
import { alternate, type Contestant, type Measure, type Round, type Subject } from "./alternate.ts";
import { BenchCluster } from "./cluster.ts";
import type { Ask } from "./frame.ts";
import { ABFAIL, atMost, type Row } from "./row.ts";
import { serviceText } from "./service_text.ts";
import { type BenchTarget, startTarget } from "./target.ts";

const SERVICES = 1000;
/** Switches by hand in each round; the takeover comes after them. */
const SWITCHES = 3;
const FIRST_MS = 60_000;

export async function benchCommit(ask: Ask): Promise<Row[]> {
  const what = `state of ${SERVICES} services`;
  const measures: Measure[] = [
    {
      key: "commitMs",
      what: `${what}: a switch asked for -> committed`,
      unit: "ms",
      goals: [atMost("median", 100)],
    },
    { key: "followMs", what: `${what}: a switch asked for -> known to all nodes`, unit: "ms" },
    {
      key: "killMs",
      what: `${what}: leader SIGKILLed -> the next may act`,
      unit: "ms",
      goals: [atMost("median", 450), atMost("p99", 550)],
    },
  ];
  const own: Subject = {
    who: ABFAIL,
    settings: "timing lan, 3 nodes, 2 targets each",
    absent: null,
    open: openOwn,
  };
  return await alternate(ask, measures, [own]);
}

async function openOwn(): Promise<Contestant> {
  const [port] = freePorts(1) as [number];
  const target = startTarget({ host: "127.0.0.1", port });
  const services = Array.from({ length: SERVICES }, (_, i) =>
    serviceText(`s${i}`, port, {
      check: `interval = "60s"\ntimeout = "5s"`,
      settings: `min_hold = "10ms"`,
    }));
  const cluster = await BenchCluster.start({
    election: `timing = "lan"\npreempt = false`,
    rest: services.join(""),
  });
  const end = performance.now() + FIRST_MS;
  for (;;) {
    const status = await cluster.status(1);
    const active = status?.services.filter((service) => service.active !== null).length ?? 0;
    if (active === SERVICES) break;
    if (performance.now() > end) throw new Error(`only ${active} services have an active target`);
    await pause(500);
  }
  return new Committing(cluster, target);
}

class Committing implements Contestant {
  readonly #cluster: BenchCluster;
  readonly #target: BenchTarget;

  constructor(cluster: BenchCluster, target: BenchTarget) {
    this.#cluster = cluster;
    this.#target = target;
  }

  async round(index: number): Promise<Round> {
    const cluster = this.#cluster;
    const leader = await cluster.untilCalm();
    let [commitMs, followMs] = [0, 0];
    for (let i = 0; i < SWITCHES; i++) {
      const service = `s${(index * SWITCHES + i) * 7 % SERVICES}`; // another one each time: all are on a
      const since = performance.now();
      const path = `/v1/services/${service}/switch`;
      const answer = await cluster.ask(leader, path, 5000, "POST", { target: "b" });
      if (answer === null) throw new Error(`${service} was not switched`);
      commitMs += (performance.now() - since) / SWITCHES;
      const others = cluster.ids.filter((id) => id !== leader);
      const known = await Promise.all(others.map((id) => cluster.untilLogged([id], "switch", since)));
      followMs += (Math.max(...known.map(({ at }) => at)) - since) / SWITCHES;
      await pause(200);
    }
    const others = cluster.ids.filter((id) => id !== leader);
    const since = performance.now();
    cluster.node(leader).kill("SIGKILL");
    const lease = await cluster.untilLogged(others, "lease", since);
    await cluster.node(leader).ended;
    cluster.startNode(leader);
    return { commitMs, followMs, killMs: lease.at - since };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster[Symbol.asyncDispose]();
    await this.#target[Symbol.asyncDispose]();
  }
}
