/**
 * Tells people, as the config's `[[notify]]` say, what the node's core hands out (`node/telling.ts`). It delays nothing:
 * each receiver has a bounded queue of its own, worked through alone; what becomes of each notice goes back to the core.
 * What could not be told is logged, at most once a minute for each receiver.
 */
import type { LogEvent } from "../node/events.ts";
import { processEvent } from "../node/process_event.ts";
import { type NotifyConfig, receiverName } from "../config/notify.ts";
import type { Notice } from "../failover/notice.ts";
import type { Delivery } from "../node/telling_state.ts";
import type { Teller } from "../view/notification.ts";
import { tryToTell } from "./notify_try.ts";

export interface NotifyOptions {
  readonly notify: readonly NotifyConfig[];
  readonly teller: Teller;
  /** Takes the failures; an event of its own, never notified in turn. */
  readonly log: (event: LogEvent) => void;
  /** Wall clock, for dates in Retry-After; monotonic clock, for everything else. */
  readonly clock: { wallMs(): number; now(): number };
  /**
   * Asked before each try: `now` = tell it; `later` = this node may not act at the moment; `never` = it is no longer
   * this node's to tell.
   */
  readonly wanted: (delivery: Delivery) => "now" | "later" | "never";
  /** A notice was taken, or given up. */
  readonly told: (delivery: Delivery, ok: boolean) => void;
  /** For tests. */
  readonly timing?: NotifyTiming;
}

export interface NotifyTiming {
  /** One try, ms. */
  readonly timeoutMs: number;
  /** Wait before the second try, ms; it doubles with each. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** So long after it came a notice is given up, ms. */
  readonly giveUpMs: number;
  /** Failures of one receiver are logged once in this time, ms. */
  readonly logEveryMs: number;
}

/** Five seconds a try, again after 1, 2, 4 ... 30 s, for ten minutes. */
export const NOTIFY_TIMING: NotifyTiming = {
  timeoutMs: 5000,
  firstWaitMs: 1000,
  longestWaitMs: 30_000,
  giveUpMs: 600_000,
  logEveryMs: 60_000,
};

/** Notices that may wait for one receiver; when full, the oldest goes. */
export const QUEUE_MAX = 100;

/** The longest quiet that a receiver may ask for, ms. */
const MAX_QUIET_MS = 120_000;
/** While this node may not act, it is asked again so often, ms. */
const LATER_MS = 250;

/** How one receiver has fared since the start. */
export interface ReceiverFigures {
  readonly name: string;
  readonly type: string;
  readonly delivered: number;
  /** Tries that failed. */
  readonly failed: number;
  /** Notices given up. */
  readonly dropped: number;
  readonly waiting: number;
  /** Why the last try failed; null when it did not. */
  readonly problem: string | null;
}

export interface Notifier {
  /** Queues a notice for one receiver. Returns at once, never throws. */
  tell(notice: Notice, receiver: string): void;
  /** Other receivers, after a reload; those that stay keep their queues. */
  update(notify: readonly NotifyConfig[]): void;
  figures(): readonly ReceiverFigures[];
  /** Gives what is under way `graceMs` (default 300) to get out, then stops all. Never rejects. */
  close(graceMs?: number): Promise<void>;
}

/** Starts nothing until the first notice. */
export function createNotifier(options: NotifyOptions): Notifier {
  let workers = options.notify.map((config) => new Worker(config, options));
  return {
    tell: (notice, receiver): void => {
      workers.find((worker) => worker.config.id === receiver)?.add(notice);
    },
    update: (notify): void => {
      const before = workers;
      const kept = (config: NotifyConfig): Worker | undefined =>
        before.find((worker) => JSON.stringify(worker.config) === JSON.stringify(config));
      workers = notify.map((config) => kept(config) ?? new Worker(config, options));
      for (const worker of before) if (!workers.includes(worker)) void worker.close(300);
    },
    figures: () => workers.map((worker) => worker.figures()),
    close: async (graceMs = 300): Promise<void> => {
      await Promise.all(workers.map((worker) => worker.close(graceMs)));
    },
  };
}

interface Queued {
  readonly notice: Notice;
  readonly delivery: Delivery;
  /** Given up then, mono ms. */
  readonly until: number;
}

