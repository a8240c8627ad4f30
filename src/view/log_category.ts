/** What each event of the log is about. */
import type { LogCategory } from "../config/log_categories.ts";

const NAMES: Readonly<Record<string, LogCategory>> = {
  "leader": "election",
  "lease": "election",
  "lease-lost": "election",
  "released": "election",
  "epoch": "election",
  "joined": "election",
  "claim-failed": "election",
  "twin": "election",
  "step-down": "election",
  "promise-broken": "election",
  "opinion": "checks",
  "probe": "checks",
  "say": "checks",
  "decide": "failover",
  "switch": "failover",
  "shown": "failover",
  "state": "failover",
  "pinned": "failover",
  "unpinned": "failover",
  "drained": "failover",
  "undrained": "failover",
  "published": "publish",
  "publish-failed": "publish",
  "drift": "publish",
  "repaired": "publish",
  "verified": "publish",
  "fenced": "publish",
  "rehearsed": "publish",
  "rehearsal-failed": "publish",
  "peer": "network",
  "refused": "network",
  "dns": "dns",
  "api": "api",
  "notify-failed": "notify",
};

/** The category of an event's name; what has none of its own is about the node. */
export function categoryOf(name: string): LogCategory {
  return Object.hasOwn(NAMES, name) ? NAMES[name] ?? "node" : "node";
}
