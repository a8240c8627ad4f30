/** Tells what operators did, on every node, once it is committed: what, by whom. */
import {
  type ByHand,
  type ClusterState,
  decisionOn,
  type ServiceDecision,
} from "../failover/cluster_state.ts";
import type { NodeTurn } from "./turn.ts";

/** Compares two committed states. What was done before this node heard of anything is history, not news. */
export function tellByHand(turn: NodeTurn, before: ClusterState | null, after: ClusterState): void {
  if (before === null && turn.state.leading === null) return;
  for (const [service, decision] of Object.entries(after.services)) {
    const old = before === null ? null : decisionOn(before, service);
    for (const { name, text, target, by } of deedsOf(old, decision)) {
      const who = by?.who ?? null;
      turn.log("info", name, `${service}: ${text} by ${who ?? "somebody"}.`, {
        service,
        epoch: turn.state.leading?.epoch ?? null,
        data: { target, who },
      });
    }
  }
}

interface Deed {
  readonly name: "pinned" | "unpinned" | "drained" | "undrained";
  readonly text: string;
  readonly target: string;
  readonly by: ByHand | undefined;
}

function deedsOf(old: ServiceDecision | null, now: ServiceDecision): Deed[] {
  const deeds: Deed[] = [];
  const pinned = old?.pinned ?? null;
  const undone = (target: string): ByHand | undefined =>
    now.undoneBy?.target === target ? now.undoneBy : undefined;
  if (now.pinned !== null && now.pinned !== pinned) {
    deeds.push({ name: "pinned", text: `pinned to ${now.pinned}`, target: now.pinned, by: now.pinnedBy });
  } else if (now.pinned === null && pinned !== null) {
    deeds.push({ name: "unpinned", text: `unpinned from ${pinned}`, target: pinned, by: undone(pinned) });
  }
  for (const target of now.drained) {
    if (old?.drained.includes(target)) continue;
    const by = now.drainedBy?.find((one) => one.target === target);
    deeds.push({ name: "drained", text: `${target} drained`, target, by });
  }
  for (const target of old?.drained ?? []) {
    if (now.drained.includes(target)) continue;
    deeds.push({ name: "undrained", text: `${target} undrained`, target, by: undone(target) });
  }
  return deeds;
}
