/** Holding the lease: renewing it, the register under it, giving way (rules 3, 6, 7). */
import { assert } from "../base/assert.ts";
import type { NodeId } from "../base/id.ts";
import type { MonoMs } from "../base/time.ts";
import { compareBallots } from "./ballot.ts";
import type { EntryRef, Message } from "./messages.ts";
import { accept } from "./acceptor.ts";
import { newBallot, sendClaims } from "./claims.ts";
import { delta, hearersOf, isAlive, isTwoWay } from "./detector.ts";
import { makeEntry } from "./entry.ts";
import { pull, takeAssembled } from "./inbox.ts";
import { beginRelease, bestSuccessor, handoverFailed, letGo } from "./release.ts";
import { outranks, trustedLeaseMs, windowMs } from "./settings.ts";
import type { ElectionState, Peer, Role, Tenure } from "./state.ts";
import { isNewer, needed, nthLargest, sameEntry, type Turn } from "./turn.ts";

type Leader = Extract<Role, { kind: "leader" }>;

/** Claims sent delta/2 apart while an entry is uncommitted. */
const EAGER_CLAIMS = 6;
/** A yield stands for so many heartbeats after its last datagram. */
const YIELD_HEARTBEATS = 3;
/** Longest back-off of a node that keeps vanishing: so many times `preempt_delay`. */
const MAX_VANISH_FACTOR = 32;

/** Judges the grants so far: the lease's end, a ballot that may be acted under, a proposal that is committed. */
export function onQuorum(turn: Turn, tenure: Tenure): void {
  const { state, now } = turn;
  const sentAt = nthLargest(tenure.granted.values(), needed(state));
  const until = sentAt + trustedLeaseMs(state.settings);
  assert(until <= now + state.settings.leaseMs, "a lease counts from when its round was sent");
  tenure.validUntil = Math.max(tenure.validUntil, until);
  if (now >= tenure.validUntil) return;
  if (tenure.acting === null || compareBallots(tenure.acting, tenure.ballot) !== 0) {
    if (countFresh(turn, tenure, () => true) >= needed(state)) act(turn, tenure);
    return;
  }
  commitIfAccepted(turn, tenure);
}

/** Nodes that granted `ballot` by a claim younger than L' and pass a test of what they accepted. */
function countFresh(turn: Turn, tenure: Tenure, test: (accepted: EntryRef | null) => boolean): number {
  const oldest = turn.now - trustedLeaseMs(turn.state.settings);
  let count = 0;
  for (const grant of tenure.grantedNow.values()) if (grant.sentAt > oldest && test(grant.accepted)) count++;
  return count;
}

/** Q nodes granted `ballot`: from now on this node acts under it, once rule 7 is done. */
function act(turn: Turn, tenure: Tenure): void {
  const { state, now } = turn;
  const before = tenure.acting;
  tenure.acting = tenure.ballot;
  tenure.ready = false;
  tenure.proposal = null;
  tenure.choice = null;
  state.failures = 0;
  for (const peer of state.peers.values()) peer.outranked = 0;
  if (before === null) {
    state.role = { kind: "leader", tenure, nextAt: now + state.settings.heartbeatMs };
    state.releasing = null;
    if (state.handover !== null) handoverFailed(state); // the lease is back here before the successor's time is up
    turn.note({ name: "leader", ballot: tenure.ballot });
  } else {
    turn.note({ name: "reballot", ballot: tenure.ballot, from: before });
  }
  chooseEntry(turn, tenure);
}

/** Rule 7: proposes the newest entry among the Q grants again, in this ballot. */
function chooseEntry(turn: Turn, tenure: Tenure): void {
  const { state, now } = turn;
  let newest: { ref: EntryRef; from: NodeId; bytes: Uint8Array | null } | null = null;
  for (const [id, grant] of tenure.grantedNow) {
    if (grant.accepted !== null && isNewer(grant.accepted, newest?.ref ?? null)) {
      newest = { ref: grant.accepted, from: id, bytes: grant.state };
    }
  }
  if (newest === null) {
    tenure.ready = true;
    return;
  }
  const own = state.accepted;
  const bytes = own !== null && sameEntry(own, newest.ref) ? own.state : newest.bytes;
  if (bytes !== null) {
    propose(turn, tenure, newest.ref.index, bytes);
    return;
  }
  tenure.choice = { ref: newest.ref, since: now };
  pull(turn, newest.ref, newest.from);
}

/** The pulled state is there, or its holder is not any more and the other grants decide. */
export function tickChoice(turn: Turn, tenure: Tenure): void {
  const choice = tenure.choice;
  if (choice === null || turn.now >= tenure.validUntil) return;
  const entry = takeAssembled(turn, choice.ref);
  if (entry !== null) {
    tenure.choice = null;
    propose(turn, tenure, entry.index, entry.state);
    return;
  }
  if (turn.now - choice.since < windowMs(turn.state.settings)) return;
  const { state, now } = turn;
  for (const [id, grant] of tenure.grantedNow) {
    const peer = state.peers.get(id);
    if (peer === undefined || isAlive(state, peer, now) || !sameEntry(grant.accepted, choice.ref)) continue;
    tenure.grantedNow.delete(id);
  }
  if (tenure.grantedNow.size < needed(state)) return;
  tenure.choice = null;
  chooseEntry(turn, tenure);
}

