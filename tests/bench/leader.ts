/** From losing the leader to the next one. */
import { TestCluster } from "../support/cluster.ts";
import { type Figure, figure } from "./figure.ts";

const ROUNDS = 8;
/** Of `timing = "lan"`. */
const LEASE_MS = 400;

export async function benchLeader(): Promise<Figure[]> {
  await using cluster = new TestCluster({ election: `timing = "lan"\npreempt_delay = "500ms"` });
  await cluster.startAll();
  const killed: number[] = [];
  const told: number[] = [];
  const handedOver: number[] = [];
  const exited: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
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
  return [
    figure(`leader SIGKILLed -> the next leads (lease ${LEASE_MS} ms)`, "ms", killed, LEASE_MS + 300),
    figure("leader SIGTERMed -> the next leads", "ms", told, 300),
    figure("leader SIGTERMed -> its process has ended", "ms", exited, 1000),
    figure("handover to a node with more authority: without a leader for", "ms", handedOver),
  ];
}
