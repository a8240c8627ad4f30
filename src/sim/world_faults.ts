/** Faults of what the cluster looks after, beside those of machines and network; and what operators do meanwhile. */
import type { Config } from "../config/config.ts";
import type { Command } from "../node/events.ts";
import type { Fault, Who } from "./faults.ts";
import type { ProviderMood } from "./provider.ts";
import type { TargetTrouble } from "./target.ts";

/** Which target of each service (or of the one named): by name, by place from 0, or the active one. */
export type WhichTarget = string | number | "active";

/** What befalls targets and providers. */
export type Trouble =
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
  | { readonly kind: "provider"; readonly mood: ProviderMood; readonly forMs: number };

export type WorldFault =
  | Fault
  | Trouble
  /** All nodes of a zone are gone, and nobody reaches its targets. */
  | { readonly kind: "zone"; readonly zone: string; readonly forMs: number }
  /** An operator's command, given to one node. */
  | { readonly kind: "command"; readonly who: Who; readonly command: Command }
  /** Another config on every node that runs (SIGHUP). */
  | { readonly kind: "reload"; readonly config: Config };

/** What happens in a drill, and when. */
export interface Step {
  readonly atMs: number;
  readonly fault: WorldFault;
}

/** An operator's command for people, as it is typed. */
export function describeCommand(command: Command): string {
  switch (command.kind) {
    case "step-down":
      return "step-down";
    case "unpin":
      return `unpin ${command.service}`;
    default:
      return `${command.kind} ${command.service} ${command.target}`;
  }
}
