/** Runs many seeds of one drill, on all cores where that is worth it. The results do not depend on how many. */
import { type DrillOptions, type DrillResult, runDrillSeed } from "../sim/drill_run.ts";
import type { Job } from "./simulate_job.ts";
import type { ToWorker } from "./simulate_worker.ts";

/** Fewer seeds than this are done before a worker has started. */
const WORTH_WORKERS = 16;
/** Seeds that a worker has before it, so that it never waits. */
const AHEAD = 2;

export interface PoolOptions {
  readonly job: Job;
  readonly options: Omit<DrillOptions, "seed">;
  readonly firstSeed: number;
  readonly runs: number;
  readonly workers: number;
  /** Called after each seed. */
  readonly onDone: (done: number) => void;
}

/** All results, in the order of their seeds. */
export async function runSeeds(pool: PoolOptions): Promise<readonly DrillResult[]> {
  if (pool.runs < WORTH_WORKERS || pool.workers < 2) return await runHere(pool);
  return await runOnWorkers(pool);
}

async function runHere({ options, firstSeed, runs, onDone }: PoolOptions): Promise<readonly DrillResult[]> {
  const results: DrillResult[] = [];
  for (let i = 0; i < runs; i++) {
    results.push(runDrillSeed({ ...options, seed: firstSeed + i, timeline: runs === 1 && options.timeline }));
    onDone(results.length);
    if (i % 4 === 3) await new Promise((resolve) => setTimeout(resolve, 0)); // lets Ctrl-C through
  }
  return results;
}

function runOnWorkers(pool: PoolOptions): Promise<readonly DrillResult[]> {
  const { job, firstSeed, runs, onDone } = pool;
  const results = new Array<DrillResult>(runs);
  const workers: Worker[] = [];
  let given = 0;
  let done = 0;
  return new Promise<readonly DrillResult[]>((resolve, reject) => {
    const end = (finish: () => void): void => {
      for (const worker of workers) worker.terminate();
      finish();
    };
    const feed = (worker: Worker): void => {
      if (given < runs) worker.postMessage({ kind: "seed", seed: firstSeed + given++ } satisfies ToWorker);
    };
    for (let i = 0; i < Math.min(pool.workers, runs); i++) {
      const worker = new Worker(new URL("./simulate_worker.ts", import.meta.url), { type: "module" });
      workers.push(worker);
      worker.onerror = (event): void => {
        event.preventDefault();
        end(() => reject(new Error(event.message)));
      };
      worker.onmessage = ({ data }: MessageEvent<DrillResult>): void => {
        results[data.seed - firstSeed] = data;
        onDone(++done);
        if (done === runs) end(() => resolve(results));
        else feed(worker);
      };
      worker.postMessage({ kind: "job", job } satisfies ToWorker);
      for (let ahead = 0; ahead < AHEAD; ahead++) feed(worker);
    }
  });
}
