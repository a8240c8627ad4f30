/** A virtual DNS provider behind an `exec` publisher: one record, and an API that can be slow, down or two-faced. */
import type { Random } from "../base/time.ts";
import type { PublishAction, PublishResult } from "../publish/action.ts";

/** How the API behaves; shares are 0..1. */
export interface ProviderMood {
  readonly latencyMs: number;
  /** Share of calls that fail without effect. */
  readonly failing: number;
  /** Share of writes that take effect late, up to `lateMs` after they were answered or given up. */
  readonly late: number;
  readonly lateMs: number;
  /** Share of writes that take effect a second time, up to `lateMs` later. */
  readonly twice: number;
  /** Share of calls that are refused for being too many, with a time to wait (HTTP 429). */
  readonly limited: number;
}

export const GOOD_MOOD: ProviderMood = {
  latencyMs: 30,
  failing: 0,
  late: 0,
  lateMs: 0,
  twice: 0,
  limited: 0,
};

/**
 * `compares`: it refuses a write whose epoch is below the one it has. `none`: it cannot, late writes must be put right.
 * `broken`: it should, and does not (`--without fence`).
 */
export type Fence = "compares" | "none" | "broken";

/** One write that took effect. */
export interface Applied {
  readonly at: number;
  readonly value: string | null;
  readonly epoch: string;
}

export class VirtualProvider {
  readonly service: string;
  readonly index: number;
  readonly fence: Fence;
  value: string | null = null;
  epoch = "";
  mood: ProviderMood = GOOD_MOOD;
  /** Called when a write takes effect, before it does. */
  onApply: (write: Applied) => void = () => {};
  readonly #after: (ms: number, act: () => void) => void;
  readonly #now: () => number;
  readonly #random: Random;

  constructor(
    given: { service: string; index: number; fence: Fence },
    world: { after: (ms: number, act: () => void) => void; now: () => number; random: Random },
  ) {
    this.service = given.service;
    this.index = given.index;
    this.fence = given.fence;
    this.#after = world.after;
    this.#now = world.now;
    this.#random = world.random;
  }

  /** Performs one call. `isCut` is asked when the answer is due: its caller may have given up or gone. */
  call(
    action: PublishAction,
    timeoutMs: number,
    isCut: () => boolean,
    answer: (result: PublishResult) => void,
  ): void {
    const { latencyMs, failing, late, lateMs, twice, limited } = this.mood;
    const tookMs = latencyMs * (0.5 + this.#random.next()) -
      Math.log(1 - this.#random.next()) * latencyMs / 4;
    const fails = this.#random.next() < failing;
    const timedOut = tookMs >= timeoutMs;
    if (limited > 0 && !timedOut && this.#random.next() < limited) {
      const retryAfterMs = 500 + this.#random.next() * 4500;
      this.#after(tookMs, () => answer({ kind: "failed", detail: TOO_MANY, retryAfterMs }));
      return;
    }
    if (action.kind === "read") {
      this.#after(Math.min(tookMs, timeoutMs), () => {
        if (fails || timedOut) {
          answer({ kind: "failed", detail: timedOut ? TOO_SLOW : DOWN, retryAfterMs: null });
        } else answer({ kind: "ok", shows: this.value, unclaimed: this.#isUnclaimed(action.epoch) });
      });
      return;
    }
    if (this.#random.next() < twice) {
      this.#after(tookMs + this.#random.next() * lateMs, () => this.#apply(action));
    }
    if (this.#random.next() < late) {
      this.#after(tookMs + this.#random.next() * lateMs, () => this.#apply(action));
      this.#after(
        Math.min(tookMs, timeoutMs),
        () => answer({ kind: "failed", detail: TOO_SLOW, retryAfterMs: null }),
      );
      return;
    }
    this.#after(Math.min(tookMs, timeoutMs), () => {
      if (fails) answer({ kind: "failed", detail: DOWN, retryAfterMs: null });
      else if (timedOut || isCut()) answer({ kind: "failed", detail: TOO_SLOW, retryAfterMs: null });
      else if (this.#apply(action)) answer({ kind: "ok", shows: undefined });
      else answer({ kind: "fenced", epoch: this.epoch });
    });
  }

  /** Where epochs are compared, a leader makes the fence its own, so that no earlier one's write comes through. */
  #isUnclaimed(epoch: string | undefined): boolean {
    return this.fence === "compares" && epoch !== undefined && epoch !== this.epoch;
  }

  #apply(action: Extract<PublishAction, { kind: "write" }>): boolean {
    if (this.fence === "compares" && compareEpochs(action.epoch, this.epoch) < 0) return false;
    this.onApply({ at: this.#now(), value: action.value, epoch: action.epoch });
    this.value = action.value;
    this.epoch = action.epoch;
    return true;
  }
}

const TOO_SLOW = "not done in time";
const DOWN = "HTTP 503";
const TOO_MANY = "HTTP 429";

/** Orders epochs `term.node`; "" comes first. */
export function compareEpochs(a: string, b: string): number {
  const [termA = 0, nodeA = 0] = a === "" ? [] : a.split(".").map(Number);
  const [termB = 0, nodeB = 0] = b === "" ? [] : b.split(".").map(Number);
  return termA !== termB ? termA - termB : nodeA - nodeB;
}
