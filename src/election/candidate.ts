/** Getting the lease: ask first, then claim (rules 2 and 5). */
import type { NodeId } from "../base/id.ts";
import type { MonoMs } from "../base/time.ts";
import { compareBallots, sameHolder } from "./ballot.ts";
import type { Message } from "./messages.ts";
import { learnRelease, refusal, runningPromise } from "./acceptor.ts";
import { delta, isAlive, rank } from "./detector.ts";
import { onQuorum } from "./leader.ts";
import { createTenure, newBallot, sendClaims } from "./claims.ts";
import { beginRelease } from "./release.ts";
import { outranks, windowMs } from "./settings.ts";
import type { Answer, ElectionState, Peer, Role, Tenure } from "./state.ts";
import { needed, type Turn } from "./turn.ts";

type Preparing = Extract<Role, { kind: "preparing" }>;
type Claiming = Extract<Role, { kind: "claiming" }>;

/** Asks sent in one try: the first, then twice more to the silent [10]. */
const ASKS = 3;
/** Claims sent in one try. */
const CLAIMS = 8;
/** How often one asker may be told `outranked` in one leaderless spell. */
const MAX_OUTRANKED = 3;

/** When a follower without a running promise is to begin; chooses it where it is not chosen yet. */
export function scheduleStart(turn: Turn): void {
  const { state, now } = turn;
  if (state.role.kind !== "follower" || state.joining !== null || state.stopping !== null) return;
  if (runningPromise(state, now) !== null) {
    state.startAt = null;
    return;
  }
  if (state.startAt !== null) return;
  const silent = state.promise?.ballot.node ?? null;
  const pause = delta(state);
  state.startAt = Math.max(now, state.notBefore) + rank(state, silent, now) * pause + turn.jitter(pause / 2);
}

/** Begins a try when its time has come. */
export function startIfDue(turn: Turn): void {
  const { state, now } = turn;
  if (state.startAt === null || now < state.startAt || state.role.kind !== "follower") return;
  if (now < state.notBefore) {
    state.startAt = state.notBefore;
    return;
  }
  prepare(turn);
}

/** Asks all others whether they would grant a new ballot; nothing changes there. */
export function prepare(turn: Turn): void {
  const { state, now } = turn;
  state.startAt = null;
  const role: Preparing = {
    kind: "preparing",
    seq: ++state.seq,
    answers: new Map(),
    nextAt: now + delta(state) / 2,
    sent: 1,
  };
  state.role = role;
  turn.sendAll({ kind: "ask", seq: role.seq, released: state.released });
  judgeAnswers(turn, role);
}

/** Asks the silent again, or gives the try up. */
export function tickPreparing(turn: Turn, role: Preparing): void {
  const { state, now } = turn;
  if (now < role.nextAt) return;
  if (role.sent >= ASKS) {
    retryLater(turn, role.answers);
    return;
  }
  role.sent++;
  role.nextAt = now + delta(state) / 2;
  for (const id of state.peers.keys()) {
    if (!role.answers.has(id)) turn.send(id, { kind: "ask", seq: role.seq, released: state.released });
  }
}

/** Answers an ask. A more authoritative node that could lead says so, and starts (rule 5). */
export function onAsk(turn: Turn, peer: Peer, ask: Extract<Message, { kind: "ask" }>): void {
  const { state, now } = turn;
  if (ask.released !== null) learnRelease(turn, ask.released);
  const promise = runningPromise(state, now);
  const bound = promise !== null &&
    !(promise.ballot.node === peer.member.id && promise.ballot.incarnation === peer.incarnation);
  const outranked = !bound && mayOutrank(turn, peer);
  const reason = state.joining !== null ? "joining" : bound ? "promised" : outranked ? "outranked" : null;
  turn.send(peer.member.id, {
    kind: "would",
    seq: ask.seq,
    yes: reason === null,
    reason,
    term: state.highest?.term ?? 0,
    holder: promise?.ballot.node ?? null,
    remainingMs: promise === null ? 0 : promise.expires - now,
  });
  if (!outranked) return;
  peer.outranked++;
  if (state.role.kind === "follower" && now >= state.notBefore) prepare(turn);
}

function mayOutrank(turn: Turn, asker: Peer): boolean {
  const { state, now } = turn;
  if (state.joining !== null || state.stopping !== null || asker.outranked >= MAX_OUTRANKED) return false;
  if (!outranks(state.self, asker.member) || now < state.notBefore) return false;
  return heardByQuorum(state, now);
}

/** True when Q nodes, this one included, that it hears say that they hear it [8]. */
function heardByQuorum(state: ElectionState, now: MonoMs): boolean {
  let count = 1;
  const since = now - windowMs(state.settings);
  for (const peer of state.peers.values()) if (peer.hearsUsAt >= since && isAlive(state, peer, now)) count++;
  return count >= needed(state);
}

/** Takes an answer to the ask under way. */
export function onWould(turn: Turn, peer: Peer, would: Extract<Message, { kind: "would" }>): void {
  const { state, now } = turn;
  state.seen = Math.max(state.seen, would.term);
  const role = state.role;
  if (role.kind !== "preparing" || would.seq !== role.seq) return;
  const freeAt = would.yes ? now : would.reason === "joining" ? Infinity : now + would.remainingMs;
  role.answers.set(peer.member.id, { yes: would.yes, reason: would.reason, freeAt });
  judgeAnswers(turn, role);
}

