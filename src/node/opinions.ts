/** The quorum's view: everyone's opinions that still count, weighed by the service's policy. */
import type { NodeId } from "../base/id.ts";
import type { MonoMs } from "../base/time.ts";
import { isAlive } from "../election/detector.ts";
import { windowMs } from "../election/settings.ts";
import { knownLeader } from "../election/step.ts";
import { weigh, type Weighed } from "../health/weigh.ts";
import type { Opinion } from "../health/probing.ts";
import type { NodeState, ServiceSlot, TargetSlot } from "./state.ts";

/** Opinions of one target that count now: this node's own, and those of live nodes with a fresh report. */
export function opinionsOf(state: NodeState, slot: TargetSlot, now: MonoMs): [NodeId, Opinion][] {
  const opinions: [NodeId, Opinion][] = [[state.self, slot.probing.opinion]];
  const oldest = now - 2 * windowMs(state.election.settings);
  for (const [id, peer] of state.peers) {
    const known = state.election.peers.get(id);
    if (known === undefined || !isAlive(state.election, known, now)) continue;
    if (peer.reportedAt >= oldest) opinions.push([id, peer.opinions[slot.index] ?? "unknown"]);
  }
  return opinions.sort((a, b) => a[0] - b[0]);
}

/** What the quorum thinks of each target of a service. */
export function weighService(state: NodeState, service: ServiceSlot, now: MonoMs): Map<string, Weighed> {
  const size = state.config.cluster.nodes.length;
  const leader = state.leading !== null ? state.self : knownLeader(state.election, now)?.node ?? state.self;
  const weighed = new Map<string, Weighed>();
  for (const slot of service.targets) {
    const opinions = opinionsOf(state, slot, now);
    weighed.set(slot.target.name, weigh(opinions, service.config.observers, size, leader));
  }
  return weighed;
}
