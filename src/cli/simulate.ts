/** `abfail simulate`: drills (PRODUCT.md, Drills). */
import { err, ok, type Result } from "../base/result.ts";
import { nearest } from "../config/suggest.ts";
import { type DrillOptions, type DrillResult, runDrillSeed } from "../sim/drill_run.ts";
import { findScenario, SCENARIOS } from "../sim/scenarios.ts";
import { shrinkDrill, sumUp, type Sweep } from "../sim/sweep.ts";
import { colourPaint, plainPaint } from "../view/paint.ts";
import type { SimulateOptions } from "./options.ts";
import { columns, complain, print, wantsColour } from "./output.ts";
import { type Job, jobOptions } from "./simulate_job.ts";
import { type Reported, reportPage } from "./simulate_report.ts";
import { runSeeds } from "./simulate_pool.ts";
import { Progress } from "./progress.ts";
import {
  brokenText,
  callsText,
  headText,
  promisesText,
  type SimulateLook,
  sweepTable,
  timelineText,
} from "./simulate_text.ts";

/** Runs a drill. Exit code: 0 all promises were kept, 1 one was broken (or over budget), 2 wrong usage. */
export async function simulateCommand(options: SimulateOptions): Promise<number> {
  if (options.live) {
    const { simulateLive } = await import("./simulate_live.ts");
    return await simulateLive(options);
  }
  if (options.replay !== null) {
    const { simulateReplay } = await import("./simulate_replay.ts");
    return await simulateReplay(options.replay, options.json);
  }
  const jobs = await readJobs(options);
  const drills = jobs.ok ? readDrills(jobs.value) : jobs;
  if (!drills.ok) {
    complain(`error: ${drills.error}`);
    return 2;
  }
  return await runAll(options, drills.value);
}

interface Drill {
  readonly job: Job;
  readonly options: Omit<DrillOptions, "seed">;
}

function readDrills(jobs: readonly Job[]): Result<readonly Drill[], string> {
  const drills: Drill[] = [];
  for (const job of jobs) {
    const read = jobOptions(job);
    if (!read.ok) return read;
    drills.push({ job, options: read.value });
  }
  return ok(drills);
}

/** Which drills the command line asks for: one, or all of them. */
async function readJobs(options: SimulateOptions): Promise<Result<readonly Job[], string>> {
  const { durationMs, loss, without, scenario } = options;
  const config = options.config === null ? ok(null) : await readFile(options.config);
  if (!config.ok) return config;
  const base = { config: config.value, nodes: options.nodes ?? 3, durationMs, loss, without };
  if (options.config !== null && options.nodes !== null) {
    return err("--nodes is for the built-in config, not with --config");
  }
  if (scenario === null && without !== null) {
    return ok([{ ...base, scenario: { kind: "guard", guard: without } }]);
  }
  if (scenario === null || scenario === "all") {
    return ok(SCENARIOS.map(({ name }) => ({ ...base, scenario: { kind: "named", name } })));
  }
  if (scenario.endsWith(".toml") || scenario.includes("/")) {
    const file = await readFile(scenario);
    return file.ok ? ok([{ ...base, scenario: { kind: "file", ...file.value } }]) : file;
  }
  if (findScenario(scenario) === null) {
    const names = [...SCENARIOS.map(({ name }) => name), "all"];
    const meant = nearest(scenario, names);
    const hint = meant === null ? "" : `; did you mean ${meant}?`;
    return err(`there is no scenario ${scenario}${hint}\n    there are ${names.join(", ")}, or a TOML file`);
  }
  return ok([{ ...base, scenario: { kind: "named", name: scenario } }]);
}

async function readFile(
  file: string,
): Promise<Result<{ readonly file: string; readonly text: string }, string>> {
  try {
    return ok({ file, text: await Deno.readTextFile(file) });
  } catch (problem) {
    return err(`cannot read ${file}: ${problem instanceof Error ? problem.message : String(problem)}`);
  }
}

