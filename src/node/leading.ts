/** A leader's work: weigh, decide, have it committed, publish. Other nodes do none of it. */
import { formatEpoch } from "../election/ballot.ts";
import { actingBallot, isYielding, leaseRemaining, mayAct, step } from "../election/step.ts";
import { isAlive } from "../election/detector.ts";
import { canPropose } from "../election/leader.ts";
import { trustedLeaseMs } from "../election/settings.ts";
import type { MonoMs } from "../base/time.ts";
import { applySwitch, applyZone } from "../failover/apply.ts";
import { type ClusterState, emptyState } from "../failover/cluster_state.ts";
import { createTimers, decide, type Decision, type Shown } from "../failover/decide.ts";
import { decodeState, encodeState } from "../failover/codec.ts";
import { warmupOf } from "../failover/first_decision.ts";
import { parseEpoch } from "../publish/epoch.ts";
import {
  due,
  expectLateWrite,
  finished,
  isBusy,
  isCurrent,
  nextAt,
  planRehearsal,
  setDesired,
  setLeading,
} from "../publish/reconcile.ts";
import type { PublisherRef } from "./events.ts";
import type { PublishAction, PublishResult } from "../publish/action.ts";
import { tellByHand } from "./by_hand.ts";
import { applyCommand, done, finishWish, refused } from "./operate.ts";
import { type Observer, observersNow, weighService } from "./opinions.ts";
import type { NodeState, PublisherSlot, ServiceSlot, Wish } from "./state.ts";
import { followProofs, provenAt, withProofs } from "./proofs.ts";
import type { NodeTurn } from "./turn.ts";
import { nextVerify, startVerify } from "./verifying.ts";

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
  state.leading = { epoch, term: ballot.term, since: now };
  state.proposed = null;
  state.dirty = true;
  for (const service of state.services) {
    service.timers = createTimers(now);
    service.reviewAt = now;
    for (const publisher of service.publishers) beginPublishing(turn, service, publisher);
  }
  wishCommitted(turn);
}

/** A publisher at the beginning of a tenure, or new in one. */
export function beginPublishing(turn: NodeTurn, service: ServiceSlot, publisher: PublisherSlot): void {
  const { state, now, env } = turn;
  const { reconciler, config } = publisher;
  if (reconciler === null || state.leading === null) return;
  setLeading(reconciler, state.leading, now);
  planRehearsal(reconciler, provenAt(state.cluster, service.config.name, config), env);
}

/** A node that has led is heard again: it may have slept in the middle of a write. */
export function expectLateWrites({ state, now }: NodeTurn): void {
  if (state.leading === null) return;
  for (const { publishers } of state.services) {
    for (const { reconciler } of publishers) if (reconciler !== null) expectLateWrite(reconciler, now);
  }
}

function layDown(turn: NodeTurn): void {
  const { state, now } = turn;
  state.leading = null;
  state.proposed = null;
  state.wishes = []; // whoever brought them sends them again, to the next leader
  for (const service of state.services) {
    service.timers = null;
    service.reviewAt = Infinity;
    service.waitingFor = null;
    for (const publisher of service.publishers) {
      publisher.writing = false;
      if (publisher.reconciler !== null) setLeading(publisher.reconciler, null, now);
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
      data: { from: last.from, to: last.to, reason: last.reason },
    });
  }
}

/** Tells the publishers what is committed; they see to it themselves. */
export function wishCommitted(turn: NodeTurn): void {
  const { state, now } = turn;
  const epoch = state.leading?.epoch;
  if (state.cluster === null || epoch === undefined) return;
  for (const service of state.services) {
    const decision = state.cluster.services[service.config.name];
    if (decision === undefined) continue;
    const target = service.targets.find((slot) => slot.target.name === decision.active)?.target ?? null;
    if (decision.active !== null && target === null) continue; // removed from the config: decided anew first
    const desired = { target: decision.active, value: target?.publish ?? null, epoch };
    for (const { reconciler } of service.publishers) {
      if (reconciler !== null) setDesired(reconciler, desired, now);
    }
  }
}

