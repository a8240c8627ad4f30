/** What a decision on one service is made of, and the words that its rules are written in. */
import type { MonoMs } from "../base/time.ts";
import type { ServiceConfig } from "../config/config.ts";
import type { Health, Weighed } from "../health/weigh.ts";
import type { ServiceDecision, SwitchReason } from "./cluster_state.ts";
import type { FailoverTimers } from "./timers.ts";

/** What the world showed when this leader first read its publishers. */
export type Shown =
  /** Not read yet. */
  | { readonly kind: "pending" }
  /** Nothing, or it cannot be told. */
  | { readonly kind: "none" }
  /** `target` is null when the value is that of no target. */
  | { readonly kind: "value"; readonly target: string | null };

/** All that a decision on one service depends on. */
export interface DecideInput {
  readonly service: ServiceConfig;
  /** Committed; null = never decided. */
  readonly decision: ServiceDecision | null;
  /** By target name. */
  readonly weighed: ReadonlyMap<string, Weighed>;
  /** Changed in place. */
  readonly timers: FailoverTimers;
  readonly shown: Shown;
  readonly now: MonoMs;
  /** When this node's present row of bad probes of the active target began; null or absent = there is none. */
  readonly activeFailingSince?: MonoMs | null;
  /** Until then nothing is left because it is down: `warmup` after this node's start. Absent = it is over. */
  readonly warmUntil?: MonoMs;
}

/** What the rules say about one service now. */
export type Decision =
  | {
    readonly kind: "stay";
    /** When a delay runs out, so that the answer may be another one; null = only news can change it. */
    readonly reviewAt: MonoMs | null;
    /** What a better answer waits for, for people; null = nothing. */
    readonly waitingFor: string | null;
  }
  | {
    readonly kind: "switch";
    /** Null = publish nothing. */
    readonly to: string | null;
    readonly reason: SwitchReason;
    /** From the first sign that the active target fails until now, ms; null where none began it. */
    readonly detectMs: number | null;
    /** How often the target that is left has fallen by now (`flaps.ts`); absent where it is not left as down. */
    readonly falls?: number;
  };

/** What `on_all_down` says. */
export function lastResort(
  input: DecideInput,
): Decision {
  const { service, decision } = input;
  const active = decision?.active ?? null;
  const drained = decision?.drained ?? [];
  const waiting = stay(null, "any target to come up");
  switch (service.onAllDown.kind) {
    case "keep":
      return waiting;
    case "withdraw":
      return active === null ? waiting : switchTo(null, "all-down", detection(input));
    case "fallback": {
      const { target } = service.onAllDown;
      return target === active || drained.includes(target)
        ? waiting
        : switchTo(target, "all-down", detection(input));
    }
  }
}

/** Usable first; then not down by a verdict; then called up by somebody and down by nobody. */
export function bestOf(input: DecideInput, names: readonly string[]): string | null {
  const weighed = (name: string): Weighed | undefined => input.weighed.get(name);
  return names.find((name) => isUsable(input, name)) ??
    names.find((name) => weighed(name)?.verdict === true && weighed(name)?.health === "up") ??
    names.find((name) => weighed(name)?.verdict === true && weighed(name)?.health === "suspect") ??
    names.find((name) => weighed(name)?.health === "up") ?? null;
}

/** Names of the targets that may be chosen, the preferred one first. */
export function candidates(input: DecideInput): string[] {
  const drained = input.decision?.drained ?? [];
  return input.service.targets.map((target) => target.name).filter((name) => !drained.includes(name));
}

/** True for a target good enough to switch to. */
export function isUsable(input: DecideInput, name: string): boolean {
  return input.weighed.get(name)?.usable === true;
}

/** What the cluster thinks of a target. */
export function healthOf(input: DecideInput, name: string): Health {
  return input.weighed.get(name)?.health ?? "unknown";
}

/** All stays as it is. */
export function stay(reviewAt: MonoMs | null = null, waitingFor: string | null = null): Decision {
  return { kind: "stay", reviewAt, waitingFor };
}

/** Another target is to be in charge. */
export function switchTo(to: string | null, reason: SwitchReason, detectMs: number | null = null): Decision {
  return { kind: "switch", to, reason, detectMs };
}

/** The warm-up keeps a target that is down; null when it is over. */
export function warmingUp(input: DecideInput, name: string): Decision | null {
  const { warmUntil, now } = input;
  if (warmUntil === undefined || now >= warmUntil) return null;
  return stay(warmUntil, `the warm-up to end, before ${name} is left`);
}

/** True for a target of the config. */
export function isTarget(service: ServiceConfig, name: string): boolean {
  return service.targets.some((target) => target.name === name);
}

/** From the first sign that the active target fails until now, ms; null where there was none. */
export function detection(input: DecideInput): number | null {
  const { timers, now } = input;
  const since = Math.min(input.activeFailingSince ?? Infinity, timers.activeDownSince ?? Infinity);
  return since < now ? Math.round(now - since) : null;
}
