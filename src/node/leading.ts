/** A leader's work: weigh, decide, have it committed; `publishing.ts` shows it. Other nodes do none of it. */
import { formatEpoch } from "../election/ballot.ts";
import { actingBallot, isYielding, mayAct, step } from "../election/step.ts";
import { isAlive } from "../election/detector.ts";
import { canPropose } from "../election/leader.ts";
import type { MonoMs } from "../base/time.ts";
import { applySwitch, applyZone, type Stamp } from "../failover/apply.ts";
import { switchId } from "../failover/notices.ts";
import { type ClusterState, emptyState } from "../failover/cluster_state.ts";
import { createTimers, decide, type Decision, type Shown } from "../failover/decide.ts";
import { decodeState, encodeState } from "../failover/codec.ts";
import { warmupOf } from "../failover/first_decision.ts";
import { nextAt, setLeading } from "../publish/reconcile.ts";
import { tellByHand } from "./by_hand.ts";
import { beginPublishing, wishCommitted } from "./publishing.ts";
import { applyCommand, done, finishWish, refused } from "./operate.ts";
import type { Weighed } from "../health/weigh.ts";
import { type Observer, observersNow, weighService } from "./opinions.ts";
import type { NodeState, ServiceSlot, Wish } from "./state.ts";
import { withAilments } from "./ailing.ts";
import { followProofs, withProofs } from "./proofs.ts";
import type { NodeTurn } from "./turn.ts";
import { beginTelling, stopTelling, withNotices } from "./telling.ts";
import { nextVerify } from "./verifying.ts";

/** Above so many targets a leader does not look at all services at every change, but paced. */
const UNPACED_TARGETS = 256;
const TARGETS_PER_MS = 50;

/** Takes up or lays down a leader's work, as the lease says. */
export function followLease(turn: NodeTurn): void {
  const { state, now } = turn;
  const ballot = mayAct(state.election, now) ? actingBallot(state.election) : null;
  if (ballot === null) {
    if (state.leading !== null) layDown(turn);
    return;
  }
  const epoch = formatEpoch(ballot);
  if (state.leading?.epoch === epoch) return;
  const anew = state.leading !== null;
  state.leading = { epoch, term: ballot.term, since: now };
  state.proposed = null;
  state.dirty = true;
  for (const service of state.services) {
    service.timers = createTimers(now);
    service.reviewAt = now;
    for (const publisher of service.publishers) beginPublishing(turn, service, publisher);
  }
  beginTelling(turn, anew);
  wishCommitted(turn);
}

function layDown(turn: NodeTurn): void {
  const { state, now } = turn;
  state.leading = null;
  state.proposed = null;
  stopTelling(state);
  state.wishes = []; // whoever brought them sends them again, to the next leader
  for (const service of state.services) {
    service.timers = null;
    service.reviewAt = Infinity;
    service.waitingFor = null;
    for (const { reconciler } of service.publishers) {
      if (reconciler !== null) setLeading(reconciler, null, now);
    }
  }
}

/** The committed state has changed, here or at the leader: answers and wishes follow it. */
export function followCommitted(turn: NodeTurn): void {
  const { state } = turn;
  const entry = state.election.committed;
  if (entry === null || entry === state.clusterEntry) return;
  state.clusterEntry = entry;
  const decoded = decodeState(entry.state);
  if (!decoded.ok) {
    turn.log("error", "state", `The committed state cannot be read: ${decoded.error}`);
    return;
  }
  const before = state.cluster;
  state.cluster = decoded.value;
  followProofs(state);
  tellByHand(turn, before, decoded.value);
  tellSwitches(turn, before, decoded.value);
  finishProposal(turn, entry.state);
  turn.add({ kind: "committed" });
  state.dirty = true;
  if (state.leading !== null) wishCommitted(turn);
}

