/**
 * The first decision on a service: of a cold cluster, or of one that forgot everything. Caution above all: the
 * world may show a good answer already, and nobody knows yet who is well.
 *
 *     not read yet what the world shows           wait
 *     it shows a target, no verdict on it yet     wait
 *     it shows a target that is not down          adopt it
 *     it is down, but the leader just started     wait for `warmup`
 *     else                                        the best usable target, once all better ones have a verdict or
 *                                                 have had their time; in the end whatever is not down by a verdict
 *     all are down                                on_all_down
 */
import type { MonoMs } from "../base/time.ts";
import type { ServiceConfig } from "../config/config.ts";
import {
  candidates,
  type DecideInput,
  type Decision,
  healthOf,
  isUsable,
  lastResort,
  stay,
  switchTo,
  warmingUp,
} from "./decision.ts";

/** How long better targets may keep the first decision waiting for their verdict, ms: what it takes to probe them. */
function verdictWaitMs(service: ServiceConfig): number {
  const { intervalMs, timeoutMs, rise, fall } = service.check;
  return 3 * intervalMs + Math.max(rise, fall) * timeoutMs;
}

/**
 * So long after the start of its process a leader leaves nothing because it is down, ms: unless the config says
 * otherwise, one full row of bad probes at the ordinary pace. A cluster that starts together with its targets gives
 * them that time. Counted from the start, not from the takeover: a node that has run for a while is warm.
 */
export function warmupOf(service: ServiceConfig): number {
  const { intervalMs, timeoutMs, fall } = service.check;
  return service.warmupMs ?? fall * intervalMs + timeoutMs;
}

/** Decides while nothing is decided. */
export function decideFirst(input: DecideInput): Decision {
  const { shown } = input;
  if (shown.kind === "pending") return stay(null, "what the world shows");
  const names = candidates(input);
  const there = shown.kind === "value" ? names.find((name) => name === shown.target) ?? null : null;
  if (there !== null) {
    if (!hasVerdict(input, there)) return stay(null, `a verdict on ${there}, which is what the world shows`);
    if (healthOf(input, there) !== "down") return switchTo(there, "adopted");
    const warming = warmingUp(input, there);
    if (warming !== null) return warming;
  }
  return choose(input, names);
}

function choose(input: DecideInput, names: readonly string[]): Decision {
  const { service, timers, now } = input;
  const waitUntil: MonoMs = timers.createdAt + verdictWaitMs(service);
  const best = names.find((name) => isUsable(input, name));
  const better = best === undefined ? names : names.slice(0, names.indexOf(best));
  const open = better.filter((name) => !hasVerdict(input, name));
  if (open.length > 0 && now < waitUntil) return stay(waitUntil, `a verdict on ${open.join(", ")}`);
  if (best !== undefined) return switchTo(best, "initial");
  const notDown = names.filter((name) => hasVerdict(input, name) && healthOf(input, name) !== "down");
  const fair = notDown.find((name) => healthOf(input, name) === "up") ?? notDown[0];
  if (fair !== undefined && now >= waitUntil) return switchTo(fair, "initial");
  if (fair !== undefined) return stay(waitUntil, `a verdict on ${fair}`);
  if (open.length > 0) return stay(null, `a verdict on ${open.join(", ")}`);
  return firstResort(input);
}

/** All are down. What on_all_down = "withdraw" takes away may well be there: the world was only read. */
function firstResort(input: DecideInput): Decision {
  const { service, shown } = input;
  if (service.onAllDown.kind === "withdraw" && shown.kind === "value") return switchTo(null, "all-down");
  return lastResort(input);
}

function hasVerdict(input: DecideInput, name: string): boolean {
  return input.weighed.get(name)?.verdict === true;
}