function judgeAnswers(turn: Turn, role: Preparing): void {
  const { state, now } = turn;
  const own = runningPromise(state, now);
  if (own !== null && own.ballot.node !== state.self.id) {
    state.role = { kind: "follower" }; // a leader came up meanwhile
    return;
  }
  let yes = 1;
  let outranked = false;
  for (const answer of role.answers.values()) {
    if (answer.yes) yes++;
    if (answer.reason === "outranked") outranked = true;
  }
  if (outranked) retryLater(turn, role.answers);
  else if (yes >= needed(state)) claim(turn);
  else if (role.answers.size === state.peers.size) retryLater(turn, role.answers);
}

/** Back to follower; the next try when Q nodes can be free, or after a pause that doubles (rule 2). */
function retryLater(turn: Turn, answers: ReadonlyMap<NodeId, Answer>): void {
  const { state, now } = turn;
  const free: number[] = [now];
  const silentHolder = holderAmong(state);
  for (const peer of state.peers.values()) {
    const answer = answers.get(peer.member.id);
    if (answer !== undefined) free.push(Math.max(now, answer.freeAt));
    else free.push(peer.member.id !== silentHolder && isAlive(state, peer, now) ? now : Infinity);
  }
  backOff(turn, free);
}

function holderAmong(state: ElectionState): NodeId | null {
  return state.promise?.ballot.node ?? null;
}

function backOff(turn: Turn, free: number[]): void {
  const { state, now } = turn;
  free.sort((a, b) => a - b);
  const at = free[needed(state) - 1] ?? Infinity;
  state.role = { kind: "follower" };
  const pause = delta(state);
  if (at > now && at < Infinity) {
    state.startAt = at + turn.jitter(pause / 2);
  } else {
    const doubled = Math.min(
      (pause / 2 + turn.jitter(pause / 2)) * 2 ** Math.min(state.failures, 10),
      state.settings.leaseMs / 2,
    );
    state.failures++;
    state.startAt = now + doubled;
  }
}

/** Claims the lease in a new ballot. */
export function claim(turn: Turn): void {
  const { state, now } = turn;
  state.startAt = null;
  const ballot = newBallot(turn);
  if (refusal(state, ballot, now) !== null) {
    state.role = { kind: "follower" };
    return;
  }
  const role: Claiming = {
    kind: "claiming",
    tenure: createTenure(ballot, now),
    nextAt: now,
    sent: 0,
    giveUpAt: now + state.settings.leaseMs / 2,
  };
  state.role = role;
  tickClaiming(turn, role);
}

/** Sends the claim again, or releases it. */
export function tickClaiming(turn: Turn, role: Claiming): void {
  const { state, now } = turn;
  if (now < role.nextAt && now < role.giveUpAt) return;
  if (role.sent >= CLAIMS || now >= role.giveUpAt) {
    failClaim(turn, role, "silence");
    return;
  }
  role.sent++;
  role.nextAt = now + delta(state) / 2;
  sendClaims(turn, role.tenure);
  onQuorum(turn, role.tenure);
}

/** Counts a grant (rules 2, 3, 7). */
export function onGrant(turn: Turn, peer: Peer, message: Extract<Message, { kind: "grant" }>): void {
  const { state } = turn;
  const role = state.role;
  if (role.kind !== "claiming" && role.kind !== "leader") return;
  const tenure = role.tenure;
  const own = message.ballot.node === state.self.id && sameHolder(message.ballot, tenure.ballot);
  const sentAt = tenure.sentAt.get(message.seq);
  if (!own || sentAt === undefined) return;
  const id = peer.member.id;
  tenure.granted.set(id, Math.max(sentAt, tenure.granted.get(id) ?? -Infinity));
  const before = tenure.grantedNow.get(id)?.sentAt ?? -Infinity;
  if (compareBallots(message.ballot, tenure.ballot) === 0 && sentAt >= before) {
    tenure.grantedNow.set(id, { sentAt, accepted: message.accepted, state: message.state });
    tenure.denied.delete(id);
  }
  onQuorum(turn, tenure);
}

/** Counts a denial of the claim under way. */
export function onDenyClaiming(
  turn: Turn,
  role: Claiming,
  peer: Peer,
  deny: Extract<Message, { kind: "deny" }>,
): void {
  const { state, now } = turn;
  const { tenure } = role;
  if (compareBallots(deny.ballot, tenure.ballot) !== 0 || tenure.grantedNow.has(peer.member.id)) return;
  tenure.denied.add(peer.member.id);
  tenure.freeAt.set(peer.member.id, deny.reason === "joining" ? Infinity : now + deny.remainingMs);
  if (hopes(turn, tenure) < needed(state)) failClaim(turn, role, "denied");
}

/**
 * Nodes that have granted or may still: of those not heard in the window there is no hope. Without that, two nodes
 * that claim at once beside a dead one block each other for half a lease.
 */
function hopes(turn: Turn, tenure: Tenure): number {
  const { state, now } = turn;
  let count = 1;
  for (const [id, peer] of state.peers) {
    if (tenure.denied.has(id)) continue;
    if (tenure.grantedNow.has(id) || isAlive(state, peer, now)) count++;
  }
  return count;
}

/** A claim that cannot win is released, or its promises block everyone for a lease [6]. */
function failClaim(turn: Turn, role: Claiming, why: "denied" | "silence"): void {
  const { state, now } = turn;
  const { tenure } = role;
  turn.note({ name: "claim-failed", ballot: tenure.ballot, why });
  state.role = { kind: "follower" };
  beginRelease(turn, tenure.ballot, null);
  const free: number[] = [now];
  for (const peer of state.peers.values()) {
    const known = tenure.freeAt.get(peer.member.id);
    const granted = tenure.grantedNow.has(peer.member.id);
    free.push(granted ? now : known ?? (isAlive(state, peer, now) ? now : Infinity));
  }
  backOff(turn, free);
}
