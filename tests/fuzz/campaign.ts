/** Many cases of one subject, in a thread that is watched: what never ends is a finding too. */
import { cpuUsage } from "node:process";
import { inputOf } from "./hunt.ts";
import { openSubject } from "./subjects/index.ts";
import type { Order, Report } from "./worker.ts";

/** One broken promise. */
export interface Finding {
  readonly subject: string;
  readonly seed: number;
  /** Which case it was. */
  readonly index: number;
  readonly what: string;
  /** As small as it could be made. */
  readonly input: Uint8Array;
}

export interface Campaign {
  readonly subject: string;
  readonly seed: number;
  readonly cases: number;
  /** Ends after so long, ms, but not before `CASES_LEAST`; null: after all cases. */
  readonly forMs?: number | null;
  /** This input alone. */
  readonly input?: Uint8Array | null;
  /** A case that does not end within so much of the processor's time is one that never ends, ms. */
  readonly hangMs?: number;
  /** A failure is made smaller for so long, ms. */
  readonly shrinkMs?: number;
  /** So many times its limit of processor time may one case take; 1 when absent. */
  readonly slack?: number;
}

/** Far above what any case takes. */
const HANG_MS = 8000;
/** The same for a case that waits for something that never comes; a busy machine has seconds in which nothing moves. */
const SILENT_MS = 60_000;
/** Making a failure smaller may take so long, ms. */
const SHRINK_MS = 60_000;
const LOOK_MS = 200;

/** Runs until a promise is broken or the cases are over. */
export async function runCampaign(
  campaign: Campaign,
): Promise<{ readonly cases: number; readonly finding: Finding | null }> {
  const { subject, seed, cases, forMs = null, input = null, hangMs = HANG_MS, shrinkMs = 8000 } = campaign;
  const progress = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const order: Order = {
    subject,
    seed,
    from: 0,
    cases: input === null ? cases : 1,
    forMs,
    input,
    shrinkMs,
    slack: campaign.slack ?? 1,
    progress,
  };
  let timer: ReturnType<typeof setInterval> | undefined;
  try {
    const report = await new Promise<Report | "hangs">((resolve, reject) => {
      worker.onmessage = (event: MessageEvent<Report>): void => resolve(event.data);
      worker.onerror = (event): void => {
        event.preventDefault();
        resolve({ kind: "failed", detail: event.message });
      };
      worker.onmessageerror = (): void => reject(new Error("a report could not be read"));
      let seen = -1;
      let since = performance.now();
      let usedMs = processorMs();
      timer = setInterval(() => {
        const at = Atomics.load(progress, 0);
        if (at !== seen) [seen, since, usedMs] = [at, performance.now(), processorMs()];
        const isCase = Atomics.load(progress, 1) === 0 && at > 0;
        if (isCase && processorMs() - usedMs > hangMs) resolve("hangs");
        if (performance.now() - since > (isCase ? SILENT_MS : 2 * SHRINK_MS)) resolve("hangs");
      }, LOOK_MS);
      worker.postMessage(order);
    });
    const begun = Atomics.load(progress, 0);
    if (report === "hangs" || report.kind === "failed") {
      const what = report === "hangs"
        ? `it does not end within ${hangMs} ms of the processor`
        : report.detail;
      const at = Math.max(0, begun - 1);
      return {
        cases: begun,
        finding: { subject, seed, index: at, what, input: input ?? await remade(subject, seed, at) },
      };
    }
    if (report.kind === "done") return { cases: report.cases, finding: null };
    const { index, what, input: least } = report;
    return { cases: begun, finding: { subject, seed, index, what, input: least } };
  } finally {
    clearInterval(timer);
    worker.terminate();
  }
}

/** Time that all threads of this process have used, ms. */
function processorMs(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}

async function remade(name: string, seed: number, index: number): Promise<Uint8Array> {
  const subject = await openSubject(name);
  try {
    return inputOf(subject, seed, index);
  } finally {
    await subject.close?.();
  }
}
