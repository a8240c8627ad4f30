/** Many runs of one drill, summed up. */
import type { Config } from "../config/config.ts";
import { drillBudget, type DrillOptions, type DrillResult, drillSteps, runDrillSeed } from "./drill_run.ts";
import { type PromiseName, PROMISES } from "./promise.ts";
import { percentile } from "./takeover.ts";
import type { Step } from "./world_faults.ts";

/** Times of failovers, ms; null where there was none. */
export interface Times {
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
  /** What the config promises at worst. */
  readonly budgetMs: number;
}

/** One broken promise, and how to see it again. */
export interface BrokenAt {
  readonly promise: PromiseName;
  readonly seed: number;
  readonly atMs: number;
  readonly detail: string;
  readonly repeat: string;
}

/** What `simulate --json` prints for one drill (PRODUCT.md, Drills). */
export interface Sweep {
  readonly scenario: string;
  readonly seeds: readonly [number, number];
  readonly virtualSeconds: number;
  readonly wallMs: number;
  /** How many runs broke each. */
  readonly promises: Readonly<Record<PromiseName, number>>;
  readonly broken: readonly BrokenAt[];
  readonly failover: { readonly service: Times; readonly leader: Times };
  readonly calls: DrillResult["calls"];
}

/** Broken promises listed at most; all are counted. */
const MAX_BROKEN = 20;

/** Sums up results, in the order of their seeds. `repeat` words the command that repeats one. */
export function sumUp(
  scenario: string,
  config: Config,
  results: readonly DrillResult[],
  wallMs: number,
  repeat: (seed: number) => string,
): Sweep {
  const budget = drillBudget(config);
  const broken = results.flatMap(({ seed, broken }) =>
    broken.map(({ promise, atMs, detail }) => ({
      promise,
      seed,
      atMs: Math.round(atMs),
      detail,
      repeat: repeat(seed),
    }))
  );
  const count = (name: PromiseName): number => results.filter((result) => result.counts[name] > 0).length;
  return {
    scenario,
    seeds: [results[0]?.seed ?? 0, results.at(-1)?.seed ?? 0],
    virtualSeconds: Math.round(results.reduce((all, result) => all + result.virtualMs, 0) / 1000),
    wallMs: Math.round(wallMs),
    promises: Object.fromEntries(PROMISES.map((name) => [name, count(name)])) as Record<PromiseName, number>,
    broken: broken.slice(0, MAX_BROKEN),
    failover: {
      service: times(results.flatMap((result) => result.serviceMs), budget.serviceMs),
      leader: times(results.flatMap((result) => result.leaderMs), budget.leaderMs),
    },
    calls: {
      total: results.reduce((all, { calls }) => all + calls.total, 0),
      failed: results.reduce((all, { calls }) => all + calls.failed, 0),
      longestGapMs: Math.round(Math.max(0, ...results.map(({ calls }) => calls.longestGapMs))),
    },
  };
}

function times(values: readonly number[], budgetMs: number): Times {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number | null =>
    sorted.length === 0 ? null : Math.round(percentile(sorted, share));
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), budgetMs: Math.round(budgetMs) };
}

/** Runs tried while a schedule is made shorter. */
const MAX_SHRINK_RUNS = 150;

/** Leaves out faults for as long as the same promise still breaks: the shortest schedule found. */
export function shrinkDrill(options: DrillOptions, promise: PromiseName): readonly Step[] {
  let steps = drillSteps(options);
  let runs = 0;
  const breaks = (tried: readonly Step[]): boolean => {
    runs++;
    return runDrillSeed({ ...options, steps: tried, timeline: false }).broken.some((broken) =>
      broken.promise === promise
    );
  };
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < steps.length && runs < MAX_SHRINK_RUNS;) {
      const tried = steps.toSpliced(from, size);
      if (breaks(tried)) steps = tried;
      else from += size;
    }
  }
  return steps;
}
