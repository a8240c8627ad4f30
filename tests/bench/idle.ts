/** What a node takes while nothing happens: timing wan, two services with two targets each. Linux only. */
import { freePorts } from "../../src/drill/ports.ts";
import { pause } from "../support/cluster.ts";
import { BenchCluster } from "./cluster.ts";
import type { Ask } from "./frame.ts";
import { keep } from "./keep.ts";
import { ETCD } from "./peers/etcd.ts";
import { whyAbsent } from "./peers/trio.ts";
import { processorTicks, residentMib, TICKS } from "./processes.ts";
import { ABFAIL, atMost, measured, type Row, without } from "./row.ts";
import { serviceText } from "./service_text.ts";
import { startTarget } from "./target.ts";

const WINDOW_MS = 6000;
/** Before it is measured: code that warms up. */
const SETTLE_MS = 15_000;
const SHARE = "idle node: processor";
const MEMORY = "idle node: memory (RSS)";

export async function benchIdle(ask: Ask): Promise<Row[]> {
  await using peer = ask.vs && whyAbsent(ETCD.needs) === null ? keep(await ETCD.open()) : null;
  const [port] = freePorts(1) as [number];
  await using _target = startTarget({ host: "127.0.0.1", port });
  await using cluster = await BenchCluster.start({ election: `timing = "wan"`, rest: servicesAt(port) });
  await pause(SETTLE_MS);
  const own = { pids: cluster.ids.map((id) => cluster.node(id).pid), ...samples() };
  const theirs = { pids: peer?.programs.map(({ pid }) => pid) ?? [], ...samples() };
  for (let window = 0; window < ask.rounds; window++) {
    for (const who of ask.vs ? [own, theirs] : [own]) await measureWindow(who);
  }
  const goals = { share: [atMost("median", 1.5)], memory: [atMost("max", 80)] };
  const settings = "timing wan, 2 services x 2 targets at 1 s, each of 3";
  const about = { who: ABFAIL, settings };
  const rows = [
    measured({ ...about, what: SHARE, unit: "% of a core", goals: goals.share }, own.share),
    measured({ ...about, what: MEMORY, unit: "MiB", goals: goals.memory }, own.memory),
  ];
  if (!ask.vs) return rows;
  const other = { who: ETCD.who, settings: ETCD.settings };
  const absent = whyAbsent(ETCD.needs);
  if (absent !== null) return [...rows, without({ ...other, what: SHARE, unit: "% of a core" }, absent)];
  return [
    ...rows,
    measured({ ...other, what: SHARE, unit: "% of a core" }, theirs.share),
    measured({ ...other, what: MEMORY, unit: "MiB" }, theirs.memory),
  ];
}

interface Watched {
  readonly pids: readonly number[];
  readonly share: number[];
  readonly memory: number[];
}

function samples(): { readonly share: number[]; readonly memory: number[] } {
  return { share: [], memory: [] };
}

async function measureWindow({ pids, share, memory }: Watched): Promise<void> {
  const before = pids.map(processorTicks);
  const since = performance.now();
  await pause(WINDOW_MS);
  const seconds = (performance.now() - since) / 1000;
  for (const [i, pid] of pids.entries()) {
    share.push((processorTicks(pid) - (before[i] as number)) / TICKS / seconds * 100);
    memory.push(residentMib(pid));
  }
}

function servicesAt(port: number): string {
  return ["web", "api"].map((name) => serviceText(name, port, { check: `interval = "1s"` })).join("");
}
