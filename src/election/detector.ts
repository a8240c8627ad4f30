/**
 * Who is alive, who hears whom, how far away they are. Judged by when a datagram was SENT: one that a dead
 * node sent long ago and that arrives late does not make it live longer.
 */
import type { Incarnation, NodeId } from "../base/id.ts";
import type { MonoMs } from "../base/time.ts";
import type { Header } from "./messages.ts";
import { outranks, windowMs } from "./settings.ts";
import type { ElectionState, Peer } from "./state.ts";
import { needed, type Turn } from "./turn.ts";

/** Heartbeats without a word after which a peer's life may be over: only then another life takes its place. */
const SILENT_HEARTBEATS = 3;
/** Shortest and default pauses between tries, ms. */
const MIN_DELTA_MS = 20;

/** What a header means for this node. */
export type Listening = "fresh" | "other-life" | "not-for-us";

/**
 * Takes note of a verified header. Anything but `fresh` carries no message for this life of this node.
 *
 * Which of two lives of a peer is the newer cannot be told: incarnations have no order, and a datagram of a dead life
 * may arrive after the living one was heard. So the life that is heard stays until it has been silent for a while; a
 * stray datagram of a dead life can take its place, if at all, only until the living one is heard again.
 */
export function listen(turn: Turn, peer: Peer, header: Header): Listening {
  const { state, now } = turn;
  if (peer.incarnation !== header.incarnation) {
    if (peer.incarnation !== null && now - peer.heardAt <= silenceMs(state)) {
      hearOtherLife(turn, peer);
      return "other-life";
    }
    newLife(state, peer, header.incarnation);
  }
  const late = lateness(state, peer, header, now);
  if (late > windowMs(state.settings)) return "not-for-us";
  if (header.to !== null && header.to !== state.incarnation) {
    addressedToAnother(turn, peer, header);
    return "not-for-us";
  }
  if (header.to !== null) {
    peer.addressedUs = Math.max(peer.addressedUs ?? -Infinity, header.stamp);
    if (peer.addressedOther !== null && header.stamp > peer.addressedOther.stamp) peer.addressedOther = null;
  }
  countLoss(peer, header.count);
  const sentAt = now - late;
  if (sentAt > peer.heardAt) {
    peer.heardAt = sentAt;
    peer.heard = header.heard;
    peer.joining = header.joining;
    turn.heardChanged();
    const us = header.heard.find((h) => h.id === state.self.id);
    if (us !== undefined && us.incarnation === state.incarnation) {
      peer.hearsUsAt = sentAt;
      peer.twoWaySince ??= now;
    } else {
      peer.twoWaySince = null;
    }
  }
  if (peer.lastStamp === null || header.stamp >= peer.lastStamp.stamp) {
    peer.lastStamp = { stamp: header.stamp, at: now };
  }
  if (header.echo !== null) {
    const rtt = Math.max(0, now - header.echo.stamp - header.echo.heldMs);
    peer.rttMs = peer.rttMs === null ? rtt : peer.rttMs + (rtt - peer.rttMs) / 8;
  }
  return "fresh";
}

/** Datagrams over which the share of losses is smoothed. */
const LOSS_WINDOW = 100;

/** Gaps in a peer's count are losses, smoothed over about a hundred datagrams. */
function countLoss(peer: Peer, count: number): void {
  const gap = peer.lastCount === null ? 1 : (count - peer.lastCount) | 0;
  if (gap <= 0) return; // came late, after its successors
  const keep = 1 - 1 / LOSS_WINDOW;
  peer.loss = (1 - (1 - peer.loss) * keep ** (gap - 1)) * keep;
  peer.lastCount = count;
}

/**
 * A datagram meant for another life of this node's id. Two things tell a twin: a peer that turned from this life to
 * another (an earlier stamp tells nothing, it only overtook), and one that has heard another for longer than it takes
 * to notice that a dead one is silent. A peer that was cut off before this node restarted does neither.
 */
function addressedToAnother(turn: Turn, peer: Peer, header: Header): void {
  const { state, now } = turn;
  if (peer.addressedUs !== null && header.stamp > peer.addressedUs) noticeTwin(turn);
  if (peer.addressedOther !== null && header.stamp < peer.addressedOther.stamp) return;
  const hearsIt = header.heard.some((h) => h.id === state.self.id && h.incarnation === header.to);
  if (!hearsIt) {
    peer.addressedOther = null;
    return;
  }
  const before = peer.addressedOther;
  const goesOn = before !== null && now - before.at <= windowMs(state.settings);
  const since = goesOn ? before.since : now;
  peer.addressedOther = { stamp: header.stamp, since, at: now };
  if (now - since > windowMs(state.settings) + silenceMs(state)) noticeTwin(turn);
}

/** True while a peer addresses another life of this node's id, and says that it hears it. */
export function hearsAnotherUs(state: ElectionState, peer: Peer, now: MonoMs): boolean {
  return peer.addressedOther !== null && now - peer.addressedOther.at <= windowMs(state.settings);
}

/** A newer process with this node's id has been noticed: it stops voting (rule 9). */
function noticeTwin(turn: Turn): void {
  turn.state.twinAt = turn.now;
}

function silenceMs(state: ElectionState): number {
  const { heartbeatMs, leaseMs } = state.settings;
  return Math.min(SILENT_HEARTBEATS * heartbeatMs, leaseMs / 2);
}

