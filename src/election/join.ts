/** Coming back without memory, and two processes with one id (rules 8 and 9). */
import type { Incarnation, NodeId } from "../base/id.ts";
import { higherBallot } from "./ballot.ts";
import type { Entry, Message } from "./messages.ts";
import { delta, hearsAnotherUs, inTouchWithQuorum, isAlive } from "./detector.ts";
import { pull, takeAssembled } from "./inbox.ts";
import { beginRelease } from "./release.ts";
import { toldRoom } from "./room.ts";
import { createJoining, type ElectionState, type Joining, type Peer } from "./state.ts";
import { isNewer, needed, refOf, sameEntry, type Turn } from "./turn.ts";

/** Goes on towards a vote: quarantine, twins, memory. */
export function tickJoining(turn: Turn, joining: Joining): void {
  const { state, now } = turn;
  if (now < joining.until) return;
  // Alone it could not do anything with its vote; and what it does not hear cannot tell it of a twin.
  if (!inTouchWithQuorum(state, now) || twinSeen(state, now)) {
    joining.nextRecallAt = now + state.settings.heartbeatMs;
    return;
  }
  if (joining.remembers) {
    finish(turn, joining, "kept");
    return;
  }
  if (learnt(turn, joining)) return;
  if (now >= joining.giveUpAt) {
    finish(turn, joining, "gave-up");
    return;
  }
  if (now < joining.nextRecallAt) return;
  if (forgottenByQuorum(turn, joining)) return;
  joining.round = { seq: ++state.seq, forgetful: new Map() };
  joining.nextRecallAt = now + delta(state);
  turn.sendAll({ kind: "recall", seq: joining.round.seq });
}

/** True while a live peer says that it hears another life of this node's id. */
function twinSeen(state: ElectionState, now: number): boolean {
  for (const peer of state.peers.values()) {
    if (hearsAnotherUs(state, peer, now)) return true;
    if (!isAlive(state, peer, now)) continue;
    const us = peer.heard.find((h) => h.id === state.self.id);
    if (us !== undefined && (us.twin || us.incarnation !== state.incarnation)) return true;
  }
  return false;
}

/** n - Q + 1 members that remember have told: takes over the newest of each. */
function learnt(turn: Turn, joining: Joining): boolean {
  const { state } = turn;
  if (joining.told.size < state.settings.members.length - needed(state) + 1) return false;
  const ref = joining.accepted;
  if (ref !== null && !sameEntry(joining.acceptedState, ref)) {
    const entry = takeAssembled(turn, ref);
    if (entry === null) {
      if (joining.acceptedAt !== null) pull(turn, ref, joining.acceptedAt);
      return false;
    }
    joining.acceptedState = entry;
  }
  finish(turn, joining, "learnt");
  return true;
}

/** Two rounds running the same Q members had no memory: nothing is left to learn (rule 8a). */
function forgottenByQuorum(turn: Turn, joining: Joining): boolean {
  const { state } = turn;
  const round = joining.round;
  if (round === null) return false;
  const now = membersOf(state, round.forgetful);
  const before = new Set(joining.lastForgetful.split(" "));
  joining.lastForgetful = now.map(nameOf).join(" ");
  const both = now.filter((member) => before.has(nameOf(member)));
  if (both.length < needed(state)) return false;
  state.cleared = both;
  finish(turn, joining, "cleared");
  return true;
}

type Life = { readonly id: NodeId; readonly incarnation: Incarnation };

function membersOf(state: ElectionState, forgetful: ReadonlyMap<NodeId, Incarnation>): Life[] {
  const members = [...forgetful].map(([id, incarnation]) => ({ id, incarnation }));
  return [{ id: state.self.id, incarnation: state.incarnation }, ...members];
}

function nameOf(life: Life): string {
  return `${life.id}:${life.incarnation}`;
}

function finish(turn: Turn, joining: Joining, how: "kept" | "learnt" | "cleared" | "gave-up"): void {
  const { state, now } = turn;
  state.highest = higherBallot(state.highest, joining.highest);
  state.released = higherBallot(state.released, joining.released);
  state.seen = Math.max(state.seen, state.highest?.term ?? 0);
  const entry = joining.acceptedState;
  if (entry !== null && isNewer(entry, state.accepted)) state.accepted = entry;
  state.joining = null;
  state.startAt = null;
  state.notBefore = now;
  turn.remember();
  turn.note({ name: "joined", how });
}

/** Tells a member that lost its memory what is known here. */
export function onRecall(turn: Turn, peer: Peer, recall: Extract<Message, { kind: "recall" }>): void {
  const { state } = turn;
  const accepted = state.accepted;
  const room = toldRoom(state.settings.members.length, state.cleared.length);
  turn.send(peer.member.id, {
    kind: "told",
    seq: recall.seq,
    remembers: state.joining === null || state.joining.remembers,
    highest: state.highest,
    released: state.released,
    accepted: accepted === null ? null : refOf(accepted),
    state: accepted !== null && accepted.size <= room ? accepted.state : null,
    cleared: state.cleared,
  });
}

/** Takes what a member tells; counted only when it was asked after the quarantine. */
export function onTold(turn: Turn, peer: Peer, told: Extract<Message, { kind: "told" }>): void {
  const { state } = turn;
  const joining = state.joining;
  if (joining === null || joining.remembers || joining.round === null || peer.incarnation === null) return;
  joining.highest = higherBallot(joining.highest, told.highest);
  joining.released = higherBallot(joining.released, told.released);
  if (told.accepted !== null && isNewer(told.accepted, joining.accepted)) {
    joining.accepted = told.accepted;
    joining.acceptedAt = peer.member.id;
    joining.acceptedState = told.state === null ? null : withBytes(told.accepted, told.state);
  } else if (sameEntry(told.accepted, joining.accepted)) {
    joining.acceptedAt = peer.member.id; // told just now: the one that told first may be gone
  }
  if (!told.remembers) {
    if (told.seq === joining.round.seq) joining.round.forgetful.set(peer.member.id, peer.incarnation);
    return;
  }
  joining.told.add(peer.member.id);
  if (told.cleared.some((life) => life.id === state.self.id && life.incarnation === state.incarnation)) {
    state.cleared = told.cleared;
    if (joining.accepted === null || joining.acceptedState !== null) {
      finish(turn, joining, "cleared");
      return;
    }
  }
  tickJoining(turn, joining);
}

function withBytes(ref: Entry | Omit<Entry, "state">, state: Uint8Array): Entry {
  return { ballot: ref.ballot, index: ref.index, digest: ref.digest, size: ref.size, state };
}

/** A newer process with this id is alive: this one stops voting until nobody hears the other (rule 9). */
export function superseded(turn: Turn): void {
  const { state, now } = turn;
  if (state.joining !== null) return;
  turn.note({ name: "superseded" });
  const role = state.role;
  state.role = { kind: "follower" };
  state.startAt = null;
  state.joining = createJoining(state.settings, true, now);
  for (const peer of state.peers.values()) peer.addressedUs = null;
  if (role.kind === "leader" || role.kind === "claiming") beginRelease(turn, role.tenure.ballot, null);
}
