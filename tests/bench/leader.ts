/** From losing the leader to the next one. */
import { TestCluster } from "../support/cluster.ts";
import type { Ask } from "./frame.ts";
import { keep } from "./keep.ts";
import { atMost, measured, type Row } from "./row.ts";

/** Of `timing = "lan"`. */
const LEASE_MS = 400;

export async function benchLeader(ask: Ask): Promise<Row[]> {
  await using cluster = keep(new TestCluster({ election: `timing = "lan"\npreempt_delay = "500ms"` }));
  await cluster.startAll();
  const killed: number[] = [];
  const told: number[] = [];
  const handedOver: number[] = [];
  const exited: number[] = [];
  for (let round = 0; round < ask.rounds; round++) {
    for (const signal of ["SIGKILL", "SIGTERM"] as const) {
      const since = performance.now();
      cluster.node(1).kill(signal);
      const lease = await cluster.untilLogged(2, "lease", since);
      (signal === "SIGKILL" ? killed : told).push(lease.at - since);
      await cluster.node(1).ended;
      if (signal === "SIGTERM") exited.push(performance.now() - since);
      const startedAt = performance.now();
      cluster.start(1);
      const back = await cluster.untilLogged(1, "lease", startedAt);
      const released = await cluster.untilLogged(2, "released", startedAt);
      handedOver.push(back.at - released.at);
      await cluster.untilWell(1, "web-a");
    }
  }
  const settings = `timing lan (lease ${LEASE_MS} ms)`;
  const about = { settings, unit: "ms" };
  const quick = [atMost("median", 10), atMost("p99", 30)];
  return [
    measured({
      ...about,
      what: "leader SIGKILLed -> the next leads",
      goals: [atMost("median", 450), atMost("p99", 550)],
    }, killed),
    measured({ ...about, what: "leader SIGTERMed -> the next leads", goals: quick }, told),
    measured({ ...about, what: "leader SIGTERMed -> its process has ended", goals: [] }, exited),
    measured({ ...about, what: "preemption: gap without a leader", goals: [atMost("max", 10)] }, handedOver),
  ];
}
