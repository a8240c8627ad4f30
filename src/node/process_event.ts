import type { LogEvent } from "./events.ts";

/** Something that happened to this process or its machine: of no epoch and no service. `text`: one sentence for people. */
export function processEvent(
  level: LogEvent["level"],
  name: string,
  text: string,
  data: LogEvent["data"] = {},
): LogEvent {
  return { level, name, text, epoch: null, service: null, data };
}
