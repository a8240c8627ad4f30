/**
 * The election: bully by authority, safe by a majority lease (ELECTION.md). A pure core: the same state,
 * event, time and chance give the same step. It opens no socket and reads no clock. Read next: `state.ts`,
 * then the rules in `acceptor.ts` (1, 4, 7), `candidate.ts` (2, 5), `claims.ts`, `leader.ts` (3, 6, 7), `release.ts` (4),
 * `join.ts` (8, 9).
 *
 *     joining --quarantine over, memory learnt--> follower
 *     follower --promise ran out, rank x delta--> preparing --Q would--> claiming --Q grants--> leader
 *     follower --named successor-------------------------------------> claiming
 *     preparing, claiming --refused, silence--> follower        (a claim is released)
 *     leader --lease over | yield | step-down | stop--> follower (released)
 *     any --a newer twin is alive--> joining
 */
import { unreachable } from "../base/assert.ts";
import type { Env, MonoMs } from "../base/time.ts";
import { type Ballot, compareBallots } from "./ballot.ts";
import type { Header, Message } from "./messages.ts";
import { onClaim, runningPromise } from "./acceptor.ts";
import {
  onAsk,
  onDenyClaiming,
  onGrant,
  onWould,
  scheduleStart,
  startIfDue,
  tickClaiming,
  tickPreparing,
} from "./candidate.ts";
import { listen, updateSteadiness } from "./detector.ts";
import { helloDue, sendHellos, sendHellosAlong } from "./hello.ts";
import { onChunk, onFetch, tickInbox } from "./inbox.ts";
import { onRecall, onTold, superseded, tickJoining } from "./join.ts";
import {
  nextYield,
  onDenyLeading,
  onYield,
  outrun,
  proposeState,
  stepDown,
  tickChoice,
  tickLeader,
  tickYield,
} from "./leader.ts";
import { beginRelease, bestSuccessor, handoverFailed, letGo, tickRelease } from "./release.ts";
import { onRelease } from "./succeed.ts";
import type { ElectionState, Peer } from "./state.ts";
import { type ElectionEffect, Turn } from "./turn.ts";

/** What can happen to the election. */
export type ElectionEvent =
  /** A verified datagram of a member. */
  | { readonly kind: "received"; readonly header: Header; readonly message: Message | null }
  /** Something may be due; harmless when nothing is. */
  | { readonly kind: "deadline" }
  /** Replicate this state (rule 7). Ignored unless this node leads and no other is on its way. */
  | { readonly kind: "propose"; readonly state: Uint8Array }
  | { readonly kind: "step-down" }
  /** A fence outside holds this term or a later one: a leader goes on in a ballot above it [16]. */
  | { readonly kind: "outrun"; readonly term: number }
  /** Let go and take no part any more. */
  | { readonly kind: "stop" };

/** One step of the protocol. Changes `state` in place; see `state.ts` for why. */
export function step(state: ElectionState, event: ElectionEvent, env: Env): ElectionEffect[] {
  const turn = new Turn(state, env);
  switch (event.kind) {
    case "received":
      onReceived(turn, event.header, event.message);
      break;
    case "deadline":
      onDeadline(turn);
      break;
    case "propose":
      proposeState(turn, event.state);
      break;
    case "step-down":
      stepDown(turn);
      break;
    case "outrun":
      outrun(turn, event.term);
      break;
    case "stop":
      onStop(turn);
      break;
    default:
      return unreachable(event);
  }
  return turn.effects();
}

function onReceived(turn: Turn, header: Header, message: Message | null): void {
  const { state } = turn;
  const peer = state.peers.get(header.from);
  if (peer === undefined) return;
  const listening = listen(turn, peer, header);
  if (state.twinAt === turn.now) superseded(turn);
  if (listening !== "fresh" || message === null) return;
  // Claims bind, so they must be meant for this very life (rule 9); the rest is harmless to a newcomer.
  if (message.kind === "claim" && header.to !== state.incarnation) return;
  onMessage(turn, peer, message);
}

function onMessage(turn: Turn, peer: Peer, message: Message): void {
  switch (message.kind) {
    case "hello":
      return;
    case "ask":
      return onAsk(turn, peer, message);
    case "would":
      return onWould(turn, peer, message);
    case "claim":
      onClaim(turn, peer, message);
      // A follower has few deadlines of its own: whatever is due is looked at here as well.
      onDue(turn);
      return sendHellosAlong(turn);
    case "grant":
      return onGrant(turn, peer, message);
    case "deny":
      return onDeny(turn, peer, message);
    case "release":
      return onRelease(turn, message);
    case "yield":
      return onYield(turn, peer, message);
    case "fetch":
      return onFetch(turn, peer, message);
    case "chunk":
      return onPart(turn, message);
    case "recall":
      return onRecall(turn, peer, message);
    case "told":
      return onTold(turn, peer, message);
    default:
      return unreachable(message);
  }
}

function onDeny(turn: Turn, peer: Peer, deny: Extract<Message, { kind: "deny" }>): void {
  const { state } = turn;
  state.seen = Math.max(state.seen, deny.highest?.term ?? 0);
  if (deny.reason === "config") state.configDeniedBy.set(peer.member.id, turn.now);
  const role = state.role;
  if (role.kind === "claiming") onDenyClaiming(turn, role, peer, deny);
  else if (role.kind === "leader") onDenyLeading(turn, role, deny);
}

