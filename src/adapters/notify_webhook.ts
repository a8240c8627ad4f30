/** One POST to a webhook, in its format. URLs, headers and keys of webhooks are secrets: none is in any error. */
import { err, ok, type Result } from "../base/result.ts";
import type { WebhookNotify } from "../config/notify.ts";
import type { Message } from "../failover/notices.ts";
import { notificationOf, pagerDutyBody, slackBody, type Teller } from "../view/notification.ts";
import type { Delivered, NotifyFailure } from "./notify_try.ts";
import type { Deadline } from "./publishers/deadline.ts";
import { callHttp, retryAfterMs } from "./publishers/http_call.ts";
import { readSecret } from "./secret_source.ts";

/** Sends the notice; any status of 200 to 299 means that it was taken. Follows no redirect. */
export async function postWebhook(
  config: WebhookNotify,
  notice: Message,
  teller: Teller,
  deadline: Deadline,
  wallMs: number,
): Promise<Result<Delivered, NotifyFailure>> {
  const shaped = await shape(config, notice, teller);
  if (!shaped.ok) return shaped;
  const ca = await readCa(config.caFile);
  if (!ca.ok) return ca;
  const { url, body } = shaped.value;
  const call = { method: "POST", url, headers: config.headers, body, ca: ca.value };
  const answer = await callHttp(call, deadline);
  if (!answer.ok) return err({ detail: answer.error, again: true, afterMs: null });
  const { status, retryAfter } = answer.value;
  if (status >= 200 && status <= 299) return ok({ answer: `HTTP ${status}` });
  const again = status >= 500 || status === 408 || status === 429;
  return err({ detail: `it answered HTTP ${status}`, again, afterMs: retryAfterMs(retryAfter, wallMs) });
}

interface Shaped {
  readonly url: string;
  readonly body: unknown;
}

async function shape(
  config: WebhookNotify,
  notice: Message,
  teller: Teller,
): Promise<Result<Shaped, NotifyFailure>> {
  const url = config.url.reveal();
  if (config.format === "json") return ok({ url, body: notificationOf(notice, teller) });
  if (config.format === "slack") return ok({ url, body: slackBody(notice, teller) });
  if (config.routingKey === null) return err(lacking("there is no routing key"));
  const key = await readSecret(config.routingKey);
  if (!key.ok) return err(lacking(`there is no routing key: ${key.error}`));
  const { isChange, body } = pagerDutyBody(notice, teller, key.value);
  return ok({ url: isChange ? url.replace(/\/v2\/enqueue$/, "/v2/change/enqueue") : url, body });
}

async function readCa(path: string | null): Promise<Result<string | null, NotifyFailure>> {
  if (path === null) return ok(null);
  try {
    return ok(await Deno.readTextFile(path));
  } catch {
    return err(lacking(`the file of its CA cannot be read: ${path}`));
  }
}

function lacking(detail: string): NotifyFailure {
  return { detail, again: true, afterMs: null };
}