function finishProposal(turn: NodeTurn, bytes: Uint8Array): void {
  const { state, now } = turn;
  const proposed = state.proposed;
  if (proposed === null || !sameBytes(proposed.bytes, bytes)) return;
  state.proposed = null;
  for (const wish of proposed.wishes) finishWish(turn, wish, done(wish.command));
  for (const service of state.services) {
    const last = state.cluster?.services[service.config.name]?.lastSwitch ?? null;
    if (last === null || !proposed.switched.includes(service.config.name)) continue;
    const external = service.publishers.some((publisher) => publisher.reconciler !== null);
    service.times = {
      epoch: last.epoch,
      atWallMs: last.atWallMs,
      decideMs: now - proposed.at,
      committedAt: now,
      publishMs: external ? null : 0,
      told: false,
    };
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function tellSwitches(turn: NodeTurn, before: ClusterState | null, after: ClusterState): void {
  for (const [name, decision] of Object.entries(after.services)) {
    const last = decision.lastSwitch;
    const old = before?.services[name]?.lastSwitch ?? null;
    if (last === null || (old !== null && old.atWallMs === last.atWallMs && old.epoch === last.epoch)) {
      continue;
    }
    if (before === null && turn.state.leading === null) continue; // history, not news
    const text = `${name}: ${last.from ?? "nothing"} -> ${last.to ?? "nothing"} (${last.reason}).`;
    turn.log(last.reason === "down" || last.reason === "all-down" ? "warning" : "info", "switch", text, {
      service: name,
      epoch: last.epoch,
      data: { switch: switchId(name, last), from: last.from, to: last.to, reason: last.reason },
    });
  }
}

/** Looks at every service that has news and proposes what follows from it. */
export function decideAll(turn: NodeTurn): void {
  const { state, now } = turn;
  if (state.leading === null || state.proposed !== null || !canPropose(state.election, now)) return;
  if (now < state.decidedAt + paceMs(state) && state.wishes.length === 0) return;
  if (isYielding(state.election) || !hasNews(state, now)) return; // in this order: asked for, news is taken as seen
  state.dirty = false;
  state.decidedAt = now;
  const observers = observersNow(state, now);
  let next: ClusterState = state.cluster ?? emptyState();
  const wishes: Wish[] = [];
  for (const wish of state.wishes) {
    const applied = applyCommand(next, wish.command, turn, wish.who);
    if (!applied.ok) finishWish(turn, wish, refused(applied.error));
    else if (applied.value === next) finishWish(turn, wish, done(wish.command));
    else {
      next = applied.value;
      wishes.push(wish);
    }
  }
  state.wishes = [];
  const switched: string[] = [];
  const weighings = new Map<string, Map<string, Weighed>>();
  for (const service of state.services) {
    const decision = decideService(turn, service, next, observers, weighings);
    if (decision.kind === "stay") continue;
    switched.push(service.config.name);
    const stamp = { wallMs: turn.env.wallMs, epoch: state.leading.epoch };
    tellDecision(turn, service, next, decision, stamp);
    next = applySwitch(next, service.config, decision, stamp);
  }
  const proven = withAilments(withProofs(next, state), state, turn.env.wallMs);
  const decided = switched.length > 0 || wishes.length > 0 || proven !== next;
  const mayTell = decided || state.cluster !== null || state.services.length === 0;
  const noticed = mayTell ? withNotices(turn, proven, switched, weighings) : proven;
  if (!decided && noticed === proven && state.cluster === null) return;
  next = applyZone(noticed, state.zoneDigest, turn.env.wallMs);
  if (next === state.cluster) return;
  const bytes = encodeState(next);
  state.proposed = { bytes, at: now, wishes, switched };
  turn.takeElection(step(state.election, { kind: "propose", state: bytes }, turn.env));
}

/** The first line of a switch; its id names it on all nodes. */
function tellDecision(
  turn: NodeTurn,
  { config: { name } }: ServiceSlot,
  cluster: ClusterState,
  { to, reason, detectMs }: Extract<Decision, { kind: "switch" }>,
  { epoch, wallMs }: Stamp,
): void {
  const from = cluster.services[name]?.active ?? null;
  const after = detectMs === null ? "" : `, ${Math.round(detectMs)} ms after the first bad probe`;
  const text = `${name}: ${from ?? "nothing"} -> ${to ?? "nothing"} is decided (${reason})${after}.`;
  const id = switchId(name, { epoch, atWallMs: wallMs });
  const data = { switch: id, from, to, reason, detectMs: detectMs === null ? null : Math.round(detectMs) };
  turn.log("info", "decide", text, { service: name, epoch, data });
}

/** Time between two looks at all services, ms: none, but for thousands of targets, which take a while. */
function paceMs(state: NodeState): number {
  return state.targets.length <= UNPACED_TARGETS ? 0 : state.targets.length / TARGETS_PER_MS;
}

function decideService(
  turn: NodeTurn,
  service: ServiceSlot,
  cluster: ClusterState,
  observers: readonly Observer[],
  weighings: Map<string, Map<string, Weighed>>,
): Decision {
  const { state, now } = turn;
  const timers = service.timers ?? (service.timers = createTimers(now));
  const decided = cluster.services[service.config.name] ?? null;
  const active = service.targets.find((slot) => slot.target.name === decided?.active);
  const weighed = weighService(state, service, now, observers);
  weighings.set(service.config.name, weighed);
  const decision = decide({
    service: service.config,
    decision: decided,
    weighed,
    timers,
    shown: shownBy(service),
    now,
    activeFailingSince: active?.probing.failingSince ?? null,
    warmUntil: state.startedAt + warmupOf(service.config),
  });
  service.reviewAt = decision.kind === "stay" ? decision.reviewAt ?? Infinity : now;
  service.waitingFor = decision.kind === "stay" ? decision.waitingFor : null;
  return decision;
}

/** What the world showed when this leader first looked: the first publisher that can be read decides. */
function shownBy(service: ServiceSlot): Shown {
  for (const { reconciler } of service.publishers) {
    if (reconciler === null || !reconciler.canRead) continue;
    if (reconciler.shows === undefined) {
      return reconciler.error === null ? { kind: "pending" } : { kind: "none" };
    }
    if (reconciler.shows === null) continue;
    const shows = reconciler.shows;
    const slot = service.targets.find((candidate) => candidate.target.publish === shows);
    return { kind: "value", target: slot?.target.name ?? null };
  }
  return { kind: "none" };
}

function hasNews(state: NodeState, now: MonoMs): boolean {
  const alive = aliveText(state, now);
  if (alive !== state.aliveThen) {
    state.aliveThen = alive;
    return true;
  }
  if (now >= state.telling.reviewAt) return true;
  return state.dirty || state.wishes.length > 0 || state.services.some((service) => now >= service.reviewAt);
}

function aliveText(state: NodeState, now: MonoMs): string {
  let text = "";
  for (const peer of state.election.peers.values()) {
    if (isAlive(state.election, peer, now)) text += `${peer.member.id} `;
  }
  return text;
}

/** When a leader has something to do next. */
export function nextLeaderWork(state: NodeState, now: MonoMs): MonoMs {
  if (state.leading === null) return Infinity;
  if (isYielding(state.election) || state.stopping !== null) return Infinity;
  const mayDecide = state.proposed === null && canPropose(state.election, now);
  let next = state.dirty && mayDecide ? state.decidedAt + paceMs(state) : Infinity;
  if (mayDecide) next = Math.min(next, Math.max(state.telling.reviewAt, state.decidedAt + paceMs(state)));
  for (const service of state.services) {
    if (mayDecide) next = Math.min(next, Math.max(service.reviewAt, state.decidedAt + paceMs(state)));
    for (const publisher of service.publishers) {
      const { reconciler } = publisher;
      if (reconciler !== null) next = Math.min(next, nextAt(reconciler), nextVerify(publisher));
    }
  }
  return next;
}
