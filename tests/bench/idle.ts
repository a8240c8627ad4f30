/** What a node takes while nothing happens: three nodes, heartbeat 100 ms, two targets at 1 s. Linux only. */
import { pause, TestCluster } from "../support/cluster.ts";
import { type Figure, figure } from "./figure.ts";

const SECONDS = 20;
/** Ticks of /proc's processor times, a second (USER_HZ; 100 on every Linux of today). */
const TICKS = 100;

export async function benchIdle(): Promise<Figure[]> {
  await using cluster = new TestCluster({
    election: `timing = "wan"`,
    check: `type = "http"\ninterval = "1s"\nfast_interval = "250ms"`,
  });
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
  return [
    figure("idle node: memory (RSS), each of three", "MiB", pids.map(residentMib), 90),
    figure(`idle node: processor over ${SECONDS} s, each of three`, "% of a core", shares, 3),
  ];
}

function processorTicks(pid: number): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

function residentMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
  return Number(kib) / 1024;
}
