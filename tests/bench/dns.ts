/**
 * The embedded DNS server under dnsperf: one A record over UDP, 100 queries under way. At full speed, then at half of
 * that, each answer timed. The node that is asked leads meanwhile: how late its timers fire is measured too.
 */
import { freePorts } from "../../src/drill/ports.ts";
import { pause } from "../support/cluster.ts";
import { alternate, type Contestant, type Measure, type Round, type Subject } from "./alternate.ts";
import { BenchCluster } from "./cluster.ts";
import type { Ask } from "./frame.ts";
import { keep, keepFolder } from "./keep.ts";
import { GDNSD, type NameServerKind, POWERDNS, startNameServer } from "./peers/name_servers.ts";
import { PeerProgram } from "./peers/program.ts";
import { isInstalled, processorTicks, TICKS } from "./processes.ts";
import { startTarget } from "./target.ts";
import { ABFAIL, atLeast, atMost, percentile, type Row, timesPeer, without } from "./row.ts";

/** One run of dnsperf, s. */
const SECONDS = 4;
/** Queries that are timed beside the load, a second: few, as dnsperf's own printing takes the processor too. */
const TIMED_QPS = 500;
/** Queries under way at once; dnsperf's own default. */
const UNDER_WAY = 100;
const HEARTBEAT_MS = 50;
const NAME = "web.bench.test";
const PLAIN_NAME = "plain.example.com";

const MEASURES: readonly Measure[] = [
  {
    key: "qps",
    what: "DNS: queries answered",
    unit: "queries/s",
    goals: [timesPeer(">=", 1, "pdns"), timesPeer(">=", 0.5, "gdnsd")],
  },
  { key: "cpu", what: "DNS: processor time of the server", unit: "us/query" },
  {
    key: "p99",
    what: "DNS at half of that: 99 % are answered within",
    unit: "ms",
    goals: [atMost("median", 1)],
  },
  {
    key: "lost",
    what: "DNS at half of that: queries without an answer",
    unit: "%",
    goals: [atMost("max", 0.1)],
  },
  {
    key: "late",
    what: "DNS at full speed: latest timer of the node, which leads",
    unit: "ms",
    goals: [atMost("median", HEARTBEAT_MS)],
  },
  {
    key: "led",
    what: "DNS at full speed: the leader is the same afterwards (1 = yes)",
    unit: "",
    goals: [atLeast("min", 1)],
  },
];

export async function benchDns(ask: Ask): Promise<Row[]> {
  if (!isInstalled("dnsperf", "-h")) {
    return [without({ what: "DNS: queries answered", unit: "queries/s" }, "dnsperf is not installed")];
  }
  return await alternate(ask, MEASURES, [
    { who: ABFAIL, settings: "three nodes, timing lan; the leader is asked", absent: null, open: openAbfail },
    peer(GDNSD, "static record, udp_threads 1"),
    peer(POWERDNS, "static record, one receiver, one distributor, packet cache"),
    { who: "deno", settings: "a program that sends one fixed answer", absent: null, open: openFloor },
  ]);
}

async function openAbfail(): Promise<Contestant> {
  const [targetPort] = freePorts(1) as [number];
  const target = startTarget({ host: "127.0.0.1", port: targetPort });
  const cluster = await BenchCluster.start({
    election: `timing = "lan"\npreempt = false`,
    rest: `[dns]
zone = "bench.test"
nameservers = ["ns1.bench.test"]
[[services]]
name = "web"
[services.check]
type = "http"
[[services.targets]]
name = "a"
address = "127.0.0.1:${targetPort}"
publish = "192.0.2.1"
[[services.publish]]
type = "dns"
name = "${NAME}"
`,
  });
  const leader = await cluster.untilCalm();
  const port = cluster.dnsPorts[leader - 1] as number;
  await untilAnswered(port, NAME);
  return {
    async round(): Promise<Round> {
      const figures = await load(port, NAME, cluster.node(leader).pid, async () => {
        const metrics = await cluster.ask(leader, "/metrics") ?? "";
        return Number(/abfail_timer_lateness_max_seconds ([0-9.e+-]+)/.exec(metrics)?.[1]) * 1000;
      });
      return { ...figures, led: await cluster.leader() === leader ? 1 : 0 };
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await cluster[Symbol.asyncDispose]();
      await target[Symbol.asyncDispose]();
    },
  };
}

