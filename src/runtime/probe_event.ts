import type { ProbeOutcome } from "../health/probing.ts";
import type { LogEvent } from "../node/events.ts";

/** A probe that has ended, for the log at `debug`. */
export function probeEvent(service: string, target: string, outcome: ProbeOutcome): LogEvent {
  const { ok, latencyMs, detail, inconclusive = false } = outcome;
  const text = `${service}/${target}: ${ok ? "good" : inconclusive ? "says nothing" : "bad"}: ${detail}`;
  const data = { target, ok, latencyMs: Math.round(latencyMs * 10) / 10, inconclusive };
  return { level: "debug", name: "probe", text, epoch: null, service, data };
}
