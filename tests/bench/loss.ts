/**
 * Loss of datagrams without any other fault: how often the leader changes, and for what share of the time there is one.
 * Several clusters at once, each on a switch of its own that loses at random, for three minutes. A loss rate is one row of
 * as many rounds as clusters times minutes.
 */
import { pause } from "../support/cluster.ts";
import { Netns, netnsProblem } from "../support/netns.ts";
import { BenchCluster } from "./cluster.ts";
import type { Ask } from "./frame.ts";
import { keep } from "./keep.ts";
import { ETCD } from "./peers/etcd.ts";
import { KEEPALIVED } from "./peers/keepalived.ts";
import { type Trio, type TrioKind, whyAbsent } from "./peers/trio.ts";
import { ABFAIL, atLeast, atMost, measured, type Row, without } from "./row.ts";
import { covered, type Interval } from "./watch.ts";

const RATES = [20, 30] as const;
const MINUTES = Number(Deno.env.get("ABFAIL_BENCH_LOSS_MINUTES") ?? 3);
const MINUTE_MS = 60_000;
/** Clusters at once for each rate: `rounds` minutes of each rate at least. */
const clustersFor = (ask: Ask): number => Math.ceil(ask.rounds / MINUTES);

/** One cluster on a lossy switch, ours or a peer's. */
interface Lossy {
  readonly net: Netns;
  intervals(until: number): readonly (readonly Interval[])[];
}

export async function benchLoss(ask: Ask): Promise<Row[]> {
  const problem = netnsProblem();
  const settings = `timing lan, 3 nodes, ${clustersFor(ask)} clusters at once`;
  const rows = problem === null
    ? await measureLoss(ask, ABFAIL, settings, openOwn)
    : RATES.flatMap((rate) => rowsOf(rate, ABFAIL, settings, [], problem));
  if (!ask.vs) return rows;
  for (const kind of [ETCD, KEEPALIVED]) rows.push(...await peerRows(ask, kind));
  return rows;
}

async function peerRows(ask: Ask, kind: TrioKind): Promise<Row[]> {
  const absent = whyAbsent(kind.needs);
  if (absent !== null) return RATES.flatMap((rate) => rowsOf(rate, kind.who, kind.settings, [], absent));
  return await measureLoss(ask, kind.who, kind.settings, async (): Promise<Trio> => keep(await kind.open()));
}

async function openOwn(): Promise<Lossy & AsyncDisposable> {
  const net = keep(await Netns.create(["n1", "n2", "n3"]));
  const cluster = await BenchCluster.start({ election: `timing = "lan"`, net: { on: net, prefix: "n" } });
  return keep({
    net,
    intervals: (until: number) => cluster.ids.map((id) => leadsByLog(cluster, id, until)),
    async [Symbol.asyncDispose](): Promise<void> {
      await cluster[Symbol.asyncDispose]();
      await net[Symbol.asyncDispose]();
    },
  });
}

/** A node leads from `lease` until `lease-lost` (which says how late it is) or `released`. */
function leadsByLog(cluster: BenchCluster, id: number, until: number): Interval[] {
  const list: Interval[] = [];
  let from: number | null = null;
  for (const { at, name, data } of cluster.node(id).log) {
    if (name === "lease") from ??= at;
    if (from === null || (name !== "lease-lost" && name !== "released")) continue;
    list.push({ from, to: at - (name === "lease-lost" ? Number(data.lateMs ?? 0) : 0) });
    from = null;
  }
  if (from !== null) list.push({ from, to: until });
  return list;
}

/** One cluster's minute. */
interface Minute {
  readonly changes: number;
  readonly led: number;
}

async function measureLoss(
  ask: Ask,
  who: string,
  settings: string,
  open: () => Promise<Lossy & AsyncDisposable>,
): Promise<Row[]> {
  const beds: { readonly rate: number; readonly lossy: Lossy & AsyncDisposable }[] = [];
  try {
    for (let i = 0; i < clustersFor(ask); i++) {
      for (const rate of RATES) beds.push({ rate, lossy: await open() });
    }
    const since = performance.now();
    for (const { rate, lossy } of beds) await lossy.net.loseAll(rate);
    await pause(MINUTES * MINUTE_MS + performance.now() - since);
    const now = performance.now();
    return RATES.flatMap((rate) => {
      const minutes = beds.filter((bed) => bed.rate === rate).flatMap(({ lossy }) => {
        const all = lossy.intervals(now);
        return Array.from({ length: MINUTES }, (_, i) => minuteOf(all, now - (i + 1) * MINUTE_MS));
      });
      return rowsOf(rate, who, settings, minutes, null);
    });
  } finally {
    await Promise.all(beds.map(({ lossy }) => lossy[Symbol.asyncDispose]()));
  }
}

function minuteOf(all: readonly (readonly Interval[])[], since: number): Minute {
  const until = since + MINUTE_MS;
  const changes = all.flat().filter(({ from }) => from > since && from <= until).length;
  return { changes, led: covered(all, since, until) / MINUTE_MS * 100 };
}

function rowsOf(
  rate: number,
  who: string,
  settings: string,
  minutes: readonly Minute[],
  absent: string | null,
): Row[] {
  const own = who === ABFAIL;
  const fault = `${rate} % of datagrams lost for ${MINUTES} min`;
  const changes = {
    what: `${fault}: changes of leader`,
    unit: "1/min",
    who,
    settings,
    goals: own ? [atMost("max", 0)] : [],
  };
  const led = {
    what: `${fault}: share of the time led`,
    unit: "%",
    who,
    settings,
    goals: own ? [atLeast("min", 99.9)] : [],
  };
  if (absent !== null) return [without(changes, absent), without(led, absent)];
  const mean = (list: readonly number[]): string =>
    (list.reduce((a, b) => a + b, 0) / list.length).toFixed(2);
  const [each, share] = [minutes.map((one) => one.changes), minutes.map((one) => one.led)];
  return [
    measured({ ...changes, note: `mean ${mean(each)}` }, each),
    measured({ ...led, note: `mean ${mean(share)}` }, share),
  ];
}
