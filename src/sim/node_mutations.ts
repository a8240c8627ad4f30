/**
 * Wrong versions of the failover logic, each with one rule broken, made by changing what a whole node remembers
 * between its steps. As `mutations.ts`, they exist to show that the judges see; nothing here is reachable from `run`.
 */
import type { Opinion } from "../health/probing.ts";
import type { NodeState } from "../node/state.ts";

/** Which rule is broken. */
export const NODE_MUTATIONS = ["counts-unknown-as-up", "counts-down-as-up", "counts-up-as-down"] as const;
export type NodeMutation = typeof NODE_MUTATIONS[number];

const REWRITES: Readonly<Record<NodeMutation, readonly [Opinion, Opinion]>> = {
  "counts-unknown-as-up": ["unknown", "up"],
  "counts-down-as-up": ["down", "up"],
  "counts-up-as-down": ["up", "down"],
};

/** Changes what a node thinks, and what it believes the others to think, of all targets. */
export function misjudge(mutation: NodeMutation, state: NodeState): void {
  const [from, to] = REWRITES[mutation];
  for (const { probing } of state.targets) if (probing.opinion === from) probing.opinion = to;
  for (const peer of state.peers.values()) {
    for (let i = 0; i < peer.opinions.length; i++) if (peer.opinions[i] === from) peer.opinions[i] = to;
  }
}
