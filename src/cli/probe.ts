/** `abfail probe`: tries the targets of one service once, from here, and tells all about it. */
import { traceProbe } from "../adapters/probes/index.ts";
import { Recording } from "../adapters/probes/trace.ts";
import { stopwatchMs } from "../adapters/clock.ts";
import type { CheckConfig, Config, ServiceConfig, TargetConfig } from "../config/config.ts";
import { nearest } from "../config/suggest.ts";
import { err, ok, type Result } from "../base/result.ts";
import { colourPaint, plainPaint } from "../view/paint.ts";
import { loadConfig } from "./load.ts";
import type { ProbeOptions } from "./options.ts";
import { columns, complain, print, wantsColour } from "./output.ts";
import { type Probed, probedText, type Timing } from "./probe_text.ts";

/** Exit code: 0 all are good, 1 one is bad, 2 there is no such service or target, or the config is wrong. */
export async function probeCommand({ config: path, service, target, json }: ProbeOptions): Promise<number> {
  const config = await loadConfig(path, { keys: "optional" });
  const chosen = config.ok ? choose(config.value, service, target) : config;
  if (!chosen.ok) {
    complain(`error: ${chosen.error}`);
    return 2;
  }
  const { check, targets } = chosen.value;
  const look = { width: columns(), paint: wantsColour() ? colourPaint : plainPaint };
  const all: Probed[] = [];
  for (const one of targets) {
    const probed = await probeOnce(check, one);
    // One after the other, and shown as soon as it is known: a hanging target takes its whole timeout.
    if (!json) {
      print([...(all.length > 0 ? [""] : []), ...probedText(service, check, probed, look)].join("\n"));
    }
    all.push(probed);
  }
  const isGood = all.every(({ outcome }) => outcome.ok);
  if (json) {
    print(JSON.stringify({ ok: isGood, service, check: check.type, targets: all.map(asJson) }, null, 2));
  }
  return isGood ? 0 : 1;
}

/** The service and those of its targets that are asked for. */
function choose(
  config: Config,
  service: string,
  target: string | null,
): Result<{ readonly check: CheckConfig; readonly targets: readonly TargetConfig[] }, string> {
  const found = find(config.services, "service", service);
  if (!found.ok) return found;
  const { check, targets } = found.value;
  if (target === null) return ok({ check, targets });
  const one = find(targets, "target", target);
  return one.ok ? ok({ check, targets: [one.value] }) : one;
}

function find<T extends ServiceConfig | TargetConfig>(
  all: readonly T[],
  what: string,
  name: string,
): Result<T, string> {
  const found = all.find((one) => one.name === name);
  if (found !== undefined) return ok(found);
  const names = all.map((one) => one.name);
  const near = nearest(name, names);
  const hint = near === null ? "" : `; did you mean ${near}?`;
  return err(
    `there is no ${what} ${JSON.stringify(name)} in the config${hint} (${what}s: ${names.join(", ")})`,
  );
}

async function probeOnce(check: CheckConfig, target: TargetConfig): Promise<Probed> {
  const recording = new Recording(stopwatchMs);
  const { outcome, rule } = await traceProbe(check, target, recording);
  return {
    target,
    outcome,
    rule,
    timing: timingOf(recording, outcome.latencyMs),
    sent: recording.sentText,
    received: recording.receivedText,
  };
}

/** How long each part took; null where there was none, or it did not end. */
function timingOf({ marks }: Recording, totalMs: number): Timing {
  const { started = 0, resolved, connected, secured, answered } = marks;
  const between = (from: number | undefined, to: number | undefined): number | null =>
    from === undefined || to === undefined ? null : Math.round((to - from) * 10) / 10;
  return {
    dnsMs: between(started, resolved),
    connectMs: between(resolved ?? started, connected),
    tlsMs: between(connected, secured),
    firstByteMs: between(secured ?? connected ?? resolved ?? started, answered),
    totalMs,
  };
}

function asJson(
  { target, outcome, rule, timing, sent, received }: Probed,
): Readonly<Record<string, unknown>> {
  return {
    name: target.name,
    ok: outcome.ok,
    detail: outcome.detail,
    warning: outcome.warning ?? null,
    rule,
    timing,
    sent,
    received,
  };
}
