/**
 * Tells someone: webhooks and programs, as the config's `[[notify]]` say. It delays nothing: each notifier has
 * a bounded queue of its own and works through it alone. What could not be told is logged, at most once a
 * minute for each notifier. URLs of webhooks are as good as passwords: only their host is ever shown.
 */
import type { NodeId } from "../base/id.ts";
import type { Result } from "../base/result.ts";
import type { NotifyConfig } from "../config/config.ts";
import type { LogEvent } from "../node/events.ts";
import { runNotifyCommand } from "./notify_exec.ts";
import { postWebhook } from "./notify_webhook.ts";

/** `slack`: Slack's shape whatever the host. */
export type NotifierConfig = NotifyConfig & { readonly slack?: boolean };

export interface NotifyOptions {
  readonly notify: readonly NotifierConfig[];
  readonly cluster: string;
  readonly node: NodeId;
  /** Takes the failures; an event of its own, never notified in turn. */
  readonly log: (event: LogEvent) => void;
  /** Wall clock, for the notification's `time`; monotonic clock, for the rate of the log. */
  readonly clock: { wallMs(): number; now(): number };
  /** For tests. */
  readonly timing?: NotifyTiming;
}

export interface NotifyTiming {
  /** One try, ms. */
  readonly timeoutMs: number;
  /** Waits before the second, third ... try, ms; so many tries and one. */
  readonly backoffMs: readonly number[];
  /** Failures of one notifier are logged once in this time, ms. */
  readonly logEveryMs: number;
}

/** Five seconds a try, three tries. */
export const NOTIFY_TIMING: NotifyTiming = { timeoutMs: 5000, backoffMs: [1000, 4000], logEveryMs: 60_000 };

/** Notifications that may wait for one notifier; when full, the oldest goes. */
export const QUEUE_MAX = 100;

export interface Notifier {
  /** Queues the event for those that asked for its name. Returns at once, never throws. */
  notify(event: LogEvent): void;
  /** Gives what is queued `graceMs` (default 300) to get out, then stops all. Never rejects. */
  close(graceMs?: number): Promise<void>;
}

/** What a webhook gets as its body and a program on stdin. */
export interface Notification {
  readonly event: string;
  readonly text: string;
  readonly cluster: string;
  readonly node: NodeId;
  readonly epoch: string | null;
  readonly service: string | null;
  readonly data: LogEvent["data"];
  /** RFC 3339 in UTC. */
  readonly time: string;
}

/** Why one try failed. `again`: another try may help. */
export interface NotifyFailure {
  readonly detail: string;
  readonly again: boolean;
}

/** One try; ends soon after `signal` fires. Never rejects. */
export type Deliver = (
  notification: Notification,
  signal: AbortSignal,
) => Promise<Result<null, NotifyFailure>>;

/** Starts nothing until the first event. */
export function createNotifier(options: NotifyOptions): Notifier {
  const workers = options.notify.map((config) => new Worker(config, options));
  return {
    notify: (event): void => {
      const { name, text, epoch, service, data } = event;
      const time = new Date(options.clock.wallMs()).toISOString();
      const notification = {
        event: name,
        text,
        cluster: options.cluster,
        node: options.node,
        epoch,
        service,
        data,
        time,
      };
      for (const worker of workers) worker.add(notification);
    },
    close: async (graceMs = 300): Promise<void> => {
      await Promise.all(workers.map((worker) => worker.close(graceMs)));
    },
  };
}

/** One notifier's queue. */
class Worker {
  readonly #events: ReadonlySet<string>;
  readonly #deliver: Deliver;
  readonly #label: string;
  readonly #options: NotifyOptions;
  readonly #timing: NotifyTiming;
  readonly #stop = new AbortController();
  readonly #queue: Notification[] = [];
  #busy: Promise<void> | null = null;
  #failures = 0;
  #loggedAt: number | null = null;

  constructor(config: NotifierConfig, options: NotifyOptions) {
    this.#events = new Set(config.events);
    this.#options = options;
    this.#timing = options.timing ?? NOTIFY_TIMING;
    const { label, deliver } = door(config);
    this.#label = label;
    this.#deliver = deliver;
  }

  add(notification: Notification): void {
    if (this.#stop.signal.aborted || !this.#events.has(notification.event)) return;
    this.#queue.push(notification);
    if (this.#queue.length > QUEUE_MAX) {
      this.#queue.shift();
      this.#failed(`more than ${QUEUE_MAX} were waiting; the oldest was dropped`);
    }
    this.#busy ??= this.#work();
  }

  async close(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.#stop.abort(), graceMs);
    await this.#busy;
    clearTimeout(timer);
    this.#stop.abort();
  }

  async #work(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (this.#stop.signal.aborted) break;
      await this.#deliverWithRetries(next);
    }
    this.#busy = null;
  }

  async #deliverWithRetries(notification: Notification): Promise<void> {
    for (let attempt = 0;; attempt++) {
      const result = await this.#try(notification);
      if (result.ok) return;
      const wait = this.#timing.backoffMs[attempt];
      if (!result.error.again || wait === undefined || this.#stop.signal.aborted) {
        return this.#failed(`${notification.event}: ${result.error.detail}`);
      }
      await pause(wait, this.#stop.signal);
    }
  }

  async #try(notification: Notification): Promise<Result<null, NotifyFailure>> {
    const attempt = new AbortController();
    const abort = (): void => attempt.abort();
    const timer = setTimeout(abort, this.#timing.timeoutMs);
    this.#stop.signal.addEventListener("abort", abort);
    if (this.#stop.signal.aborted) abort();
    try {
      return await this.#deliver(notification, attempt.signal);
    } finally {
      clearTimeout(timer);
      this.#stop.signal.removeEventListener("abort", abort);
    }
  }

  /** Counts a failure and logs it, unless one was logged a moment ago. */
  #failed(detail: string): void {
    this.#failures += 1;
    const now = this.#options.clock.now();
    if (this.#loggedAt !== null && now - this.#loggedAt < this.#timing.logEveryMs) return;
    this.#loggedAt = now;
    this.#options.log({
      level: "warning",
      name: "notify-failed",
      text: `${this.#label} was not told: ${detail}`,
      epoch: null,
      service: null,
      data: { failures: this.#failures },
    });
  }
}

function door(config: NotifierConfig): { readonly label: string; readonly deliver: Deliver } {
  if (config.type === "webhook") {
    const url = config.url ?? "";
    const host = URL.canParse(url) ? new URL(url).hostname : "";
    const slack = config.slack ?? host === "hooks.slack.com";
    return {
      label: `webhook ${host}`,
      deliver: (notification, signal) => postWebhook(url, notification, slack, signal),
    };
  }
  const command = config.command ?? [];
  return {
    label: `command ${command[0] ?? ""}`,
    deliver: (notification, signal) => runNotifyCommand(command, notification, signal),
  };
}

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
