/**
 * The publisher `webhook` (PRODUCT.md, Publishers): POSTs the wish as JSON; any status of 200 to 299 = done. It must
 * be idempotent: it is asked again whenever there is doubt. `read_url` answers a GET with what the world shows: JSON
 * `{"value": ...}` (null = nothing), or plain text (empty = nothing).
 */
import type { WebhookPublisher } from "../../config/publisher.ts";
import type { PublishAction, PublishResult } from "../../publish/action.ts";
import { readSecret } from "../secret_source.ts";
import { Deadline } from "./deadline.ts";
import { callHttp, type HttpAnswer, retryAfterMs } from "./http_call.ts";
import type { Publisher } from "./publisher.ts";
import { isOneWord, wishOf } from "./wish.ts";

/** A publisher that calls the webhook of `config` for one service. */
export function createWebhookPublisher(
  config: WebhookPublisher,
  service: string,
  wallMs: () => number,
): Publisher {
  return {
    canRead: config.readUrl !== null,
    perform: async (action, timeoutMs, signal): Promise<PublishResult> => {
      if (action.kind === "read" && config.readUrl === null) return { kind: "ok", shows: undefined };
      using deadline = new Deadline(timeoutMs, signal ?? null);
      return await run(config, service, action, deadline, wallMs);
    },
  };
}

async function run(
  config: WebhookPublisher,
  service: string,
  action: PublishAction,
  deadline: Deadline,
  wallMs: () => number,
): Promise<PublishResult> {
  const headers: Record<string, string> = { ...config.headers };
  if (config.token !== null) {
    const token = await readSecret(config.token);
    if (!token.ok) return failed(`there is no token: ${token.error}`);
    headers["authorization"] = `Bearer ${token.value}`;
  }
  const url = action.kind === "read" && config.readUrl !== null ? config.readUrl : config.url;
  const answer = await callHttp({
    method: action.kind === "read" ? "GET" : "POST",
    url: url.reveal(),
    headers,
    body: action.kind === "read" ? null : wishOf(service, action),
  }, deadline);
  if (!answer.ok) return failed(answer.error);
  const { status, retryAfter } = answer.value;
  if (status < 200 || status > 299) {
    return failed(explain(status), retryAfterMs(retryAfter, wallMs()));
  }
  return action.kind === "read" ? shown(answer.value) : { kind: "ok", shows: undefined };
}

function shown({ text }: HttpAnswer): PublishResult {
  const value = valueOf(text.trim());
  if (value === undefined) return failed('its answer is neither {"value": ...} nor one word');
  return { kind: "ok", shows: value };
}

function valueOf(text: string): string | null | undefined {
  if (text.startsWith("{")) {
    try {
      const { value } = JSON.parse(text) as { readonly value?: unknown };
      if (value === null || value === "") return null;
      return typeof value === "string" && isOneWord(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }
  if (text === "") return null;
  return isOneWord(text) ? text : undefined;
}

/** What it said is not repeated: a service in trouble tells what it should not. */
function explain(status: number): string {
  switch (status) {
    case 401:
    case 403:
      return `it answered HTTP ${status}: the token is missing, wrong, or may not do this`;
    case 404:
      return "it answered HTTP 404: there is nothing at this URL";
    case 429:
      return "it answered HTTP 429: too many requests";
    default:
      return `it answered HTTP ${status}`;
  }
}

function failed(detail: string, retryMs: number | null = null): PublishResult {
  return { kind: "failed", detail, retryAfterMs: retryMs };
}