/** One receiver's queue. */
class Worker {
  readonly config: NotifyConfig;
  readonly #options: NotifyOptions;
  readonly #timing: NotifyTiming;
  readonly #stop = new AbortController();
  #queue: Queued[] = [];
  /** What is being told. */
  #current: Queued | null = null;
  #busy: Promise<void> | null = null;
  #delivered = 0;
  #failed = 0;
  #dropped = 0;
  #problem: string | null = null;
  #loggedAt: number | null = null;

  constructor(config: NotifyConfig, options: NotifyOptions) {
    this.config = config;
    this.#options = options;
    this.#timing = options.timing ?? NOTIFY_TIMING;
  }

  add(notice: Notice): void {
    const { key, phase } = notice;
    if (this.#stop.signal.aborted) return;
    const isSame = (other: Queued | null): boolean =>
      other?.delivery.key === key && other.delivery.phase === phase;
    if (isSame(this.#current) || this.#queue.some(isSame)) return;
    const delivery = { key, phase, receiver: this.config.id };
    this.#queue.push({ notice, delivery, until: this.#options.clock.now() + this.#timing.giveUpMs });
    if (this.#queue.length > QUEUE_MAX) {
      this.#giveUp(this.#queue.shift(), `more than ${QUEUE_MAX} were waiting; the oldest was dropped`);
    }
    this.#busy ??= this.#work();
  }

  figures(): ReceiverFigures {
    return {
      name: receiverName(this.config),
      type: this.config.type === "webhook" ? this.config.format : this.config.type,
      delivered: this.#delivered,
      failed: this.#failed,
      dropped: this.#dropped,
      waiting: this.#queue.length + (this.#current === null ? 0 : 1),
      problem: this.#problem,
    };
  }

  async close(graceMs: number): Promise<void> {
    this.#queue = [];
    const timer = setTimeout(() => this.#stop.abort(), graceMs);
    await this.#busy;
    clearTimeout(timer);
    this.#stop.abort();
  }

  async #work(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      this.#current = next;
      await this.#tell(next);
      this.#current = null;
      if (this.#stop.signal.aborted) break;
    }
    this.#busy = null;
  }

  /** Tries until it is taken, given up, or no longer wanted. */
  async #tell(queued: Queued): Promise<void> {
    const { clock, wanted, told, teller } = this.#options;
    const { timeoutMs, firstWaitMs, longestWaitMs } = this.#timing;
    for (let failures = 0; !this.#stop.signal.aborted;) {
      const now = wanted(queued.delivery);
      if (now === "never") return;
      if (now === "later") {
        await pause(LATER_MS, this.#stop.signal);
        continue;
      }
      const { notice } = queued;
      const { signal } = this.#stop;
      const result = await tryToTell({
        config: this.config,
        notice,
        teller,
        timeoutMs,
        signal,
        wallMs: clock.wallMs(),
      });
      if (result.ok) {
        this.#delivered += 1;
        this.#problem = null;
        return told(queued.delivery, true);
      }
      if (signal.aborted) return;
      failures += 1;
      this.#failed += 1;
      this.#problem = result.error.detail;
      const doubled = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(failures - 1, 20));
      const asked = Math.min(result.error.afterMs ?? 0, MAX_QUIET_MS);
      const waitMs = Math.max(doubled, asked);
      if (!result.error.again || clock.now() + waitMs > queued.until) {
        return this.#giveUp(queued, `${notice.event}: ${result.error.detail}`);
      }
      this.#complain(`it is tried again: ${notice.event}: ${result.error.detail}`);
      await pause(waitMs, signal);
    }
  }

  #giveUp(queued: Queued | undefined, why: string): void {
    if (queued === undefined) return;
    this.#dropped += 1;
    this.#complain(why);
    this.#options.told(queued.delivery, false);
  }

  /** Logs a failure, unless one was logged a moment ago. */
  #complain(detail: string): void {
    const now = this.#options.clock.now();
    if (this.#loggedAt !== null && now - this.#loggedAt < this.#timing.logEveryMs) return;
    this.#loggedAt = now;
    this.#options.log(
      processEvent("warning", "notify-failed", `${receiverName(this.config)} was not told: ${detail}`, {
        failures: this.#failed,
        dropped: this.#dropped,
      }),
    );
  }
}

/** Waits, or ends early with `signal`. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
