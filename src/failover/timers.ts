import type { MonoMs } from "../base/time.ts";
import type { TargetConfig } from "../config/config.ts";
import type { Weighed } from "../health/weigh.ts";

/**
 * What a leader remembers between two looks at one service. It is not replicated: a new leader counts from its own
 * takeover, so that `failback_delay` and `min_hold` never get shorter by a change of leaders.
 */
export interface FailoverTimers {
  readonly createdAt: MonoMs;
  /** Since when each target has been usable without a break; absent while it is not. */
  readonly usableSince: Map<string, MonoMs>;
  /** The active target that `activeDownSince` is about. */
  active: string | null;
  /** Since when some or enough observers have held the active target down; null while nobody does. */
  activeDownSince: MonoMs | null;
  /** The last switch, or the takeover. */
  lastSwitchAt: MonoMs;
}

/** A leader's timers at its takeover. */
export function createTimers(now: MonoMs): FailoverTimers {
  return { createdAt: now, usableSince: new Map(), active: null, activeDownSince: null, lastSwitchAt: now };
}

/** Takes note of what the cluster thinks now. */
export function followHealth(
  timers: FailoverTimers,
  active: string | null,
  targets: readonly TargetConfig[],
  weighed: ReadonlyMap<string, Weighed>,
  now: MonoMs,
): void {
  for (const name of timers.usableSince.keys()) {
    const known = targets.some((target) => target.name === name);
    if (!known || weighed.get(name)?.usable !== true) timers.usableSince.delete(name);
  }
  for (const { name } of targets) {
    if (weighed.get(name)?.usable === true && !timers.usableSince.has(name)) {
      timers.usableSince.set(name, now);
    }
  }
  if (timers.active !== active) {
    timers.active = active;
    timers.activeDownSince = null;
  }
  const health = active === null ? "unknown" : weighed.get(active)?.health ?? "unknown";
  if (health === "up" || active === null) timers.activeDownSince = null;
  else if (health !== "unknown") timers.activeDownSince ??= now;
}
