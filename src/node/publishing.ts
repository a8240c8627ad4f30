/** A leader's publishers: told what is committed, started while the lease holds, heard when they answer. */
import { isYielding, leaseRemaining, mayAct, step } from "../election/step.ts";
import { trustedLeaseMs } from "../election/settings.ts";
import type { MonoMs } from "../base/time.ts";
import { switchId } from "../failover/notices.ts";
import { parseEpoch } from "../publish/epoch.ts";
import {
  due,
  expectLateWrite,
  finished,
  isCurrent,
  isWriting,
  nextAt,
  planRehearsal,
  setDesired,
  setLeading,
} from "../publish/reconcile.ts";
import type { PublishAction, PublishResult } from "../publish/action.ts";
import type { PublisherRef } from "./events.ts";
import type { NodeState, PublisherSlot, ServiceSlot } from "./state.ts";
import { provenAt } from "./proofs.ts";
import type { NodeTurn } from "./turn.ts";
import { noteBrief, switchShown } from "./telling.ts";
import { startVerify } from "./verifying.ts";

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

/** Starts whatever publishers have to do now, while the lease holds and nobody waits for it. */
export function publishDue(turn: NodeTurn): void {
  const { state, now } = turn;
  let busy = false;
  for (const service of state.services) {
    for (const [index, publisher] of service.publishers.entries()) {
      // The embedded DNS has nothing to do here, and this is asked after each of thousands of probes.
      if (publisher.reconciler === null && publisher.verifier === null) continue;
      const ref = { service: service.config.name, index };
      startPublish(turn, ref, publisher);
      startVerify(turn, ref, publisher);
      busy ||= publisher.reconciler !== null && isWriting(publisher.reconciler, now);
    }
  }
  state.election.busy = busy;
  if (state.leading === null) return;
  for (const service of state.services) notePublished(turn, service);
}

function startPublish(turn: NodeTurn, ref: PublisherRef, publisher: PublisherSlot): void {
  const { state, now } = turn;
  const { reconciler } = publisher;
  if (reconciler === null || state.leading === null || state.stopping !== null) return;
  if (now < nextAt(reconciler) || isYielding(state.election)) return;
  const action = due(reconciler, now);
  if (action === null) return;
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
  if (told.changed || told.event !== null || publisher.reconciler.newlyProven) state.dirty = true;
  if (told.event === null) return;
  state.dirty = true;
  if (told.event === "drift") {
    noteBrief(turn, "drift", ref.service, publisher, `${ref.service}: ${told.detail}.`);
  }
  const failed = told.event === "publish-failed" || told.event === "drift";
  turn.log(failed ? "warning" : "info", told.event, `${ref.service}: ${told.detail}`, {
    service: ref.service,
    epoch: state.leading?.epoch ?? null,
    data: {
      switch: switchShown(state, ref.service),
      publisher: publisher.config.type,
      name: publisher.config.name,
    },
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

/** How long the world took to show the last switch: told once, the last line of a switch that needs no `verify`. */
function notePublished(turn: NodeTurn, service: ServiceSlot): void {
  const { times, config: { name } } = service;
  if (times === null || times.told) return;
  const shown = service.publishers.every(({ reconciler }) =>
    reconciler === null || reconciler.state === "ok"
  );
  if (!shown) return;
  const publishMs = times.publishMs ?? turn.now - times.committedAt;
  service.times = { ...times, publishMs, told: true };
  const last = turn.state.cluster?.services[name]?.lastSwitch ?? null;
  if (last === null || last.epoch !== times.epoch || last.atWallMs !== times.atWallMs) return;
  const ms = {
    detectMs: last.detectMs === null ? null : Math.round(last.detectMs),
    decideMs: Math.round(times.decideMs),
    publishMs: Math.round(publishMs),
  };
  const detect = ms.detectMs === null ? "" : `detect ${ms.detectMs} ms, `;
  const text = `${name}: ${
    last.to ?? "nothing"
  } is shown: ${detect}decide ${ms.decideMs} ms, publish ${ms.publishMs} ms.`;
  const data = { switch: switchId(name, last), ...ms };
  turn.log("info", "shown", text, { service: name, epoch: last.epoch, data });
}
