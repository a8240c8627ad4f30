/** When each publisher was last seen to take a write, as the whole cluster knows it: no leader rehearses anew what is known. */
import type { PublisherConfig } from "../config/config.ts";
import type { WallMs } from "../base/time.ts";
import { type ClusterState, decisionOn, withDecision } from "../failover/cluster_state.ts";
import type { NodeState, PublisherSlot } from "./state.ts";

/** Names a publisher of a service, also over a reload that moves it in the list. */
export function keyOf({ type, name }: PublisherConfig): string {
  return `${type} ${name}`;
}

/** When the cluster last saw it take a write; null = it never did. */
export function provenAt(
  cluster: ClusterState | null,
  service: string,
  publisher: PublisherConfig,
): WallMs | null {
  const proven = cluster === null ? null : decisionOn(cluster, service)?.proven;
  return proven?.find((one) => one.publisher === keyOf(publisher))?.atWallMs ?? null;
}

/** The state with what rehearsals have proven here since; the very same state when that is nothing. */
export function withProofs(cluster: ClusterState, state: NodeState): ClusterState {
  let next = cluster;
  for (const { config, publishers } of state.services) {
    const decision = decisionOn(next, config.name);
    if (decision === null || !publishers.some(isNews)) continue;
    const proven = publishers.flatMap(({ config: publisher, reconciler }) => {
      const known = provenAt(next, config.name, publisher);
      const at = reconciler?.newlyProven === true ? reconciler.provenWallMs : known;
      return at === null ? [] : [{ publisher: keyOf(publisher), atWallMs: at }];
    });
    next = withDecision(next, config.name, { ...decision, proven });
  }
  return next;
}

/** Forgets what is news no more: the cluster knows it. */
export function followProofs(state: NodeState): void {
  for (const { config, publishers } of state.services) {
    for (const { config: publisher, reconciler } of publishers) {
      if (reconciler?.newlyProven !== true) continue;
      if (provenAt(state.cluster, config.name, publisher) === reconciler.provenWallMs) {
        reconciler.newlyProven = false;
      }
    }
  }
}

function isNews({ reconciler }: PublisherSlot): boolean {
  return reconciler?.newlyProven === true;
}