function onPart(turn: Turn, chunk: Extract<Message, { kind: "chunk" }>): void {
  const { state } = turn;
  if (!onChunk(turn, chunk)) return;
  // A follower accepts it with the next claim; a leader and a newcomer go on now.
  if (state.role.kind === "leader") tickChoice(turn, state.role.tenure);
  else if (state.joining !== null) tickJoining(turn, state.joining);
}

function onDeadline(turn: Turn): void {
  onDue(turn);
  sendHellos(turn);
}

function onDue(turn: Turn): void {
  const { state, now } = turn;
  updateSteadiness(state, now);
  if (state.joining !== null) tickJoining(turn, state.joining);
  countVanished(turn);
  tickRelease(turn);
  tickInbox(turn);
  scheduleStart(turn);
  startIfDue(turn);
  const role = state.role;
  if (role.kind === "preparing") tickPreparing(turn, role);
  else if (role.kind === "claiming") tickClaiming(turn, role);
  else if (role.kind === "leader") tickLeader(turn, role);
  tickYield(turn);
}

/** Tenures whose promise ran out, and handovers not taken up, make a node wait longer next time (rule 6). */
function countVanished(turn: Turn): void {
  const { state, now } = turn;
  const promise = state.promise;
  const counted = promise !== null && state.ranOut !== null &&
    compareBallots(promise.ballot, state.ranOut) === 0;
  if (promise !== null && promise.expires <= now && !counted) {
    state.ranOut = promise.ballot;
    const holder = state.peers.get(promise.ballot.node);
    if (holder !== undefined) holder.vanished++;
  }
  if (state.handover !== null && now >= state.handover.by) {
    if (runningPromise(state, now)?.ballot.node === state.handover.to) state.handover = null;
    else handoverFailed(state);
  }
}

function onStop(turn: Turn): void {
  const { state, now } = turn;
  if (state.stopping !== null) return;
  const role = state.role;
  const successor = bestSuccessor(state, now);
  state.stopping = { since: now };
  if (role.kind === "leader") letGo(turn, role.tenure, successor, "stop");
  else if (role.kind === "claiming") beginRelease(turn, role.tenure.ballot, null);
  state.role = { kind: "follower" };
  state.startAt = null;
}

/** True once a stopped node has told its release. */
export function isStopped(state: ElectionState): boolean {
  return state.stopping !== null && state.releasing === null;
}

/** When `deadline` is to be given next; -Infinity = at once. */
export function nextDeadline(state: ElectionState, now: MonoMs): MonoMs {
  let next = helloDue(state, now);
  if (state.joining !== null) next = Math.min(next, joiningDue(state, now));
  if (state.releasing !== null) next = Math.min(next, state.releasing.nextAt);
  if (state.inbox !== null && state.inbox.missing > 0) next = Math.min(next, state.inbox.nextAt);
  if (state.handover !== null) next = Math.min(next, state.handover.by);
  return Math.min(next, roleDue(state, now), nextYield(state, now));
}

function joiningDue(state: ElectionState, now: MonoMs): MonoMs {
  const joining = state.joining;
  if (joining === null) return Infinity;
  return now < joining.until ? joining.until : joining.nextRecallAt;
}

function roleDue(state: ElectionState, now: MonoMs): MonoMs {
  const role = state.role;
  switch (role.kind) {
    case "preparing":
      return role.nextAt;
    case "claiming":
      return Math.min(role.nextAt, role.giveUpAt);
    case "leader":
      return Math.min(role.nextAt, role.tenure.validUntil);
    case "follower": {
      if (state.joining !== null || state.stopping !== null) return Infinity;
      const promise = runningPromise(state, now);
      if (promise !== null) return promise.expires;
      return state.startAt ?? -Infinity;
    }
    default:
      return unreachable(role);
  }
}

/** True while this node holds the lease: asked at the moment of use, never remembered (rule 3). */
export function holdsLease(state: ElectionState, now: MonoMs): boolean {
  return state.role.kind === "leader" && now < state.role.tenure.validUntil;
}

/** True while this node holds the lease and knows all that was decided before it (rule 7). */
export function mayAct(state: ElectionState, now: MonoMs): boolean {
  return holdsLease(state, now) && state.role.kind === "leader" && state.role.tenure.ready;
}

/** Milliseconds that the lease still runs here; 0 for any other node. */
export function leaseRemaining(state: ElectionState, now: MonoMs): number {
  return state.role.kind === "leader" ? Math.max(0, state.role.tenure.validUntil - now) : 0;
}

/** True while a more authoritative node waits for the lease: no publish starts (rule 6). */
export function isYielding(state: ElectionState): boolean {
  return state.role.kind === "leader" && (state.role.tenure.yieldFrom !== null || state.role.tenure.stepDown);
}

/** The ballot that this node acts under; null when it does not lead. */
export function actingBallot(state: ElectionState): Ballot | null {
  return state.role.kind === "leader" ? state.role.tenure.acting : null;
}

/** Who leads, as far as this node knows: itself, or the holder of its running promise. */
export function knownLeader(state: ElectionState, now: MonoMs): Ballot | null {
  if (holdsLease(state, now)) return actingBallot(state);
  if (state.role.kind === "leader" || state.role.kind === "claiming") return null;
  const promise = runningPromise(state, now);
  return promise === null || promise.ballot.node === state.self.id ? null : promise.ballot;
}
