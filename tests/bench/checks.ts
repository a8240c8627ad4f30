/**
 * What many checks cost: one node with 5,000 HTTP targets at 1 s on loopback addresses that one server answers, once
 * alone and once as the leader, whose verdict alone counts; with `--vs` HAProxy with the same targets. Linux only.
 */
import assert from "node:assert/strict";
import { fetchWithin } from "../../src/drill/ask.ts";
import { NodeProcess } from "../../src/drill/node_process.ts";
import { testLauncher } from "../support/abfail.ts";
import { pause, randomKey } from "../support/cluster.ts";
import type { Ask } from "./frame.ts";
import { keep, keepFolder } from "./keep.ts";
import {
  isInstalled,
  processorTicks,
  type Program,
  residentMib,
  startProgram,
  stoppable,
  TICKS,
} from "./processes.ts";
import { atMost, type Goal, measured, type Row, timesPeer, without } from "./row.ts";

const TARGETS = Number(Deno.env.get("ABFAIL_BENCH_TARGETS") ?? 5000);
const WINDOW_MS = 6000;
/** First verdicts, code that warms up, ms: measured apart. */
const SETTLE_MS = 10_000;
/** Recent lateness reaches back a minute at most, ms: until the start is forgotten. */
const FORGET_MS = 52_000;
const PER_SERVICE = 32;

/** What is summed up in one window. */
interface Samples {
  readonly rate: number[];
  readonly share: number[];
  readonly each: number[];
  readonly memory: number[];
  readonly p50: number[];
  readonly p99: number[];
  readonly longest: number[];
  /** In the first ten seconds. */
  readonly cold: number[];
  readonly files: number[];
}

const WHAT = `${TARGETS} http targets at 1 s`;

/** Windows of 6 s; with `--vs` in blocks, node and HAProxy in turn, one at a time: there are only so many cores. */
export async function benchChecks(ask: Ask): Promise<Row[]> {
  await using folder = keepFolder();
  await using responder = await startResponder(folder.path);
  const [own, leader, other] = [samples(), samples(), samples()];
  const hasPeer = ask.vs && isInstalled("haproxy", "-v");
  const blocks = hasPeer ? 2 : 1;
  const windows = Math.ceil(ask.rounds / blocks);
  for (let block = 0; block < blocks; block++) {
    await measureNode(folder.path, responder.port, windows, own, false);
    await measureNode(folder.path, responder.port, windows, leader, true);
    if (hasPeer) await measureHaproxy(folder.path, responder.port, windows, other);
  }
  const rows = [
    ...rowsOf(own, "abfail", "one node of three, interval 1 s, timeout 800 ms"),
    ...rowsOf(leader, "abfail", "the leader, who decides; interval 1 s, timeout 800 ms"),
  ];
  if (!ask.vs) return rows;
  const settings = "option httpchk, inter 1s, nbthread 1";
  if (hasPeer) return [...rows, ...rowsOf(other, "haproxy", settings)];
  return [...rows, without({ what: WHAT, who: "haproxy", unit: "" }, "not installed")];
}

function samples(): Samples {
  return { rate: [], share: [], each: [], memory: [], p50: [], p99: [], longest: [], cold: [], files: [] };
}

function rowsOf(from: Samples, who: string, settings: string): Row[] {
  const row = (what: string, unit: string, list: readonly number[], goals: readonly Goal[] = []): Row[] => {
    if (list.length === 0) return [];
    return [
      measured({ what: `${WHAT}: ${what}`, who, settings, unit, goals: who === "abfail" ? goals : [] }, list),
    ];
  };
  return [
    ...row("probes a second", "1/s", from.rate),
    ...row("processor", "% of a core", from.share, [timesPeer("<=", 5, "haproxy")]),
    ...row("processor time for 1,000 probes", "ms", from.each),
    ...row("memory (RSS)", "MiB", from.memory, [atMost("max", 250)]),
    ...row("start lateness within a minute, p50", "ms", from.p50),
    ...row("start lateness within a minute, p99", "ms", from.p99, [atMost("max", 50)]),
    ...row("start lateness within a minute, longest", "ms", from.longest),
    ...row("start lateness in the first 10 s, p99", "ms", from.cold),
    ...row("open files", "", from.files),
  ];
}

/** Loopback addresses of their own, one for each target. */
function addressOf(i: number): string {
  return `127.1.${Math.floor(i / 200)}.${1 + i % 200}`;
}

