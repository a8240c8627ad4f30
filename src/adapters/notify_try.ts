/** One try to tell one receiver. */
import { unreachable } from "../base/assert.ts";
import type { Result } from "../base/result.ts";
import type { NotifyConfig } from "../config/notify.ts";
import type { Message } from "../failover/notice.ts";
import { notificationOf, type Teller } from "../view/notification.ts";
import { runNotifyCommand } from "./notify_exec.ts";
import type { Delivered, NotifyFailure } from "./notify_outcome.ts";
import { postWebhook } from "./notify_webhook.ts";
import { Deadline } from "./publishers/deadline.ts";

export interface TryOptions {
  readonly config: NotifyConfig;
  readonly notice: Message;
  readonly teller: Teller;
  readonly timeoutMs: number;
  /** Ends it early. */
  readonly signal: AbortSignal;
  /** For dates in Retry-After. */
  readonly wallMs: number;
}

/** Tells it once. Ends in time, and soon after `signal` fires; never rejects. */
export async function tryToTell(options: TryOptions): Promise<Result<Delivered, NotifyFailure>> {
  const { config, notice, teller, timeoutMs, signal, wallMs } = options;
  using deadline = new Deadline(timeoutMs, signal);
  switch (config.type) {
    case "webhook":
      return await postWebhook(config, notice, teller, deadline, wallMs);
    case "exec":
      return await runNotifyCommand(config.command, notificationOf(notice, teller), deadline.signal);
    default:
      return unreachable(config);
  }
}
