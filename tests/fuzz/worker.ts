/** The thread in which cases run: whoever started it sees which one it is at, and ends it when that never ends. */
/// <reference lib="deno.worker" />
import { inputOf, shrink, tryInput } from "./hunt.ts";
import { openSubject } from "./subjects/index.ts";

/** What to run. */
export interface Order {
  readonly subject: string;
  readonly seed: number;
  readonly from: number;
  readonly cases: number;
  /** Run for so long, ms, whatever `cases` says; null: all of them. */
  readonly forMs: number | null;
  /** Instead of cases: this input alone. */
  readonly input: Uint8Array | null;
  /** A failure is made smaller for so long, ms. */
  readonly shrinkMs: number;
  /** So many times its limit of processor time may one case take. */
  readonly slack: number;
  /** [0]: cases begun. [1]: 1 while something is made smaller. */
  readonly progress: Int32Array<SharedArrayBuffer>;
}

/** What came of it. */
export type Report =
  | { readonly kind: "broken"; readonly index: number; readonly what: string; readonly input: Uint8Array }
  | { readonly kind: "done"; readonly cases: number }
  | { readonly kind: "failed"; readonly detail: string };

/** Cases that are run however slow the machine is. */
const CASES_LEAST = 25;

async function run(order: Order): Promise<void> {
  const subject = await openSubject(order.subject);
  const { progress, seed, from, cases, forMs } = order;
  const end = forMs === null ? Infinity : performance.now() + forMs;
  try {
    for (let n = 0; n < cases && (n < CASES_LEAST || performance.now() < end); n++) {
      const index = from + n;
      Atomics.store(progress, 0, n + 1);
      const input = order.input ?? inputOf(subject, seed, index);
      const what = await tryInput(subject, input, order.slack);
      if (what === null) continue;
      Atomics.store(progress, 1, 1);
      const least = order.input === null
        ? await shrink(subject, { what, input }, order.shrinkMs)
        : { what, input };
      self.postMessage({ kind: "broken", index, ...least } satisfies Report);
      return;
    }
    self.postMessage({ kind: "done", cases: Atomics.load(progress, 0) } satisfies Report);
  } finally {
    await subject.close?.();
  }
}

self.onmessage = (event: MessageEvent<Order>): void => {
  run(event.data).catch((problem) => {
    self.postMessage({
      kind: "failed",
      detail: problem instanceof Error ? problem.stack ?? problem.message : `${problem}`,
    });
  });
};
// What slips past every border is found too: a rejection that nobody waited for ends the process of a node.
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  const { reason } = event as PromiseRejectionEvent;
  self.postMessage({
    kind: "failed",
    detail: `unhandled: ${reason instanceof Error ? reason.stack : reason}`,
  });
});
