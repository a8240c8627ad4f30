/** The quorum's view: everyone's opinions that still count, weighed by the service's policy. */
import type { NodeId } from "../base/id.ts";
import type { MonoMs } from "../base/time.ts";
import { isAlive } from "../election/detector.ts";
import { windowMs } from "../election/settings.ts";
import { knownLeader } from "../election/step.ts";
import { weigh, type Weighed } from "../health/weigh.ts";
import type { Opinion } from "../health/probing.ts";
import { noSay } from "./say.ts";
import type { NodeState, PeerSlot, ServiceSlot, TargetSlot } from "./state.ts";

/** One node whose opinions count now. */
export interface Observer {
  readonly id: NodeId;
  /** Null = this node itself. */
  readonly peer: PeerSlot | null;
}

/**
 * Nodes whose opinions count now, by id: this one and those that live and have reported lately; without those that
 * have no say, be it this node itself.
 */
export function observersNow(state: NodeState, now: MonoMs): Observer[] {
  const observers: Observer[] = noSay(state, now) === null ? [{ id: state.self, peer: null }] : [];
  const oldest = now - 2 * windowMs(state.election.settings);
  for (const [id, peer] of state.peers) {
    const known = state.election.peers.get(id);
    if (known === undefined || !peer.hasSay || peer.otherTargets) continue;
    if (peer.reportedAt >= oldest && isAlive(state.election, known, now)) observers.push({ id, peer });
  }
  return observers.sort((a, b) => a.id - b.id);
}

/** What they think of one target. */
export function opinionsOf(observers: readonly Observer[], slot: TargetSlot): [NodeId, Opinion][] {
  return observers.map(({ id, peer }) => {
    return [id, peer === null ? slot.probing.opinion : peer.opinions[slot.index] ?? "unknown"];
  });
}

/** How old each opinion of one target is, ms: since the last probe here, since the last report elsewhere. */
export function opinionAges(
  observers: readonly Observer[],
  slot: TargetSlot,
  now: MonoMs,
): [NodeId, number][] {
  const ages: [NodeId, number][] = [];
  for (const { id, peer } of observers) {
    const at = peer === null ? slot.probing.last?.at ?? null : peer.reportedAt;
    if (at !== null) ages.push([id, Math.max(0, Math.round(now - at))]);
  }
  return ages;
}

/** What the quorum thinks of each target of a service. */
export function weighService(
  state: NodeState,
  service: ServiceSlot,
  now: MonoMs,
  observers: readonly Observer[] = observersNow(state, now),
): Map<string, Weighed> {
  const size = state.config.cluster.nodes.length;
  const leader = state.leading !== null ? state.self : knownLeader(state.election, now)?.node ?? state.self;
  const weighed = new Map<string, Weighed>();
  for (const slot of service.targets) {
    const opinions = opinionsOf(observers, slot);
    weighed.set(slot.target.name, weigh(opinions, service.config.observers, size, leader));
  }
  return weighed;
}
