/**
 * Which target is to be in charge of one service. Asked by the leader alone, whenever something it depends on may
 * have changed. The first rule that fits decides:
 *
 *     pinned by hand                  the pinned target, whatever its health
 *     nothing decided yet             what the world shows, unless it is down; else the best usable target, once
 *                                     all better ones have a verdict (see `first_decision.ts`)
 *     nothing published (withdrawn)   the best usable target, as soon as there is one
 *     active one not in the config    leave it
 *     put there by on_all_down        the best usable target, as soon as there is one
 *     active one is down              leave it, at once: neither min_hold nor failback_delay counts; only within
 *                                     `warmup` after this node's start it is kept
 *     active one is drained           the best usable other target; none: stay
 *     a better target is usable       failback = "auto": go there once it was so for failback_delay without a break
 *                                     and the last switch is min_hold ago; longer where it flaps (`flaps.ts`)
 *     else                            stay: a suspect or unknown target is not left, nothing moves on a guess
 *
 * "Leave" takes the best usable target; else one that is at least not down; else, when all are down, what
 * on_all_down says. Best means first in the config. Drained targets are never chosen.
 */
import type { MonoMs } from "../base/time.ts";
import { isDecided } from "./cluster_state.ts";
import {
  bestOf,
  candidates,
  type DecideInput,
  type Decision,
  detection,
  healthOf,
  isTarget,
  isUsable,
  lastResort,
  stay,
  switchTo,
  warmingUp,
} from "./decision.ts";
import { decideFirst } from "./first_decision.ts";
import { fallsNow, fallsOf, holdBackMs, isFlapping } from "./flaps.ts";
import { followHealth } from "./timers.ts";

export type { DecideInput, Decision, Shown } from "./decision.ts";
export { createTimers, type FailoverTimers } from "./timers.ts";

/** Decides. A switch counts as done for `timers`: the caller proposes it. */
export function decide(input: DecideInput): Decision {
  const { service, decision, weighed, timers, now } = input;
  followHealth(timers, decision?.active ?? null, service.targets, weighed, now);
  const decided = firstRuleThatFits(input);
  if (decided.kind === "switch") timers.lastSwitchAt = now;
  return decided;
}

function firstRuleThatFits(input: DecideInput): Decision {
  const { service, decision } = input;
  const pinned = decision?.pinned ?? null;
  if (pinned !== null && isTarget(service, pinned)) {
    return decision?.active === pinned ? stay() : switchTo(pinned, "manual");
  }
  if (!isDecided(decision)) return decideFirst(input);
  const { active } = decision;
  if (active === null) return leaveNothing(input);
  if (!isTarget(service, active)) return leave(input, "removed");
  if (decision.lastSwitch?.reason === "all-down" && input.weighed.get(active)?.usable !== true) {
    const back = candidates(input).find((name) => name !== active && isUsable(input, name));
    if (back !== undefined) return switchTo(back, "failback");
  }
  if (healthOf(input, active) === "down") return warmingUp(input, active) ?? leave(input, "down");
  if (decision.drained.includes(active)) return leaveDrained(input);
  return failBack(input, active);
}

function leaveNothing(input: DecideInput): Decision {
  const to = candidates(input).find((name) => isUsable(input, name));
  return to === undefined ? onAllDown(input) : switchTo(to, "failback");
}

function leave(input: DecideInput, reason: "down" | "removed"): Decision {
  const active = input.decision?.active ?? null;
  const others = candidates(input).filter((name) => name !== active);
  const to = bestOf(input, others);
  if (to === null) return onAllDown(input);
  const left = switchTo(to, reason, detection(input));
  return reason === "down" && left.kind === "switch" ? { ...left, falls: fallsNow(input) } : left;
}

function leaveDrained(input: DecideInput): Decision {
  const active = input.decision?.active ?? null;
  const to = candidates(input).find((name) => name !== active && isUsable(input, name));
  return to === undefined ? stay(null, `a healthy target instead of ${active}`) : switchTo(to, "drained");
}

function failBack(input: DecideInput, active: string): Decision {
  const { service, decision, timers, now } = input;
  if (service.failback === "manual" || healthOf(input, active) === "unknown") return stay();
  const rank = service.targets.findIndex((target) => target.name === active);
  const better = service.targets.slice(0, rank).map((target) => target.name);
  let first: { readonly at: MonoMs; readonly name: string } | null = null;
  for (const name of candidates(input)) {
    const usableSince = timers.usableSince.get(name);
    if (!better.includes(name) || usableSince === undefined) continue;
    const heldMs = holdBackMs(service, fallsOf(decision, name));
    const at = Math.max(usableSince + heldMs, timers.lastSwitchAt + service.minHoldMs);
    if (now >= at) return switchTo(name, "failback");
    if (first === null || at < first.at) first = { at, name };
  }
  if (first === null) return stay();
  const why = isFlapping(fallsOf(decision, first.name)) ? ", longer than usual because it flaps" : "";
  return stay(first.at, `${first.name} to stay healthy${why}`);
}

/** Nothing is fit to switch to: the last resort, once every target that may be used is really down. */
function onAllDown(input: DecideInput): Decision {
  const unsure = candidates(input).find((name) => healthOf(input, name) !== "down");
  if (unsure !== undefined) return stay(null, `a verdict on ${unsure}`);
  return lastResort(input);
}
