/** One worker of `abfail simulate --runs`: runs the seeds that it is given, one after the other. */
import { type Job, jobOptions } from "./simulate_job.ts";
import { type DrillOptions, runDrillSeed } from "../sim/drill_run.ts";

/** What a worker is told. */
export type ToWorker = { readonly kind: "job"; readonly job: Job } | {
  readonly kind: "seed";
  readonly seed: number;
};

/** The part of a worker's global scope that is used here. */
interface Scope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: unknown): void;
}

const scope = globalThis as unknown as Scope;
let options: Omit<DrillOptions, "seed"> | null = null;

scope.onmessage = ({ data }): void => {
  if (data.kind === "job") {
    const read = jobOptions(data.job);
    if (!read.ok) throw new Error(read.error);
    options = read.value;
    return;
  }
  if (options !== null) scope.postMessage(runDrillSeed({ ...options, seed: data.seed, timeline: false }));
};
