/** What the log is about: its categories are called `abfail.` and one of these. `view/log_category.ts` sorts events. */
export const LOG_CATEGORIES = [
  "election",
  "checks",
  "failover",
  "publish",
  "network",
  "dns",
  "api",
  "notify",
  "node",
] as const;
/** One of them. */
export type LogCategory = typeof LOG_CATEGORIES[number];

/** Levels, the least important first. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
/** One of them. */
export type LogLevel = typeof LOG_LEVELS[number];

/** What this node logs; `--log-level` wins over `level`. */
export interface LogConfig {
  readonly level: LogLevel | null;
  /** Of single categories. */
  readonly levels: Readonly<Partial<Record<LogCategory, LogLevel>>>;
}
