/**
 * `deno task soak [--hours H] [--services N]`: three nodes for hours, sampled all
 * the while; does their memory stay flat, are handles given back? Linux only. Prints a line a minute, then a verdict
 * and the same as JSON; exit code 0 when it is good.
 *
 * So that there is something to leak, the life around the nodes is that of a real cluster: checks of several kinds,
 * scrapes, status, followers of events that come and go, DNS queries over UDP and TCP, and targets that fail and
 * come back, those of all services during the warm-up.
 */
import { parseArgs } from "node:util";
import { pause } from "../support/cluster.ts";
import { Life } from "./life.ts";
import { describeFiles } from "./open_files.ts";
import { judge, renderVerdict, type Sample, sampleOf, WARM_UP } from "./samples.ts";
import { SoakCluster } from "./soak_cluster.ts";

/** How often a process is looked at, ms. */
const SAMPLE_MS = 5000;
const MINUTE_MS = 60_000;
/** After the last fault the nodes have so long until all must be well again, ms. */
const CALM_MS = 60_000;
/** So many files more than at any minute before are told one by one. */
const FILES_JUMP = 20;

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { hours: { type: "string" }, services: { type: "string" } },
  });
  const hours = Number(values.hours ?? "1");
  const services = Number(values.services ?? "50");
  if (!(hours > 0) || !Number.isInteger(services) || services < 1) {
    console.error("error: --hours needs a number above 0, --services a whole one from 1");
    return 2;
  }
  let interrupted = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => interrupted = true);
  }
  await using cluster = await SoakCluster.start(services);
  console.log(`${services} services x 3 targets at 1 s on 3 nodes for ${hours} h; pids ${cluster.pids}`);
  await using life = new Life(cluster, hours * WARM_UP * 3_600_000);
  const samples: Sample[] = [];
  const start = performance.now();
  const end = start + hours * 3_600_000;
  let told = 0;
  const usual = cluster.pids.map(() => 0);
  while (performance.now() < end) {
    await pause(Math.min(SAMPLE_MS, Math.max(0, end - performance.now())));
    if (interrupted) return 130;
    const atMs = performance.now() - start;
    for (const [i, pid] of cluster.pids.entries()) samples.push(sampleOf(i + 1, pid, atMs));
    if (Math.floor(atMs / MINUTE_MS) <= told) continue;
    told = Math.floor(atMs / MINUTE_MS);
    console.log(lineOf(told, samples, await cluster.heaps(), life.asked));
    for (const [i, { files }] of samples.slice(-3).entries()) {
      const before = usual[i] as number;
      if (before > 0 && files > before + FILES_JUMP) {
        console.log(`     node ${i + 1}: ${describeFiles(cluster.pids[i] as number)}`);
      }
      usual[i] = Math.max(before, files);
    }
  }
  await life.stopFailing();
  const verdict = judge(samples, await cluster.complaintsAfter(CALM_MS), life.failed);
  console.log(renderVerdict(verdict));
  console.log(JSON.stringify({ hours, services, ...verdict }));
  return verdict.ok ? 0 : 1;
}

/** What the nodes took in the last minute: the newest sample of each. */
function lineOf(minute: number, samples: readonly Sample[], heaps: readonly string[], asked: number): string {
  const newest = samples.slice(-3).map((one, i) => {
    const rss = `${one.residentMib.toFixed(1)} MiB (anonymous ${one.anonymousMib.toFixed(1)}`;
    return `node ${one.node}: ${rss}, heap ${heaps[i]}), ${one.files} files, ${one.threads} threads`;
  });
  return `${String(minute).padStart(4)} min  ${newest.join(" | ")} | ${asked} requests`;
}

Deno.exitCode = await main(Deno.args);
