/**
 * What many checks cost: one node with 5,000 HTTP targets at 1 s on loopback addresses that one server answers; then
 * HAProxy with the same targets, where it is installed. Linux only.
 */
import assert from "node:assert/strict";
import { fetchWithin } from "../../src/drill/ask.ts";
import { NodeProcess } from "../../src/drill/node_process.ts";
import { testLauncher } from "../support/abfail.ts";
import { pause, randomKey } from "../support/cluster.ts";
import { type Figure, figure } from "./figure.ts";

const TARGETS = Number(Deno.env.get("ABFAIL_BENCH_TARGETS") ?? 5000);
const SECONDS = Number(Deno.env.get("ABFAIL_BENCH_SECONDS") ?? 60);
/** Before it is measured: first verdicts, code that warms up, ms. Recent lateness reaches back a minute at most. */
const SETTLE_MS = 10_000;
const PER_SERVICE = 32;
/** Ticks of /proc's processor times, a second (USER_HZ; 100 on every Linux of today). */
const TICKS = 100;

export async function benchChecks(): Promise<Figure[]> {
  const folder = await Deno.makeTempDir({ prefix: "abfail-bench-" });
  const responder = await startResponder(folder);
  try {
    return [...await benchNode(folder, responder.port), ...await benchHaproxy(folder, responder.port)];
  } finally {
    responder.child.kill("SIGTERM");
    await responder.child.status;
    await Deno.remove(folder, { recursive: true });
  }
}

/** Loopback addresses of their own, one for each target. */
function addressOf(i: number): string {
  return `127.1.${Math.floor(i / 200)}.${1 + i % 200}`;
}

async function benchNode(folder: string, port: number): Promise<Figure[]> {
  const api = freePort();
  const file = `${folder}/abfail.toml`;
  await Deno.writeTextFile(file, nodeConfig(port, api), { mode: 0o600 });
  const args = ["run", "--config", file, "--node-id", "1", "--log-level", "error"];
  const node = new NodeProcess(testLauncher(), args);
  try {
    await pause(SETTLE_MS);
    const started = async (): Promise<number> => metric(await metrics(api), "probes_started_total");
    const [probes, ticks, since] = [await started(), processorTicks(node.pid), performance.now()];
    const sockets: number[] = [];
    for (let second = 0; second < SECONDS; second += 5) {
      await pause(5000);
      sockets.push(openFiles(node.pid));
    }
    const seconds = (performance.now() - since) / 1000;
    const used = (processorTicks(node.pid) - ticks) / TICKS;
    const page = await metrics(api);
    const count = metric(page, "probes_started_total") - probes;
    const up = page.match(/^abfail_probe_success\{[^}]*\} 1$/gm)?.length ?? 0;
    assert.equal(up, TARGETS, "every target is up");
    const late = (quantile: string): number =>
      metric(page, `probe_start_lateness_recent_seconds{share="${quantile}"}`) * 1000;
    const what = `abfail, ${TARGETS} http targets at 1 s`;
    return [
      figure(`${what}: probes a second`, "1/s", [count / seconds]),
      figure(`${what}: processor time for 1,000 probes`, "ms", [used / count * 1e6]),
      figure(`${what}: processor`, "% of a core", [used / seconds * 100], 100),
      figure(`${what}: memory (RSS)`, "MiB", [residentMib(node.pid)], 250),
      figure(`${what}: start lateness, p50`, "ms", [late("0.5")]),
      figure(`${what}: start lateness, p99`, "ms", [late("0.99")], 50),
      figure(`${what}: start lateness, longest`, "ms", [late("1")]),
      figure(`${what}: open files`, "", sockets),
    ];
  } finally {
    await node.stop(3000);
  }
}

async function benchHaproxy(folder: string, port: number): Promise<Figure[]> {
  if (!hasHaproxy()) {
    console.error("HAProxy is not installed: nothing to compare with");
    return [];
  }
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
  const child = haproxy(file);
  try {
    await pause(SETTLE_MS);
    const [ticks, since] = [processorTicks(child.pid), performance.now()];
    await pause(SECONDS * 1000);
    const seconds = (performance.now() - since) / 1000;
    const used = (processorTicks(child.pid) - ticks) / TICKS;
    const what = `HAProxy, the same targets`;
    return [
      figure(`${what}: processor time for 1,000 checks`, "ms", [used / (TARGETS * seconds) * 1e6]),
      figure(`${what}: processor`, "% of a core", [used / seconds * 100]),
      figure(`${what}: memory (RSS)`, "MiB", [residentMib(child.pid)]),
    ];
  } finally {
    child.kill("SIGTERM");
    await child.status;
  }
}

/** A server on every loopback address: HAProxy where there is one, else Deno's own. */
async function startResponder(
  folder: string,
): Promise<{ readonly child: Deno.ChildProcess; readonly port: number }> {
  const port = freePort();
  if (hasHaproxy()) {
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
    return { child, port };
  }
  const code = `Deno.serve({ hostname: "0.0.0.0", port: ${port} }, () => new Response("ok"));`;
  const args = ["eval", "-q", code];
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "null", stderr: "null" }).spawn();
  await pause(1000);
  return { child, port };
}

function haproxy(file: string): Deno.ChildProcess {
  return new Deno.Command("haproxy", { args: ["-db", "-f", file], stdout: "null", stderr: "null" }).spawn();
}

function hasHaproxy(): boolean {
  try {
    return new Deno.Command("haproxy", { args: ["-v"], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

function nodeConfig(port: number, api: number): string {
  const nodes = [1, 2, 3].map((id) => {
    return `[[cluster.nodes]]\nid = ${id}\naddress = "127.0.0.1:${freePort()}"\n`;
  });
  const services: string[] = [];
  for (let first = 0; first < TARGETS; first += PER_SERVICE) {
    const targets = Array.from({ length: Math.min(PER_SERVICE, TARGETS - first) }, (_, i) => {
      return `[[services.targets]]\nname = "t${first + i}"\naddress = "${addressOf(first + i)}:${port}"\n`;
    });
    services.push(`[[services]]\nname = "s${first}"\n[services.check]\ntype = "http"\ninterval = "1s"
timeout = "800ms"\n${targets.join("")}`);
  }
  return `[cluster]\nname = "bench"\nkeys = ["${randomKey()}"]\n${nodes.join("")}
[api]\nlisten = "127.0.0.1:${api}"\n${services.join("")}`;
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

function processorTicks(pid: number): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

function residentMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
  return Number(kib) / 1024;
}

function openFiles(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}