function peer(kind: NameServerKind, settings: string): Subject {
  return {
    who: kind.who,
    settings,
    absent: kind.absent(),
    open: async (): Promise<Contestant> => {
      const [port, checkPort] = freePorts(2) as [number, number];
      const listen = { host: "127.0.0.1", port };
      const server = startNameServer(kind, { listen, primary: "127.0.0.1", backup: "127.0.0.1", checkPort });
      await untilAnswered(port, PLAIN_NAME);
      return {
        round: () => load(port, PLAIN_NAME, server.pid, null),
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    },
  };
}

/** The runtime without abfail: what no server on it can better. */
async function openFloor(): Promise<Contestant> {
  const [port] = freePorts(1) as [number];
  const file = new URL("./peers/fixed_answer.ts", import.meta.url).pathname;
  const flags = ["-q", "--unstable-net", "-A", "--v8-flags=--no-parallel-scavenge"]; // as abfail has it
  const program = new PeerProgram([Deno.execPath(), "run", ...flags, file, String(port)]);
  const kept = keep({ [Symbol.asyncDispose]: () => program.stop() });
  await untilAnswered(port, PLAIN_NAME);
  return {
    round: () => load(port, PLAIN_NAME, program.pid, null),
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

/** Full speed, then half of it. `lateMs` is asked right after full speed. */
async function load(
  port: number,
  name: string,
  pid: number,
  lateMs: (() => Promise<number>) | null,
): Promise<Round> {
  const before = processorTicks(pid);
  const full = await dnsperf(port, name, null);
  const ticks = processorTicks(pid) - before;
  const late: Round = lateMs === null ? {} : { late: await lateMs() };
  const [half, timed] = await Promise.all([
    dnsperf(port, name, Math.round(full.qps / 2)),
    dnsperf(port, name, TIMED_QPS, true),
  ]);
  return {
    qps: full.qps,
    cpu: ticks / TICKS * 1e6 / full.completed,
    p99: timed.p99Ms,
    lost: (half.lost + timed.lost) / (half.sent + timed.sent) * 100,
    ...late,
  };
}

interface Perf {
  readonly qps: number;
  readonly sent: number;
  readonly completed: number;
  readonly lost: number;
  /** NaN where no answer was timed. */
  readonly p99Ms: number;
}

/** `limit`: queries a second at most; null: as many as it can. `timed`: it prints how long each answer took. */
async function dnsperf(port: number, name: string, limit: number | null, timed = false): Promise<Perf> {
  await using folder = keepFolder();
  const file = (part: string): string => `${folder.path}/${part}`;
  await Deno.writeTextFile(file("queries"), `${name} A\n`);
  const args = [`-s127.0.0.1`, `-p${port}`, `-d${file("queries")}`, `-l${SECONDS}`, `-c${UNDER_WAY}`];
  args.push(`-q${UNDER_WAY}`, "-T1", ...(limit === null ? [] : [`-Q${limit}`]), ...(timed ? ["-v"] : []));
  // Into a file: whoever reads a line for each query meanwhile takes the processor that is measured.
  const script = `exec dnsperf ${args.join(" ")} > "${file("out")}" 2>&1`;
  const child = new Deno.Command("sh", {
    args: ["-c", script],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
  const running = child.spawn();
  await using _kept = keep({
    [Symbol.asyncDispose]: async (): Promise<void> => {
      try {
        running.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await running.status;
    },
  });
  await running.status;
  return readPerf(await Deno.readTextFile(file("out")));
}

/** Reads what dnsperf printed: its summary, and with -v a line for each answer (`> NOERROR name A 0.000123`). */
export function readPerf(text: string): Perf {
  const number = (label: string): number => {
    const found = new RegExp(`${label}:\\s+([0-9.]+)`).exec(text)?.[1];
    if (found === undefined) throw new Error(`dnsperf told no "${label}": ${text.slice(-300)}`);
    return Number(found);
  };
  const rcodes = /Response codes:\s+(.*)/.exec(text)?.[1] ?? "";
  if (!/^NOERROR \d+ \(100\.00%\)$/.test(rcodes.trim())) throw new Error(`answers were: ${rcodes}`);
  const times = [...text.matchAll(/^> NOERROR \S+ \S+ ([0-9.]+)$/gm)].map(([, time]) => Number(time) * 1000);
  const p99 = percentile(times.toSorted((a, b) => a - b), 0.99);
  return {
    qps: number("Queries per second"),
    sent: number("Queries sent"),
    completed: number("Queries completed"),
    lost: number("Queries lost"),
    p99Ms: p99 ?? NaN,
  };
}

async function untilAnswered(port: number, name: string): Promise<void> {
  const end = performance.now() + 20_000;
  const nameServer = { ipAddr: "127.0.0.1", port };
  for (;;) {
    try {
      if ((await Deno.resolveDns(name, "A", { nameServer })).length > 0) return;
    } catch {
      // Not yet.
    }
    if (performance.now() > end) throw new Error(`no answer for ${name} on port ${port}`);
    await pause(50);
  }
}
