/** The acceptor's half: promises, and what is accepted under them (rules 1, 4, 7). */
import { type Ballot, compareBallots, higherBallot, sameHolder } from "./ballot.ts";
import type { Entry, EntryRef, Message, Refusal } from "./messages.ts";
import type { ElectionState, Peer } from "./state.ts";
import { isNewer, refOf, sameEntry, type Turn } from "./turn.ts";
import { pull, takeAssembled } from "./inbox.ts";

/** The promise that binds this node now, if any. */
export function runningPromise(
  state: ElectionState,
  now: number,
): { ballot: Ballot; expires: number } | null {
  return state.promise !== null && state.promise.expires > now ? state.promise : null;
}

/** Why a claim of `ballot` would not be granted now; null when it would (rule 1). */
export function refusal(state: ElectionState, ballot: Ballot, now: number): Refusal | null {
  if (state.joining !== null) return "joining";
  if (state.released !== null && compareBallots(ballot, state.released) === 0) return "released";
  if (state.highest !== null && compareBallots(ballot, state.highest) < 0) return "stale";
  const promise = runningPromise(state, now);
  return promise !== null && !sameHolder(promise.ballot, ballot) ? "promised" : null;
}

/** Binds this acceptor to `ballot` for a lease from now. The caller has asked `refusal`. */
export function grant(turn: Turn, ballot: Ballot): void {
  const { state, now } = turn;
  if (state.highest === null || compareBallots(ballot, state.highest) > 0) {
    state.highest = ballot;
    turn.remember();
  }
  state.promise = { ballot, expires: now + state.settings.leaseMs };
}

/** Stores an entry if it is newer than what is accepted here. */
export function accept(turn: Turn, entry: Entry): void {
  if (!isNewer(entry, turn.state.accepted)) return;
  turn.state.accepted = entry;
  turn.remember();
}

/** Answers a claim: the heartbeat of a leader, or a new one's. */
export function onClaim(turn: Turn, peer: Peer, claim: Extract<Message, { kind: "claim" }>): void {
  const { state, now } = turn;
  if (claim.released !== null) learnRelease(turn, claim.released);
  if (claim.ballot.node !== peer.member.id || claim.ballot.incarnation !== peer.incarnation) return;
  const reason = claim.leaseMs !== state.settings.leaseMs ? "config" : refusal(state, claim.ballot, now);
  if (reason !== null) {
    deny(turn, peer, claim, reason);
    return;
  }
  grant(turn, claim.ballot);
  follow(state, claim);
  takeEntry(turn, peer, claim);
  const accepted = state.accepted;
  const fits = accepted !== null && accepted.size <= state.settings.room.inlineBytes;
  const lacking = fits && isNewer(accepted, claim.entry);
  turn.send(peer.member.id, {
    kind: "grant",
    ballot: claim.ballot,
    seq: claim.seq,
    accepted: accepted === null ? null : refOf(accepted),
    state: lacking ? accepted.state : null,
  });
}

/** A lease is running: whatever this node was about to try is over. */
function follow(state: ElectionState, claim: Extract<Message, { kind: "claim" }>): void {
  if (state.role.kind === "preparing") state.role = { kind: "follower" };
  state.startAt = null;
  state.failures = 0;
  state.leaderEntry = claim.entry;
  for (const peer of state.peers.values()) peer.outranked = 0;
}

function deny(turn: Turn, peer: Peer, claim: Extract<Message, { kind: "claim" }>, reason: Refusal): void {
  const { state, now } = turn;
  const promise = runningPromise(state, now);
  turn.send(peer.member.id, {
    kind: "deny",
    ballot: claim.ballot,
    seq: claim.seq,
    reason,
    highest: state.highest,
    holder: promise?.ballot.node ?? null,
    remainingMs: promise === null ? 0 : promise.expires - now,
  });
}

/** The proposal inside a claim: accept it, or pull it; and learn what is committed. */
function takeEntry(turn: Turn, peer: Peer, claim: Extract<Message, { kind: "claim" }>): void {
  const { state } = turn;
  const ref = claim.entry;
  if (ref !== null && compareBallots(ref.ballot, claim.ballot) === 0 && isNewer(ref, state.accepted)) {
    const entry = entryOf(turn, ref, claim.state);
    if (entry !== null) accept(turn, entry);
    else pull(turn, ref, peer.member.id);
  }
  const accepted = state.accepted;
  if (
    accepted !== null && compareBallots(accepted.ballot, claim.ballot) === 0 &&
    accepted.index <= claim.commit &&
    !sameEntry(accepted, state.committed)
  ) state.committed = accepted;
}

/**
 * The whole entry that `ref` names, where its bytes are at hand: inline, assembled from parts, or the very
 * bytes that are accepted here under another ballot (what a new leader proposes again).
 */
function entryOf(turn: Turn, ref: EntryRef, inline: Uint8Array | null): Entry | null {
  if (inline !== null) return { ...ref, state: inline };
  const assembled = takeAssembled(turn, ref);
  if (assembled !== null) return assembled;
  const own = turn.state.accepted;
  // Not by digest alone: one index, one digest and one length name the same decision proposed again.
  const again = own !== null && own.index === ref.index && own.digest === ref.digest && own.size === ref.size;
  return again ? { ...ref, state: own.state } : null;
}

/** A ballot is over: drop the promise to it and make sure that a late claim of it finds no taker (rule 4). */
export function learnRelease(turn: Turn, ballot: Ballot): void {
  const { state } = turn;
  if (state.joining !== null && !state.joining.remembers) {
    state.joining.released = higherBallot(state.joining.released, ballot);
  }
  const promise = state.promise;
  if (promise !== null && sameHolder(promise.ballot, ballot) && compareBallots(promise.ballot, ballot) <= 0) {
    state.promise = null;
    state.startAt = null;
  }
  if (state.released === null || compareBallots(ballot, state.released) > 0) {
    state.released = ballot;
    turn.remember();
  }
  if (state.highest === null || compareBallots(ballot, state.highest) > 0) {
    state.highest = ballot;
    turn.remember();
  }
}
