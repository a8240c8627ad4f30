/** A notice in the shapes that receivers want. */
import type { NodeId } from "../base/id.ts";
import type { Message, NoticeData, NoticePhase } from "../failover/notice.ts";

/** Who tells. */
export interface Teller {
  readonly cluster: string;
  readonly node: NodeId;
  readonly zone: string;
}

/** What a webhook gets as its body and a program on stdin. */
export interface Notification {
  readonly event: string;
  /** `trouble` begins something that lasts, `over` ends it (the same `key`), `news` stands alone. */
  readonly status: NoticePhase;
  /** The same for every repetition, so that a receiver knows what it has seen. */
  readonly key: string;
  readonly text: string;
  readonly cluster: string;
  readonly node: NodeId;
  readonly epoch: string;
  readonly service: string | null;
  readonly data: NoticeData;
  /** When it happened. RFC 3339 in UTC. */
  readonly time: string;
}

/** The plain shape. */
export function notificationOf(notice: Message, { cluster, node }: Teller): Notification {
  const { event, phase, key, text, epoch, service, data, atWallMs } = notice;
  const time = new Date(atWallMs).toISOString();
  return { event, status: phase, key: `${cluster}/${key}`, text, cluster, node, epoch, service, data, time };
}

/** Slack's: one line; `&`, `<` and `>` as Slack asks for them. */
export function slackBody(notice: Message, { cluster, node }: Teller): { readonly text: string } {
  const escaped = notice.text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const over = notice.phase === "over" ? "over: " : "";
  return { text: `[${cluster}] ${notice.event}: ${over}${escaped} (told by node ${node})` };
}

const SEVERITY: Readonly<Record<Message["event"], "critical" | "error" | "warning" | "info">> = {
  "all-down": "critical",
  "publish-failed": "error",
  "drift": "warning",
  "switch": "warning",
  "leader": "info",
  "test": "info",
};

/** The key that PagerDuty groups by, at most 255 characters. */
const DEDUP_MAX = 255;

/**
 * A body of PagerDuty's Events API v2: a trouble triggers an alert, its end resolves it. News (a failback, a new leader)
 * is no alert, which nobody could resolve: it goes to the change events API, `isChange`.
 */
export function pagerDutyBody(
  notice: Message,
  teller: Teller,
  routingKey: string,
): { readonly isChange: boolean; readonly body: Readonly<Record<string, unknown>> } {
  const { event, phase, service, text } = notice;
  const { key, cluster, node, epoch, data, time } = notificationOf(notice, teller);
  const summary = `[${cluster}] ${text}`;
  const source = teller.zone === "" ? `abfail node ${node}` : `abfail node ${node} (${teller.zone})`;
  const details = { ...data, cluster, node, epoch };
  if (phase === "news") {
    const payload = { summary, source, timestamp: time, custom_details: details };
    return { isChange: true, body: { routing_key: routingKey, payload } };
  }
  const begin = { routing_key: routingKey, dedup_key: key.slice(0, DEDUP_MAX) };
  if (phase === "over") return { isChange: false, body: { ...begin, event_action: "resolve" } };
  const payload = {
    summary,
    source,
    timestamp: time,
    severity: SEVERITY[event],
    ...(service === null ? {} : { component: service }),
    group: cluster,
    class: event,
    custom_details: details,
  };
  return { isChange: false, body: { ...begin, event_action: "trigger", payload, client: "abfail" } };
}