/** Looks at every service that has news and proposes what follows from it. */
export function decideAll(turn: NodeTurn): void {
  const { state, now } = turn;
  if (state.leading === null || state.proposed !== null || !canPropose(state.election, now)) return;
  if (now < state.decidedAt + paceMs(state) && state.wishes.length === 0) return;
  if (!hasNews(state, now) || isYielding(state.election)) return;
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
  for (const service of state.services) {
    const decision = decideService(turn, service, next, observers);
    if (decision.kind === "stay") continue;
    switched.push(service.config.name);
    next = applySwitch(next, service.config, decision, {
      wallMs: turn.env.wallMs,
      epoch: state.leading.epoch,
    });
  }
  const proven = withProofs(next, state);
  const decided = switched.length > 0 || wishes.length > 0 || proven !== next;
  if (!decided && state.cluster === null) return;
  next = applyZone(proven, state.zoneDigest, turn.env.wallMs);
  if (next === state.cluster) return;
  const bytes = encodeState(next);
  state.proposed = { bytes, at: now, wishes, switched };
  turn.takeElection(step(state.election, { kind: "propose", state: bytes }, turn.env));
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
): Decision {
  const { state, now } = turn;
  const timers = service.timers ?? (service.timers = createTimers(now));
  const decided = cluster.services[service.config.name] ?? null;
  const active = service.targets.find((slot) => slot.target.name === decided?.active);
  const decision = decide({
    service: service.config,
    decision: decided,
    weighed: weighService(state, service, now, observers),
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
  return state.dirty || state.wishes.length > 0 || state.services.some((service) => now >= service.reviewAt);
}

function aliveText(state: NodeState, now: MonoMs): string {
  let text = "";
  for (const peer of state.election.peers.values()) {
    if (isAlive(state.election, peer, now)) text += `${peer.member.id} `;
  }
  return text;
}

/** Starts whatever publishers have to do now, while the lease holds and nobody waits for it. */
export function publishDue(turn: NodeTurn): void {
  const { state, now } = turn;
  let busy = false;
  for (const service of state.services) {
    service.publishers.forEach((publisher, index) => {
      const ref = { service: service.config.name, index };
      startPublish(turn, ref, publisher);
      startVerify(turn, ref, publisher);
      busy ||= publisher.writing;
    });
  }
  state.election.busy = busy;
  if (state.leading === null) return;
  for (const service of state.services) notePublished(turn, service, now);
}

function startPublish(turn: NodeTurn, ref: PublisherRef, publisher: PublisherSlot): void {
  const { state, now } = turn;
  const { reconciler } = publisher;
  if (reconciler === null || state.leading === null || state.stopping !== null) return;
  if (now < nextAt(reconciler) || isYielding(state.election)) return;
  const action = due(reconciler, now);
  if (action === null) return;
  publisher.writing = action.action.kind === "write";
  turn.publish({
    kind: "publish",
    publisher: ref,
    operation: action.operation,
    action: action.action,
    deadline: publishDeadline(state, action.action, action.timeoutMs, now),
    timeoutMs: action.timeoutMs,
  });
}

/**
 * A write starts only while the lease outlives its timeout, or half a lease where the timeout is longer: it
 * is cut off when the lease is not renewed meanwhile (ELECTION.md, What a write to the outside must also do).
 */
function publishDeadline(state: NodeState, action: PublishAction, timeoutMs: number, now: MonoMs): MonoMs {
  if (action.kind === "read") return now;
  return now + Math.min(timeoutMs, trustedLeaseMs(state.election.settings) / 2);
}

/** True while a write that needs the lease until `deadline` may start or go on: asked at the moment of use. */
export function mayPublish(state: NodeState, now: MonoMs, deadline: MonoMs = now): boolean {
  return mayAct(state.election, now) && now + leaseRemaining(state.election, now) > deadline;
}

/** A publisher answered. */
export function onPublished(
  turn: NodeTurn,
  ref: PublisherRef,
  operation: number,
  result: PublishResult,
): void {
  const { state } = turn;
  const service = state.services.find((slot) => slot.config.name === ref.service);
  // By its number: a reload may have moved the publisher in the list.
  const publisher = service?.publishers.find(({ reconciler }) => reconciler?.operation?.number === operation);
  if (service === undefined || publisher === undefined || publisher.reconciler === null) return;
  const current = isCurrent(publisher.reconciler, operation);
  const told = finished(publisher.reconciler, operation, result, turn.env);
  if (current && result.kind === "fenced") onFenced(turn, ref, publisher, result.epoch);
  publisher.writing = isBusy(publisher.reconciler) && publisher.writing;
  if (told.changed || publisher.reconciler.newlyProven) state.dirty = true;
  if (told.event === null) return;
  const failed = told.event === "publish-failed" || told.event === "drift";
  turn.log(failed ? "warning" : "info", told.event, `${ref.service}: ${told.detail}`, {
    service: ref.service,
    epoch: state.leading?.epoch ?? null,
    data: { publisher: publisher.config.type, name: publisher.config.name },
  });
}

/** A publisher holds a later epoch than this leader's: with the next ballot all publishers begin anew. */
function onFenced(turn: NodeTurn, ref: PublisherRef, publisher: PublisherSlot, epoch: string): void {
  const { state } = turn;
  const term = parseEpoch(epoch)?.term;
  if (state.leading === null || term === undefined) return;
  const { type, name } = publisher.config;
  const text = `${ref.service}: ${type} ${name} was written under epoch ${epoch}, later than this leader's.`;
  turn.log("warning", "fenced", text, {
    service: ref.service,
    epoch: state.leading.epoch,
    data: { publisher: type, name, holds: epoch },
  });
  turn.takeElection(step(state.election, { kind: "outrun", term }, turn.env));
}

/** How long the world took to show the last switch. */
function notePublished(_turn: NodeTurn, service: ServiceSlot, now: MonoMs): void {
  const { times } = service;
  if (times === null || times.publishMs !== null) return;
  const shown = service.publishers.every(({ reconciler }) =>
    reconciler === null || reconciler.state === "ok"
  );
  if (shown) service.times = { ...times, publishMs: now - times.committedAt };
}

/** When a leader has something to do next. */
export function nextLeaderWork(state: NodeState, now: MonoMs): MonoMs {
  if (state.leading === null) return Infinity;
  if (isYielding(state.election) || state.stopping !== null) return Infinity;
  const mayDecide = state.proposed === null && canPropose(state.election, now);
  let next = state.dirty && mayDecide ? state.decidedAt + paceMs(state) : Infinity;
  for (const service of state.services) {
    if (mayDecide) next = Math.min(next, Math.max(service.reviewAt, state.decidedAt + paceMs(state)));
    for (const publisher of service.publishers) {
      const { reconciler } = publisher;
      if (reconciler !== null) next = Math.min(next, nextAt(reconciler), nextVerify(publisher));
    }
  }
  return next;
}
