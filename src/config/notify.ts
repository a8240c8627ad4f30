/** Whom to tell, and of what. */
import type { Secret } from "./parts.ts";
import type { SecretSource } from "./publisher.ts";

/** What a notification can be about. */
export const NOTIFY_EVENTS = ["leader", "switch", "publish-failed", "drift", "all-down"] as const;
/** What somebody can be told of. */
export type NotifyEvent = typeof NOTIFY_EVENTS[number];

/** How a webhook wants it. */
export const NOTIFY_FORMATS = ["json", "slack", "pagerduty"] as const;
/** The shape of a webhook's JSON: ours, or what Slack or PagerDuty takes. */
export type NotifyFormat = typeof NOTIFY_FORMATS[number];

interface AnyNotify {
  /** Names the receiver on all nodes: a digest of where it is. */
  readonly id: string;
  readonly events: readonly NotifyEvent[];
}

/** `[[notify]]` of type `webhook`. */
export interface WebhookNotify extends AnyNotify {
  readonly type: "webhook";
  /** As good as a password. */
  readonly url: Secret;
  readonly format: NotifyFormat;
  readonly headers: Readonly<Record<string, string>>;
  /** The integration key; needed by PagerDuty alone. */
  readonly routingKey: SecretSource | null;
  /** A CA of its own, PEM; null = those of the system. */
  readonly caFile: string | null;
}

/** `[[notify]]` of type `exec`. */
export interface ExecNotify extends AnyNotify {
  readonly type: "exec";
  /** The program and its arguments. */
  readonly command: readonly string[];
}

/** `[[notify]]`: one receiver. */
export type NotifyConfig = WebhookNotify | ExecNotify;

/** What a URL's host says of the format, where the config does not. */
export function formatOf(host: string): NotifyFormat {
  if (host === "hooks.slack.com") return "slack";
  return /^events\.([a-z]+\.)?pagerduty\.com$/.test(host) ? "pagerduty" : "json";
}

/** What a receiver is called in logs and metrics: no path, no query, no arguments. */
export function receiverName(config: NotifyConfig): string {
  if (config.type === "exec") return `command ${config.command[0] ?? ""}`;
  const url = config.url.reveal();
  return `webhook ${URL.canParse(url) ? new URL(url).host : ""}`;
}
