/** Faults of what the cluster looks after, beside those of machines and network. */
import type { Fault } from "./faults.ts";
import type { ProviderMood } from "./provider.ts";
import type { TargetTrouble } from "./target.ts";

/** Which target of each service (or of the one named): by name, by place from 0, or the active one. */
export type WhichTarget = string | number | "active";

export type WorldFault =
  | Fault
  | {
    readonly kind: "target";
    readonly target: WhichTarget;
    readonly trouble: TargetTrouble;
    readonly forMs: number;
  }
  /** Some zones do not reach a target. */
  | {
    readonly kind: "unreachable";
    readonly target: WhichTarget;
    readonly zones: readonly string[];
    readonly forMs: number;
  }
  /** All nodes of a zone are gone, and nobody reaches its targets. */
  | { readonly kind: "zone"; readonly zone: string; readonly forMs: number }
  | { readonly kind: "provider"; readonly mood: ProviderMood; readonly forMs: number };

/** What happens in a drill, and when. */
export interface Step {
  readonly atMs: number;
  readonly fault: WorldFault;
}
