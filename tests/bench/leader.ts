/** From losing the leader to the next one that may act: killed, told to stop, told to step down. */
import { alternate, type Contestant, type Measure, type Round, type Subject } from "./alternate.ts";
import { BenchCluster } from "./cluster.ts";
import type { Ask } from "./frame.ts";
import { etcd } from "./peers/etcd.ts";
import { keepalived } from "./peers/keepalived.ts";
import { sentinel } from "./peers/sentinel.ts";
import { ABFAIL, atMost, type Row } from "./row.ts";

export type TimingName = "local" | "lan" | "wan";

/** What abfail promises for each, median ms; p99 for lan. */
const KILLED_GOALS = {
  local: [atMost("median", 200)],
  lan: [atMost("median", 450), atMost("p99", 550)],
  wan: [atMost("median", 1100)],
} as const;
const TIMINGS: readonly TimingName[] = ["lan", "local", "wan"];
export const LEASES: Readonly<Record<TimingName, number>> = { local: 150, lan: 400, wan: 1000 };

const KILLED = "leader SIGKILLed -> the next may act";

/** The peers' rounds come with timing lan; local and wan are their own rows. */
export async function benchLeader(ask: Ask): Promise<Row[]> {
  const rows: Row[] = [];
  for (const timing of TIMINGS) {
    const measures: Measure[] = [{ key: "ms", what: KILLED, unit: "ms", goals: KILLED_GOALS[timing] }];
    const peers = timing === "lan" ? [etcd("crash"), keepalived("crash"), sentinel("crash")] : [];
    rows.push(...await alternate(ask, measures, [own(timing, "SIGKILL"), ...peers]));
  }
  return rows;
}

/** SIGTERM and `step-down`. */
export async function benchStepDown(ask: Ask): Promise<Row[]> {
  const goals = [atMost("median", 10), atMost("p99", 30)];
  const told: Measure[] = [
    { key: "ms", what: "leader SIGTERMed -> the next may act", unit: "ms", goals },
    { key: "exitMs", what: "leader SIGTERMed -> its process has ended", unit: "ms" },
  ];
  const peers = [etcd("term"), keepalived("term")];
  const stepped: Measure[] = [{ key: "ms", what: "step-down -> the next may act", unit: "ms", goals }];
  return [
    ...await alternate(ask, told, [own("lan", "SIGTERM"), ...peers]),
    ...await alternate(ask, stepped, [own("lan", "step-down"), sentinel("step-down")]),
  ];
}

type Fault = "SIGKILL" | "SIGTERM" | "step-down";

function own(timing: TimingName, fault: Fault): Subject {
  return {
    who: ABFAIL,
    settings: `timing ${timing} (lease ${LEASES[timing]} ms), 3 nodes`,
    absent: null,
    open: async () => {
      // Without preemption: whoever leads is struck, and no wait until the first leads again.
      const cluster = await BenchCluster.start({ election: `timing = "${timing}"\npreempt = false` });
      return new Struck(cluster, fault);
    },
  };
}

class Struck implements Contestant {
  readonly #cluster: BenchCluster;
  readonly #fault: Fault;

  constructor(cluster: BenchCluster, fault: Fault) {
    this.#cluster = cluster;
    this.#fault = fault;
  }

  async round(): Promise<Round> {
    const cluster = this.#cluster;
    const leader = await cluster.untilCalm();
    const others = cluster.ids.filter((id) => id !== leader);
    const since = performance.now();
    if (this.#fault === "step-down") {
      void cluster.ask(leader, "/v1/step-down", 3000, "POST");
      return { ms: (await cluster.untilLogged(others, "lease", since)).at - since };
    }
    const node = cluster.node(leader);
    node.kill(this.#fault);
    const ended = node.ended.then(() => performance.now() - since);
    const lease = await cluster.untilLogged(others, "lease", since);
    const exitMs = await ended;
    cluster.startNode(leader);
    return this.#fault === "SIGTERM" ? { ms: lease.at - since, exitMs } : { ms: lease.at - since };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster[Symbol.asyncDispose]();
  }
}
