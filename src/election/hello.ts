/** Hellos: each peer that is not written to otherwise hears this node once a heartbeat [8]. */
import type { MonoMs } from "../base/time.ts";
import { runningPromise } from "./acceptor.ts";
import type { ElectionState } from "./state.ts";
import type { Turn } from "./turn.ts";

/**
 * A follower is woken by its leader's claim once a heartbeat. Its grant tells the leader that it lives, and its hellos
 * to the others go along with it: half the datagrams to the leader, and half the times that a process is woken for
 * nothing else. Only when no claim came for so many heartbeats does it send hellos by its own timer.
 */
const UNASKED_HEARTBEATS = 1.5;
/** Hellos that go along with a grant: to peers that were not written to for this share of a heartbeat. */
const ALONG_SHARE = 0.5;

/** When the next hello is due. */
export function helloDue(state: ElectionState, now: MonoMs): MonoMs {
  let lastSentAt = Infinity;
  for (const peer of state.peers.values()) lastSentAt = Math.min(lastSentAt, peer.lastSentAt);
  return lastSentAt + intervalMs(state, now);
}

/** Sends the hellos that are due. */
export function sendHellos(turn: Turn): void {
  greet(turn, intervalMs(turn.state, turn.now));
}

/** Sends hellos along with a grant. */
export function sendHellosAlong(turn: Turn): void {
  greet(turn, turn.state.settings.heartbeatMs * ALONG_SHARE);
}

function greet(turn: Turn, silentMs: number): void {
  for (const [id, peer] of turn.state.peers) {
    if (turn.now >= peer.lastSentAt + silentMs) turn.send(id, { kind: "hello" });
  }
}

function intervalMs(state: ElectionState, now: MonoMs): number {
  const promise = state.role.kind === "follower" ? runningPromise(state, now) : null;
  const follows = promise !== null && promise.ballot.node !== state.self.id;
  return state.settings.heartbeatMs * (follows ? UNASKED_HEARTBEATS : 1);
}