async function runAll(options: SimulateOptions, drills: readonly Drill[]): Promise<number> {
  const look = { width: columns(), paint: wantsColour() ? colourPaint : plainPaint };
  const progress = new Progress(options.json ? 0 : drills.length * options.runs);
  const sweeps: Sweep[] = [];
  const reported: Reported[] = [];
  for (const { job, options: drill } of drills) {
    const alone = drills.length === 1 && options.runs === 1 && !options.json;
    const startedAt = performance.now();
    const firstSeed = options.seed ?? 1;
    const before = sweeps.length * options.runs;
    const results = await runSeeds({
      job,
      options: { ...drill, timeline: alone },
      firstSeed,
      runs: options.runs,
      workers: navigator.hardwareConcurrency,
      onDone: (done) => progress.show(before + done, drill.scenario.name),
    });
    const sweep = sumUp(
      drill.scenario.name,
      drill.config,
      results,
      performance.now() - startedAt,
      (seed) => repeat(options, drill, seed),
    );
    sweeps.push(sweep);
    if (options.report !== null) {
      reported.push({
        config: drill.config.file,
        scenario: drill.scenario,
        sweep,
        first: drawn(drill, sweep, firstSeed),
      });
    }
    if (drills.length > 1 || options.json) continue;
    progress.clear();
    printOne(sweep, drill, results, options, look);
  }
  progress.clear();
  if (options.report !== null && !await writeReport(options.report, reported)) return 2;
  if (options.json) print(JSON.stringify(sweeps.length === 1 ? sweeps[0] : together(sweeps), null, 2));
  else if (drills.length > 1) printTable(sweeps, options, look);
  return verdict(sweeps, options);
}

/** The run that the report draws: the first that broke a promise, else the first. */
function drawn(drill: Drill["options"], sweep: Sweep, firstSeed: number): DrillResult {
  return runDrillSeed({ ...drill, seed: sweep.broken[0]?.seed ?? firstSeed, timeline: true });
}

async function writeReport(file: string, reported: readonly Reported[]): Promise<boolean> {
  try {
    await Deno.writeTextFile(file, reportPage(reported));
    return true;
  } catch (problem) {
    complain(`error: cannot write ${file}: ${problem instanceof Error ? problem.message : String(problem)}`);
    return false;
  }
}

function printOne(
  sweep: Sweep,
  drill: Drill["options"],
  results: readonly DrillResult[],
  options: SimulateOptions,
  look: SimulateLook,
): void {
  const [first] = results;
  const lines = [headText(drill.scenario, look), ""];
  if (first !== undefined && options.runs === 1) {
    lines.push(...timelineText(first.timeline, look), "", callsText(first), "");
  }
  lines.push(...promisesText(sweep, options.runs, look), "");
  lines.push(...sweepTable([sweep], isTimed, look), "");
  const seeds = options.runs === 1
    ? `seed ${sweep.seeds[0]}`
    : `seeds ${sweep.seeds[0]} to ${sweep.seeds[1]}`;
  // The same seed prints the same text: how fast this machine is belongs to many runs alone.
  const speed = Math.round(sweep.virtualSeconds * 1000 / Math.max(1, sweep.wallMs));
  const fast = options.runs === 1 ? "" : `, ${speed} times faster than real time`;
  lines.push(`${seeds}, ${sweep.virtualSeconds} s of virtual time${fast}`);
  if (sweep.broken.length > 0) {
    lines.push("", ...brokenText(sweep, look), ...scheduleText(sweep, drill, look));
  }
  print(lines.join("\n"));
}

/** The shortest schedule of faults found that breaks the first promise still. */
function scheduleText(sweep: Sweep, drill: Drill["options"], look: SimulateLook): string[] {
  const [worst] = sweep.broken;
  if (worst === undefined) return [];
  const steps = shrinkDrill({ ...drill, seed: worst.seed }, worst.promise);
  const lines = steps.toSorted((a, b) => a.atMs - b.atMs).map(({ atMs, fault }) => {
    const { kind, ...rest } = fault;
    return `    ${(atMs / 1000).toFixed(3).padStart(8)}  ${kind} ${JSON.stringify(rest)}`;
  });
  return [
    "",
    look.paint("the faults that it takes (times from the first fault phase on):", "strong"),
    ...lines,
  ];
}

