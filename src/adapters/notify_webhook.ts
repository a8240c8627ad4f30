/** One POST to a webhook, in its format. URLs, headers and keys of webhooks are secrets: none is in any error. */
import { err, ok, type Result } from "../base/result.ts";
import type { WebhookNotify } from "../config/notify.ts";
import type { Message } from "../failover/notice.ts";
import { notificationOf, pagerDutyBody, slackBody, type Teller } from "../view/notification.ts";
import type { Delivered, NotifyFailure } from "./notify_outcome.ts";
import type { Deadline } from "./publishers/deadline.ts";
import { retryAfterMs } from "./publishers/http_call.ts";
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
  const answer = await post(shaped.value, config.headers, ca.value, deadline);
  if (!answer.ok) return err({ detail: answer.error, again: true, afterMs: null });
  const { status, retryAfter } = answer.value;
  if (status >= 200 && status <= 299) return ok({ answer: `HTTP ${status}` });
  const again = status >= 500 || status === 408 || status === 429;
  return err({ detail: `it answered HTTP ${status}`, again, afterMs: retryAfterMs(retryAfter, wallMs) });
}

/** By `fetch`, which goes through the proxy that the environment names: chat and paging are on the Internet. */
async function post(
  { url, body }: Shaped,
  headers: Readonly<Record<string, string>>,
  ca: string | null,
  deadline: Deadline,
): Promise<Result<{ readonly status: number; readonly retryAfter: string | null }, string>> {
  const client = ca === null ? null : Deno.createHttpClient({ caCerts: [ca] });
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json; charset=utf-8", "user-agent": "abfail", ...headers },
      body: JSON.stringify(body),
      redirect: "manual",
      signal: deadline.signal,
      ...(client === null ? {} : { client }),
    });
    await answer.body?.cancel();
    return ok({ status: answer.status, retryAfter: answer.headers.get("retry-after") });
  } catch (problem) {
    return err(deadline.why ?? reasonOf(problem, new URL(url).hostname));
  } finally {
    client?.close();
  }
}

/** Why `fetch` failed; its own words hold the URL, and are not handed on. */
function reasonOf(problem: unknown, host: string): string {
  const { message = "", cause } = problem instanceof Error ? problem : new Error();
  const words = `${message} ${cause instanceof Error ? cause.message : ""}`;
  const certificate = /invalid peer certificate: (\w+)/.exec(words)?.[1];
  if (certificate !== undefined) return `its certificate is not trusted (${certificate})`;
  if (/lookup address/.test(words)) return `host name ${host} not found`;
  if (/[Cc]onnection refused/.test(words)) return "connection refused";
  if (/[Cc]onnection reset|closed before|broken pipe/.test(words)) {
    return "connection closed without an answer";
  }
  if (/are blocked/.test(words)) return "no web request may go to this port";
  return "it could not be reached";
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