/** Two lives that go on being heard beside each other are two processes; one word of another life may be a stray. */
function hearOtherLife(turn: Turn, peer: Peer): void {
  const { state, now } = turn;
  if (peer.otherLifeSince === null || now - peer.otherLifeSince > windowMs(state.settings)) {
    peer.otherLifeSince = now;
  }
  if (now - peer.otherLifeSince <= silenceMs(state)) return;
  if (now - peer.twinHeardAt > windowMs(state.settings)) turn.note({ name: "twin", id: peer.member.id });
  peer.twinHeardAt = now;
  turn.heardChanged();
}

function newLife(state: ElectionState, peer: Peer, incarnation: Incarnation): void {
  peer.incarnation = incarnation;
  peer.otherLifeSince = null;
  peer.heardAt = -Infinity;
  peer.heard = [];
  peer.joining = true;
  peer.twoWaySince = null;
  peer.addressedUs = null;
  peer.addressedOther = null;
  peer.offset = null;
  peer.lastStamp = null;
  peer.lastCount = null;
  peer.loss = 0;
  forgetGrants(state, peer.member.id);
}

/** What an earlier life of a node granted or accepted counts no more (rules 7, 9). */
function forgetGrants(state: ElectionState, id: NodeId): void {
  const role = state.role;
  if (role.kind !== "claiming" && role.kind !== "leader") return;
  role.tenure.granted.delete(id);
  role.tenure.grantedNow.delete(id);
}

/** Not one datagram on time for so many windows: it is not they that are late, its clock stood still. */
const LATE_WINDOWS = 5;

/**
 * How long after its turn a datagram arrived, ms: its (arrival - stamp) above the smallest seen, which creeps
 * up by what two drifting clocks may part. A virtual machine that was frozen together with its clocks would be deaf to
 * nobody and heard by nobody until that has crept up by the whole freeze: it is measured anew.
 */
function lateness({ settings }: ElectionState, peer: Peer, header: Header, now: MonoMs): number {
  const offset = now - header.stamp;
  if (peer.offset === null) {
    peer.offset = { min: offset, at: now, lateSince: null };
    return 0;
  }
  const min = Math.min(offset, peer.offset.min + 2 * settings.rho * (now - peer.offset.at));
  const window = windowMs(settings);
  const lateSince = offset - min > window ? peer.offset.lateSince ?? now : null;
  const anew = lateSince !== null && now - lateSince > LATE_WINDOWS * window;
  peer.offset = anew ? { min: offset, at: now, lateSince: null } : { min, at: now, lateSince };
  return offset - peer.offset.min;
}

/** True when a peer was heard within the window. */
export function isAlive(state: ElectionState, peer: Peer, now: MonoMs): boolean {
  return peer.heardAt >= now - windowMs(state.settings);
}

/** True when a peer is heard and says that it hears this node in this life. */
export function isTwoWay(state: ElectionState, peer: Peer, now: MonoMs): boolean {
  return isAlive(state, peer, now) && peer.twoWaySince !== null &&
    peer.hearsUsAt >= now - windowMs(state.settings);
}

/** True when this node and Q - 1 others hear each other. */
export function inTouchWithQuorum(state: ElectionState, now: MonoMs): boolean {
  let count = 1;
  for (const peer of state.peers.values()) if (isTwoWay(state, peer, now)) count++;
  return count >= needed(state);
}

/** How many nodes, of those alive and `id` itself, say that they hear `id`. */
export function hearersOf(state: ElectionState, id: NodeId, now: MonoMs): number {
  const incarnation = state.peers.get(id)?.incarnation ?? null;
  let count = 1;
  const subject = state.peers.get(id);
  if (subject !== undefined && isAlive(state, subject, now)) count++;
  for (const peer of state.peers.values()) {
    if (peer.member.id === id || !isAlive(state, peer, now)) continue;
    if (peer.heard.some((h) => h.id === id && h.incarnation === incarnation)) count++;
  }
  return count;
}

/** How many more authoritative nodes are alive and vote, the silent holder not counted (rule 5). */
export function rank(state: ElectionState, silent: NodeId | null, now: MonoMs): number {
  let count = 0;
  for (const peer of state.peers.values()) {
    if (peer.member.id === silent || peer.joining || !outranks(peer.member, state.self)) continue;
    if (isAlive(state, peer, now)) count++;
  }
  return count;
}

/** Pause between tries: 2 x the round trip to the Q-th nearest node, 20 ms .. L/5. */
export function delta(state: ElectionState): number {
  const { leaseMs } = state.settings;
  const trips: number[] = [0];
  for (const peer of state.peers.values()) trips.push(peer.rttMs ?? leaseMs / 20);
  trips.sort((a, b) => a - b);
  const nearest = trips[needed(state) - 1] ?? leaseMs / 20;
  return Math.min(Math.max(2 * nearest, MIN_DELTA_MS), Math.max(leaseMs / 5, MIN_DELTA_MS));
}

/** Keeps `steadySince` true to what this node hears. */
export function updateSteadiness(state: ElectionState, now: MonoMs): void {
  for (const peer of state.peers.values()) {
    if (peer.twoWaySince !== null && !isTwoWay(state, peer, now)) peer.twoWaySince = null;
  }
  if (!inTouchWithQuorum(state, now)) state.steadySince = null;
  else state.steadySince ??= now;
}