function propose(turn: Turn, tenure: Tenure, index: number, bytes: Uint8Array): void {
  const { state, now } = turn;
  const entry = makeEntry(tenure.ballot, index, bytes);
  accept(turn, entry);
  assert(state.accepted === entry, "a leader's proposal is the newest entry that it knows");
  tenure.proposal = { entry, committed: false, resends: 0 };
  sendClaims(turn, tenure);
  if (state.role.kind === "leader") state.role.nextAt = now + delta(state) / 2;
  commitIfAccepted(turn, tenure); // a cluster of one
}

/** True while a new state may be proposed: this node may act, and no other state is on its way. */
export function canPropose(state: ElectionState, now: MonoMs): boolean {
  const role = state.role;
  if (role.kind !== "leader" || now >= role.tenure.validUntil || !role.tenure.ready) return false;
  const { tenure } = role;
  if (tenure.acting === null || compareBallots(tenure.acting, tenure.ballot) !== 0) return false;
  return tenure.proposal === null || tenure.proposal.committed;
}

/** Proposes a new state. Returns false when this node cannot now. */
export function proposeState(turn: Turn, bytes: Uint8Array): boolean {
  const { state, now } = turn;
  if (!canPropose(state, now) || state.role.kind !== "leader") return false;
  propose(turn, state.role.tenure, (state.accepted?.index ?? 0) + 1, bytes);
  return true;
}

function commitIfAccepted(turn: Turn, tenure: Tenure): void {
  const { state, now } = turn;
  const proposal = tenure.proposal;
  if (proposal === null || proposal.committed || now >= tenure.validUntil) return;
  if (countFresh(turn, tenure, (accepted) => sameEntry(accepted, proposal.entry)) < needed(state)) return;
  proposal.committed = true;
  state.committed = proposal.entry;
  tenure.ready = true;
  sendClaims(turn, tenure); // tells the others at once that it is committed
  if (state.role.kind === "leader") state.role.nextAt = now + state.settings.heartbeatMs;
}

/** Renews, or finds the lease gone. */
export function tickLeader(turn: Turn, role: Leader): void {
  const { state, now } = turn;
  const { tenure } = role;
  if (now >= tenure.validUntil) {
    loseLease(turn, tenure);
    return;
  }
  tickChoice(turn, tenure);
  if (tenure.yieldFrom !== null && now >= tenure.yieldFrom.until) tenure.yieldFrom = null;
  giveWay(turn, tenure);
  if (state.role !== role || now < role.nextAt) return;
  if (state.highest !== null && compareBallots(state.highest, tenure.ballot) > 0) {
    reballot(turn, tenure);
    return;
  }
  sendClaims(turn, tenure);
  onQuorum(turn, tenure);
  role.nextAt = now + pause(state, tenure, now);
}

function pause(state: ElectionState, tenure: Tenure, now: MonoMs): number {
  const { heartbeatMs } = state.settings;
  const proposal = tenure.proposal;
  if (proposal !== null && !proposal.committed && proposal.resends < EAGER_CLAIMS) {
    proposal.resends++;
    return Math.min(heartbeatMs, delta(state) / 2);
  }
  const newest = nthLargest(tenure.granted.values(), needed(state));
  return now - newest > 2 * heartbeatMs ? heartbeatMs / 4 : heartbeatMs;
}

function loseLease(turn: Turn, tenure: Tenure): void {
  const { state, now } = turn;
  state.role = { kind: "follower" };
  state.ownVanished++;
  state.startAt = null;
  state.notBefore = now;
  turn.note({ name: "lease-lost", ballot: tenure.acting ?? tenure.ballot, lateMs: now - tenure.validUntil });
  beginRelease(turn, tenure.ballot, null);
}

/** Goes on in a ballot above every known one; acts under the old one until Q nodes granted it (rule 3). */
export function reballot(turn: Turn, tenure: Tenure): void {
  const { state, now } = turn;
  tenure.ballot = newBallot(turn);
  tenure.grantedNow.clear();
  tenure.denied.clear();
  // Chosen among the old ballot's grants: proposed in the new one it could hide what that one's grants show.
  tenure.choice = null;
  sendClaims(turn, tenure);
  if (state.role.kind === "leader") state.role.nextAt = now + delta(state) / 2;
}

/** Something outside was written under `term`: a leader that is not above it already goes on above it [16]. */
export function outrun(turn: Turn, term: number): void {
  const { state, now } = turn;
  state.seen = Math.max(state.seen, term);
  if (state.role.kind !== "leader" || now >= state.role.tenure.validUntil) return;
  if (state.role.tenure.ballot.term <= term) reballot(turn, state.role.tenure);
}

