/** One event as one line of the log. */
import type { WallMs } from "../base/time.ts";
import type { LogEvent } from "../node/events.ts";
import { categoryOf } from "./log_category.ts";
import { printable } from "./text.ts";

const LEVEL: Readonly<Record<LogEvent["level"], string>> = {
  debug: "DEBUG",
  info: "INFO ",
  warning: "WARN ",
  error: "ERROR",
};

/** `2026-11-25T00:00:00.000Z INFO  switch: sentence {service=web epoch=5.1 key=value}`; no newline in it. */
export function textLine(event: LogEvent, wallMs: WallMs): string {
  const pairs = Object.entries({
    ...(event.service === null ? {} : { service: event.service }),
    ...(event.epoch === null ? {} : { epoch: event.epoch }),
    ...event.data,
  }).map(([key, value]) => `${key}=${valueText(value)}`);
  const tail = pairs.length === 0 ? "" : ` {${pairs.join(" ")}}`;
  const time = new Date(wallMs).toISOString();
  return printable(`${time} ${LEVEL[event.level]} ${event.name}: ${event.text}${tail}`);
}

/** The same as one JSON object: `time`, `level`, `category`, `name`, `text`, `epoch`, `service`, `data`. */
export function jsonLine(event: LogEvent, wallMs: WallMs): string {
  const { level, name, text, epoch, service, data } = event;
  const time = new Date(wallMs).toISOString();
  const category = `abfail.${categoryOf(name)}`;
  return JSON.stringify({ time, level, category, name, text, epoch, service, data });
}

/** Quoted where a space, a quote or a brace would make it ambiguous. */
function valueText(value: string | number | boolean | null): string {
  const text = String(value);
  return typeof value === "string" && (text === "" || /[\s"{}=]/.test(text)) ? JSON.stringify(text) : text;
}
