/** What a node takes while nothing happens: three nodes, heartbeat 100 ms, two targets at 1 s. Linux only. */
import { pause, TestCluster } from "../support/cluster.ts";
import { keep } from "./keep.ts";
import { processorTicks, residentMib, TICKS } from "./processes.ts";
import { atMost, measured, type Row } from "./row.ts";

const SECONDS = 30;

export async function benchIdle(): Promise<Row[]> {
  await using cluster = keep(
    new TestCluster({
      election: `timing = "wan"`,
      check: `type = "http"\ninterval = "1s"\nfast_interval = "250ms"`,
    }),
  );
  await cluster.startAll();
  await pause(2000);
  const ids = [1, 2, 3];
  const pids = ids.map((id) => cluster.node(id).pid);
  const before = pids.map(processorTicks);
  const since = performance.now();
  await pause(SECONDS * 1000);
  const tookSeconds = (performance.now() - since) / 1000;
  const shares = pids.map((pid, i) =>
    (processorTicks(pid) - (before[i] as number)) / TICKS / tookSeconds * 100
  );
  const settings = `timing wan, 1 service x 2 targets at 1 s, each of three nodes`;
  const about = { settings, goals: [] };
  return [
    measured(
      { ...about, what: "idle node: memory (RSS)", unit: "MiB", goals: [atMost("max", 80)] },
      pids.map(residentMib),
    ),
    measured({
      ...about,
      what: `idle node: processor over ${SECONDS} s`,
      unit: "% of a core",
      goals: [atMost("max", 1.5)],
    }, shares),
  ];
}