function printTable(sweeps: readonly Sweep[], options: SimulateOptions, look: SimulateLook): void {
  const broken = sweeps.flatMap((sweep) => brokenText(sweep, look));
  const seconds = sweeps.reduce((all, sweep) => all + sweep.virtualSeconds, 0);
  const wallMs = sweeps.reduce((all, sweep) => all + sweep.wallMs, 0);
  const runs = options.runs === 1 ? "one run each" : `${options.runs} runs each`;
  print([
    ...sweepTable(sweeps, isTimed, look),
    "",
    `${runs}, ${seconds} s of virtual time, ${
      Math.round(seconds * 1000 / Math.max(1, wallMs))
    } times faster than real time`,
    ...(broken.length === 0 ? [] : ["", ...broken]),
  ].join("\n"));
}

function isTimed(name: string): boolean {
  return findScenario(name)?.timed ?? false;
}

/** The sums over all drills, and each of them. */
function together(sweeps: readonly Sweep[]): Sweep & { readonly scenarios: readonly Sweep[] } {
  const [first] = sweeps;
  if (first === undefined) throw new Error("no drill was run");
  const sum = (pick: (sweep: Sweep) => number): number => sweeps.reduce((all, sweep) => all + pick(sweep), 0);
  const promises = { ...first.promises };
  for (const name of Object.keys(promises) as (keyof typeof promises)[]) {
    promises[name] = sum((sweep) => sweep.promises[name]);
  }
  const worst = (of: "service" | "leader"): Sweep["failover"]["service"] => {
    const timed = sweeps.filter((sweep) => isTimed(sweep.scenario)).map((sweep) => sweep.failover[of]);
    const max = (pick: (times: typeof timed[number]) => number | null): number | null => {
      const values = timed.map(pick).filter((value) => value !== null);
      return values.length === 0 ? null : Math.max(...values);
    };
    const { budgetMs } = first.failover[of];
    return { p50Ms: max((t) => t.p50Ms), p99Ms: max((t) => t.p99Ms), maxMs: max((t) => t.maxMs), budgetMs };
  };
  return {
    scenario: "all",
    seeds: first.seeds,
    virtualSeconds: sum((sweep) => sweep.virtualSeconds),
    wallMs: sum((sweep) => sweep.wallMs),
    promises,
    broken: sweeps.flatMap((sweep) => sweep.broken),
    failover: { service: worst("service"), leader: worst("leader") },
    calls: {
      total: sum((sweep) => sweep.calls.total),
      failed: sum((sweep) => sweep.calls.failed),
      longestGapMs: Math.max(...sweeps.map((sweep) => sweep.calls.longestGapMs)),
    },
    scenarios: sweeps,
  };
}

function verdict(sweeps: readonly Sweep[], { budgetMs, json }: SimulateOptions): number {
  let code = sweeps.some((sweep) => sweep.broken.length > 0) ? 1 : 0;
  if (budgetMs === null) return code;
  for (const { scenario, failover } of sweeps) {
    if (sweeps.length > 1 && !isTimed(scenario)) continue; // faults overlap there: no one failover has a length
    for (const what of ["service", "leader"] as const) {
      const { maxMs } = failover[what];
      if (maxMs === null || maxMs <= budgetMs) continue;
      code = 1;
      if (!json) {
        complain(
          `over budget: ${scenario}: a failover of the ${what} took ${maxMs} ms, ${budgetMs} ms are allowed`,
        );
      }
    }
  }
  return code;
}

/** The command that repeats one seed. */
function repeat(options: SimulateOptions, drill: Drill["options"], seed: number): string {
  const { config, nodes, durationMs, loss, without, scenario } = options;
  const named = findScenario(drill.scenario.name) === null ? scenario : drill.scenario.name;
  const words = ["abfail simulate"];
  if (config !== null) words.push(`--config ${config}`);
  if (named !== null) words.push(`--scenario ${named}`);
  words.push(`--seed ${seed}`);
  if (nodes !== null) words.push(`--nodes ${nodes}`);
  if (durationMs !== null) words.push(`--duration ${durationMs}ms`);
  if (loss !== null) words.push(`--loss ${loss}`);
  if (without !== null) words.push(`--without ${without}`);
  return words.join(" ");
}