async function measureNode(
  folder: string,
  port: number,
  windows: number,
  into: Samples,
  leads: boolean,
): Promise<void> {
  const cluster = clusterConfig();
  const api = cluster.api[0] as number;
  const start = async (id: number, targets: number): Promise<NodeProcess> => {
    const file = `${folder}/abfail-${id}.toml`;
    await Deno.writeTextFile(file, cluster.text + servicesConfig(port, targets), { mode: 0o600 });
    const args = ["run", "--config", file, "--node-id", String(id), "--log-level", "error"];
    return new NodeProcess(testLauncher(), args);
  };
  await using node = keep(stoppable(await start(1, TARGETS)));
  // The others have a vote and nothing to check: there are only so many cores.
  await using others = keep(new AsyncDisposableStack());
  if (leads) { for (const id of [2, 3]) others.use(keep(stoppable(await start(id, 1)))); }
  await pause(SETTLE_MS);
  if (leads) {
    const { status } = await fetchWithin(`http://127.0.0.1:${api}/leader`, 5000) ?? {};
    assert.equal(status, 200, "the node with all targets leads");
  }
  const lateMs = (page: string, share: string): number =>
    metric(page, `probe_start_lateness_recent_seconds{share="${share}"}`) * 1000;
  into.cold.push(lateMs(await metrics(api), "0.99"));
  await pause(FORGET_MS);
  for (let window = 0; window < windows; window++) {
    const started = async (): Promise<number> => metric(await metrics(api), "probes_started_total");
    const [probes, ticks, since] = [await started(), processorTicks(node.pid), performance.now()];
    await pause(WINDOW_MS);
    const seconds = (performance.now() - since) / 1000;
    const used = (processorTicks(node.pid) - ticks) / TICKS;
    const page = await metrics(api);
    const count = metric(page, "probes_started_total") - probes;
    const up = page.match(/^abfail_probe_success\{[^}]*\} 1$/gm)?.length ?? 0;
    assert.equal(up, TARGETS, "every target is up");
    into.rate.push(count / seconds);
    into.share.push(used / seconds * 100);
    into.each.push(used / count * 1e6);
    into.memory.push(residentMib(node.pid));
    into.p50.push(lateMs(page, "0.5"));
    into.p99.push(lateMs(page, "0.99"));
    into.longest.push(lateMs(page, "1"));
    into.files.push(openFiles(node.pid));
  }
}

async function measureHaproxy(folder: string, port: number, windows: number, into: Samples): Promise<void> {
  const servers = Array.from({ length: TARGETS }, (_, i) => {
    return `  server s${i} ${addressOf(i)}:${port} check inter 1s fall 3 rise 2\n`;
  });
  const file = `${folder}/checks.cfg`;
  await Deno.writeTextFile(
    file,
    `global
  nbthread 1
defaults
  mode http
  timeout connect 800ms
  timeout server 800ms
  timeout client 5s
  timeout check 800ms
frontend f
  bind 127.0.0.1:${freePort()}
  default_backend b
backend b
  option httpchk GET /
${servers.join("")}`,
  );
  await using child = haproxy(file);
  await pause(SETTLE_MS);
  for (let window = 0; window < windows; window++) {
    const [ticks, since] = [processorTicks(child.pid), performance.now()];
    await pause(WINDOW_MS);
    const seconds = (performance.now() - since) / 1000;
    const used = (processorTicks(child.pid) - ticks) / TICKS;
    into.share.push(used / seconds * 100);
    into.each.push(used / (TARGETS * seconds) * 1e6);
    into.memory.push(residentMib(child.pid));
  }
}

/** A server on every loopback address: HAProxy where there is one, else Deno's own. */
async function startResponder(folder: string): Promise<Program & { readonly port: number }> {
  const port = freePort();
  if (isInstalled("haproxy", "-v")) {
    const file = `${folder}/responder.cfg`;
    await Deno.writeTextFile(
      file,
      `global
  nbthread 1
defaults
  mode http
  timeout client 5s
frontend f
  bind 0.0.0.0:${port}
  http-request return status 200 content-type text/plain string ok
`,
    );
    const child = haproxy(file);
    await pause(500);
    return Object.assign(child, { port });
  }
  const code = `Deno.serve({ hostname: "0.0.0.0", port: ${port} }, () => new Response("ok"));`;
  const args = ["eval", "-q", code];
  const child = startProgram(Deno.execPath(), args);
  await pause(1000);
  return Object.assign(child, { port });
}

function haproxy(file: string): Program {
  return startProgram("haproxy", ["-db", "-f", file]);
}

function clusterConfig(): { readonly text: string; readonly api: readonly number[] } {
  const api = [1, 2, 3].map(() => freePort());
  const nodes = api.map((one, i) => {
    const address = `127.0.0.1:${freePort()}`;
    return `[[cluster.nodes]]\nid = ${i + 1}\naddress = "${address}"\napi = "127.0.0.1:${one}"\n`;
  });
  const text = `[cluster]\nname = "bench"\nkeys = ["${randomKey()}"]\n${nodes.join("")}
[election]\npreempt_delay = "1s"\n`;
  return { text, api };
}

function servicesConfig(port: number, count: number): string {
  const services: string[] = [];
  for (let first = 0; first < count; first += PER_SERVICE) {
    const targets = Array.from({ length: Math.min(PER_SERVICE, count - first) }, (_, i) => {
      return `[[services.targets]]\nname = "t${first + i}"\naddress = "${addressOf(first + i)}:${port}"\n`;
    });
    services.push(`[[services]]\nname = "s${first}"\nobservers = "leader"
[services.check]\ntype = "http"\ninterval = "1s"\ntimeout = "800ms"\n${targets.join("")}`);
  }
  return services.join("");
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

async function metrics(api: number): Promise<string> {
  const answer = await fetchWithin(`http://127.0.0.1:${api}/metrics`, 5000);
  assert(answer?.status === 200, "the node answers");
  return answer.text;
}

function metric(page: string, name: string): number {
  const line = page.split("\n").find((one) => one.startsWith(`abfail_${name} `));
  return Number(line?.slice(line.lastIndexOf(" ") + 1));
}

function openFiles(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}
