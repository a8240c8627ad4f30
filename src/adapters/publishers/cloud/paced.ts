/**
 * The actions of a cloud publisher within their time and the provider's rate limit: a look that the limit does not allow
 * is answered from the last one, a rehearsal waits, a write for a failover never does.
 */
import type { PublishAction, PublishResult } from "../../../publish/action.ts";
import type { Publisher } from "../publisher.ts";
import { CloudFailure } from "./failure.ts";
import type { CloudHttp, CloudWorld } from "./http.ts";

/** An action that only looks. */
export type ReadAction = Extract<PublishAction, { kind: "read" }>;
/** An action that may change something. */
export type WriteAction = Extract<PublishAction, { kind: "write" }>;

/** What one publisher does. Throws CloudFailure; stops when `deadline` fires. */
export interface Steps {
  look(action: ReadAction, deadline: AbortSignal): Promise<PublishResult>;
  write(action: WriteAction, deadline: AbortSignal): Promise<PublishResult>;
}

/** A publisher of these steps. */
export function createPacedPublisher(http: CloudHttp, world: CloudWorld, steps: Steps): Publisher {
  let seen: Seen | null = null;
  return {
    canRead: true,
    perform: (action, timeoutMs, signal): Promise<PublishResult> =>
      performSafely(timeoutMs, signal, async (deadline) => {
        if (action.kind === "write") {
          const waitMs = await putOff(http, action);
          if (waitMs !== null) return { kind: "not-started", waitMs };
          seen = null;
          return await steps.write(action, deadline);
        }
        const known = await recall(seen, http, action.epoch);
        if (known !== null) return known;
        const result = await steps.look(action, deadline);
        seen = { result, epoch: action.epoch, atMs: world.wallMs() };
        return result;
      }),
  };
}

/** Runs the steps of one action within its time; what they throw becomes its answer. */
async function performSafely(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  steps: (deadline: AbortSignal) => Promise<PublishResult>,
): Promise<PublishResult> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  try {
    return await steps(signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]));
  } catch (error) {
    if (error instanceof CloudFailure) {
      return { kind: "failed", detail: error.message, retryAfterMs: error.retryAfterMs };
    }
    return { kind: "failed", detail: "something unexpected went wrong here", retryAfterMs: null };
  } finally {
    clearTimeout(timer);
  }
}

/** The last look. */
interface Seen {
  readonly result: PublishResult;
  /** Of the tenure that looked: another one looks anew. */
  readonly epoch: string | undefined;
  /** Ms since 1970. */
  readonly atMs: number;
}

/** The last look, where the rate limit leaves too little for another; null: look. */
async function recall(
  seen: Seen | null,
  http: CloudHttp,
  epoch: string | undefined,
): Promise<PublishResult | null> {
  if (seen === null || seen.epoch !== epoch) return null;
  return (await http.budget()).maySkipLook(seen.atMs) ? seen.result : null;
}

/** A rehearsal that the rate limit has no room for waits so long, ms. */
const PUT_OFF_MS = 60_000;

/** Something else stands there than what is to be rehearsed: for the next look to find, not to be overwritten. */
export const UNREHEARSED: PublishResult = { kind: "not-started", waitMs: PUT_OFF_MS };

/** How long a write is to be put off, ms: a rehearsal spends nothing that is kept for failovers. Null: it goes on. */
async function putOff(
  http: CloudHttp,
  { rehearsal }: WriteAction,
): Promise<number | null> {
  if (rehearsal !== true) return null;
  const budget = await http.budget();
  return budget.maySpare() ? null : Math.max(PUT_OFF_MS, budget.resetInMs ?? 0);
}
