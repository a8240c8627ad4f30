/** Claims on their way: a new ballot, a round to all, what rides in it (rules 2, 3, 7). */
import type { NodeId } from "../base/id.ts";
import type { MonoMs } from "../base/time.ts";
import { grant } from "./acceptor.ts";
import { type Ballot, compareBallots } from "./ballot.ts";
import type { Message } from "./messages.ts";
import { trustedLeaseMs } from "./settings.ts";
import type { ElectionState, Tenure } from "./state.ts";
import { refOf, sameEntry, type Turn } from "./turn.ts";

/** Chooses a ballot never used before. */
export function newBallot(turn: Turn): Ballot {
  const { state } = turn;
  const term = Math.max(state.seen + 1, (state.highest?.term ?? 0) + 1, Math.floor(turn.env.wallMs));
  state.seen = term;
  return { term, node: state.self.id, incarnation: state.incarnation };
}

/** A tenure at its beginning: nothing is granted yet. */
export function createTenure(ballot: Ballot, now: MonoMs): Tenure {
  return {
    ballot,
    acting: null,
    since: now,
    sentAt: new Map(),
    granted: new Map(),
    grantedNow: new Map(),
    denied: new Set(),
    freeAt: new Map(),
    validUntil: -Infinity,
    choice: null,
    proposal: null,
    ready: false,
    yieldFrom: null,
    stepDown: false,
  };
}

/** One round of claims to all, granted by this node's own acceptor first. */
export function sendClaims(turn: Turn, tenure: Tenure): void {
  const { state, now } = turn;
  const seq = ++state.seq;
  tenure.sentAt.set(seq, now);
  forgetOldRounds(tenure, now - trustedLeaseMs(state.settings));
  grant(turn, tenure.ballot);
  tenure.granted.set(state.self.id, now);
  tenure.grantedNow.set(state.self.id, {
    sentAt: now,
    accepted: state.accepted === null ? null : refOf(state.accepted),
    state: null,
  });
  for (const peer of state.peers.values()) {
    if (peer.incarnation !== null) turn.send(peer.member.id, claimFor(state, tenure, peer.member.id, seq));
  }
}

function claimFor(state: ElectionState, tenure: Tenure, to: NodeId, seq: number): Message {
  const entry = state.accepted;
  const proposal = tenure.proposal;
  const ofBallot = proposal !== null && compareBallots(proposal.entry.ballot, tenure.ballot) === 0;
  return {
    kind: "claim",
    ballot: tenure.ballot,
    seq,
    leaseMs: state.settings.leaseMs,
    commit: ofBallot && proposal.committed ? proposal.entry.index : 0,
    entry: entry === null ? null : refOf(entry),
    state: inlineFor(state, tenure, to),
    released: state.released,
  };
}

/** The proposal's bytes, where the receiver has not said that it has them and they fit. */
function inlineFor(state: ElectionState, tenure: Tenure, to: NodeId): Uint8Array | null {
  const proposal = tenure.proposal;
  if (proposal === null || state.accepted !== proposal.entry) return null;
  if (compareBallots(proposal.entry.ballot, tenure.ballot) !== 0) return null;
  if (proposal.entry.size > state.settings.room.inlineBytes) return null;
  const known = tenure.grantedNow.get(to)?.accepted ?? null;
  return sameEntry(known, proposal.entry) ? null : proposal.entry.state;
}

function forgetOldRounds(tenure: Tenure, before: MonoMs): void {
  for (const [seq, at] of tenure.sentAt) {
    if (at >= before) break;
    tenure.sentAt.delete(seq);
  }
}
