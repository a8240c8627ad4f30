/** Letting the lease go, quietly (rule 4). */
import type { NodeId } from "../base/id.ts";
import type { Ballot } from "./ballot.ts";
import { learnRelease } from "./acceptor.ts";
import { delta, hearersOf, isTwoWay } from "./detector.ts";
import { outranks } from "./settings.ts";
import type { ElectionState, Peer, Tenure } from "./state.ts";
import { needed, type Turn } from "./turn.ts";

/** A release is sent so often, delta/4 apart. */
const RELEASES = 4;
/** Others hold back for so many deltas while a successor takes over. */
export const HOLD_BACK_DELTAS = 2;

/** A successor has been heard within so many heartbeats: one that stopped a moment ago would cost a lease. */
const SUCCESSOR_HEARTBEATS = 3;

/** Tells all that `ballot`, and every earlier one of this node, is over. The caller has stopped acting. */
export function beginRelease(turn: Turn, ballot: Ballot, successor: NodeId | null): void {
  const { state, now } = turn;
  learnRelease(turn, ballot);
  state.releasing = { ballot, successor, left: RELEASES, nextAt: now };
  tickRelease(turn);
}

/** Sends the release again while it is due. */
export function tickRelease(turn: Turn): void {
  const { state, now } = turn;
  const releasing = state.releasing;
  if (releasing === null || now < releasing.nextAt) return;
  turn.sendAll({ kind: "release", ballot: releasing.ballot, successor: releasing.successor });
  releasing.left--;
  releasing.nextAt = now + delta(state) / 4;
  if (releasing.left === 0) state.releasing = null;
}

/** The successor did not take up what it was handed: next time it must have been steady for longer (rule 6, k). */
export function handoverFailed(state: ElectionState): void {
  const successor = state.handover === null ? undefined : state.peers.get(state.handover.to);
  if (successor !== undefined) successor.vanished++;
  state.handover = null;
}

/** Stops acting, then releases. With a successor, this node holds back for it. */
export function letGo(
  turn: Turn,
  tenure: Tenure,
  successor: NodeId | null,
  why: "yield" | "step-down" | "stop",
): void {
  const { state, now } = turn;
  state.role = { kind: "follower" };
  state.startAt = null;
  state.steadySince = null;
  if (successor !== null) {
    // Told to step down, it leaves it to any other for a lease; one that yielded takes back what is not taken up.
    const { leaseMs } = state.settings;
    state.notBefore = now + (why === "step-down" ? leaseMs : HOLD_BACK_DELTAS * delta(state));
    state.handover = { to: successor, by: now + leaseMs };
  }
  turn.note({ name: "handed-over", ballot: tenure.ballot, to: successor, why });
  beginRelease(turn, tenure.ballot, successor);
}

/** The most authoritative other node that is in touch with a majority; null when there is none. */
export function bestSuccessor(state: ElectionState, now: number): NodeId | null {
  let best: Peer | null = null;
  for (const peer of state.peers.values()) {
    const silentMs = now - peer.heardAt;
    if (peer.joining || silentMs > SUCCESSOR_HEARTBEATS * state.settings.heartbeatMs) continue;
    if (!isTwoWay(state, peer, now) || hearersOf(state, peer.member.id, now) < needed(state)) continue;
    if (best === null || outranks(peer.member, best.member)) best = peer;
  }
  return best?.member.id ?? null;
}