/** A denial does not depose a leader: it goes on above the ballot that the other names. */
export function onDenyLeading(turn: Turn, role: Leader, deny: Extract<Message, { kind: "deny" }>): void {
  const { tenure } = role;
  if (compareBallots(deny.ballot, tenure.ballot) !== 0 || turn.now >= tenure.validUntil) return;
  const above = deny.highest !== null && compareBallots(deny.highest, tenure.ballot) > 0;
  if (above || deny.reason === "released") reballot(turn, tenure);
}

/** A more authoritative node asks for the lease (rule 6). */
export function onYield(turn: Turn, peer: Peer, message: Extract<Message, { kind: "yield" }>): void {
  const { state, now } = turn;
  const role = state.role;
  if (role.kind !== "leader" || !state.settings.preempt || !outranks(peer.member, state.self)) return;
  const { tenure } = role;
  const ours = message.ballot.node === state.self.id && message.ballot.incarnation === state.incarnation;
  if (!ours || !steadyEnough(state, peer, now) || hearersOf(state, peer.member.id, now) < needed(state)) {
    return;
  }
  tenure.yieldFrom = { id: peer.member.id, until: now + YIELD_HEARTBEATS * state.settings.heartbeatMs };
  giveWay(turn, tenure);
}

/** A node that keeps vanishing must have been steady longer each time (rule 6, [15]). */
function steadyEnough(state: ElectionState, peer: Peer, now: MonoMs): boolean {
  if (!isTwoWay(state, peer, now) || peer.twoWaySince === null) return false;
  const steadyMs = now - peer.twoWaySince;
  if (steadyMs >= MAX_VANISH_FACTOR * vanishUnit(state)) peer.vanished = 0;
  return steadyMs >= vanishDelay(state, peer.vanished);
}

/** `preempt_delay`; a lease where that is shorter: without any delay a node that keeps vanishing would be let in each time. */
function vanishUnit({ settings }: ElectionState): number {
  return Math.max(settings.preemptDelayMs, settings.leaseMs);
}

/** 0 for a node that never vanished; else 2^(k-1) x `preempt_delay` (or a lease), at most 32 x. */
export function vanishDelay(state: ElectionState, vanished: number): number {
  if (vanished === 0) return 0;
  return Math.min(2 ** (vanished - 1), MAX_VANISH_FACTOR) * vanishUnit(state);
}

/** Hands over where someone waits for it and nothing is in flight. */
function giveWay(turn: Turn, tenure: Tenure): void {
  const { state, now } = turn;
  if (state.busy || (tenure.proposal !== null && !tenure.proposal.committed) || tenure.choice !== null) {
    return;
  }
  if (tenure.yieldFrom !== null) letGo(turn, tenure, tenure.yieldFrom.id, "yield");
  else if (tenure.stepDown) letGo(turn, tenure, bestSuccessor(state, now), "step-down");
}

/** Steps down by hand. Returns false when this node does not lead, or nobody could follow. */
export function stepDown(turn: Turn): boolean {
  const { state, now } = turn;
  if (state.role.kind !== "leader" || bestSuccessor(state, now) === null) return false;
  state.role.tenure.stepDown = true;
  giveWay(turn, state.role.tenure);
  return true;
}

/** Asks a less authoritative leader for the lease, once steady long enough (rule 6). */
export function tickYield(turn: Turn): void {
  const { state, now } = turn;
  const holder = yieldTo(state, now);
  if (holder === null || now < yieldDueAt(state)) return;
  state.nextYieldAt = now + state.settings.heartbeatMs;
  turn.send(holder.ballot.node, { kind: "yield", ballot: holder.ballot });
}

/** The leader that this node could take over from; null when there is none. */
function yieldTo(state: ElectionState, now: MonoMs): NonNullable<ElectionState["promise"]> | null {
  const promise = state.promise;
  if (!state.settings.preempt || state.joining !== null || state.stopping !== null) return null;
  if (state.role.kind !== "follower" || state.steadySince === null) return null;
  if (promise === null || promise.expires <= now) return null;
  const holder = state.peers.get(promise.ballot.node);
  if (holder === undefined || !outranks(state.self, holder.member)) return null;
  const leaderEntry = state.leaderEntry;
  const caughtUp = leaderEntry === null || sameEntry(state.accepted, leaderEntry);
  return caughtUp ? promise : null;
}

/** When the next yield is due, were a less authoritative node leading; Infinity when not steady. */
function yieldDueAt(state: ElectionState): MonoMs {
  if (state.steadySince === null) return Infinity;
  const steadyMs = Math.max(state.settings.preemptDelayMs, vanishDelay(state, state.ownVanished));
  return Math.max(state.nextYieldAt, state.steadySince + steadyMs);
}

/** The next moment at which `tickYield` may have something to do. */
export function nextYield(state: ElectionState, now: MonoMs): MonoMs {
  return yieldTo(state, now) === null ? Infinity : yieldDueAt(state);
}
