/** One POST to a webhook. */
import { err, ok, type Result } from "../base/result.ts";
import type { Notification, NotifyFailure } from "./notify.ts";

/** Sends the notification as JSON, or as `{ text }` the way Slack wants it. Follows no redirect. */
export async function postWebhook(
  url: string,
  notification: Notification,
  slack: boolean,
  signal: AbortSignal,
): Promise<Result<null, NotifyFailure>> {
  const body = slack ? { text: slackText(notification) } : notification;
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json; charset=utf-8", "user-agent": "abfail" },
      body: JSON.stringify(body),
      redirect: "manual",
      signal,
    });
    await answer.body?.cancel();
    if (answer.ok) return ok(null);
    const again = answer.status >= 500 || answer.status === 408 || answer.status === 429;
    return err({ detail: `it answered HTTP ${answer.status}`, again });
  } catch {
    // The exception's text may hold the URL, which is a secret.
    return err({ detail: signal.aborted ? "no answer in time" : "it could not be reached", again: true });
  }
}

/** One line; `&`, `<` and `>` as Slack asks for them. */
function slackText({ cluster, node, text, event }: Notification): string {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `[${cluster}] ${event}: ${escaped} (told by node ${node})`;
}
