/**
 * One whole node, pure: the election, the checks, the decisions and the publishing joined. `runtime` drives
 * it on the real world, `sim` on a virtual one. Read next: `events.ts` (in and out), `state.ts`, then
 * `receiving.ts` and `checking.ts` (what comes in), `leading.ts` (a leader's work), `publishing.ts`, `operate.ts`
 * (commands), `opinions.ts`, `compare.ts`.
 *
 *     datagram, probe result, publisher's answer, command, deadline
 *        -> stepNode -> election core, health core -> a leader: weigh -> decide -> propose -> committed -> publish
 *        -> effects: persist, send, publish, then the rest
 */
import { unreachable } from "../base/assert.ts";
import type { Incarnation, NodeId } from "../base/id.ts";
import type { Env, MonoMs } from "../base/time.ts";
import { configDigest } from "../config/digest.ts";
import { zoneDigest } from "../config/zone_digest.ts";
import type { Config } from "../config/config.ts";
import { completeSettings, type ElectionSettings } from "../election/settings.ts";
import { createElection } from "../election/state.ts";
import { isStopped, nextDeadline, step } from "../election/step.ts";
import { onProbed, probeDue, shareAt, shareDue } from "./checking.ts";
import type { Durable, Effect, NodeEvent } from "./events.ts";
import { decideAll, followCommitted, followLease, nextLeaderWork } from "./leading.ts";
import { onPublished, publishDue } from "./publishing.ts";
import { createSay, onLate, onPaused } from "./say.ts";
import { tellNote } from "./notes.ts";
import { nextErrand, onCommand, runErrands } from "./operate.ts";
import { noticeSilent, onReceived } from "./receiving.ts";
import { onReload } from "./reload.ts";
import type { NodeState, PeerSlot } from "./state.ts";
import { createServices, targetsOf } from "./services.ts";
import { createTelling } from "./telling_state.ts";
import { onTold, tellDue } from "./telling.ts";
import { tellLeader } from "./tell_leader.ts";
import { followSay } from "./tell_say.ts";
import { NodeTurn } from "./turn.ts";
import { onVerified } from "./verifying.ts";

export { mayPublish } from "./publishing.ts";

/** What a node starts with. */
export interface NodeOptions {
  readonly config: Config;
  readonly self: NodeId;
  readonly incarnation: Incarnation;
  /** What `state_dir` kept; null without it or at the first start. */
  readonly memory: Durable | null;
}

/** A write under way may end within so long after `stop`, ms; then the lease is released all the same. */
const STOP_GRACE_MS = 300;

/** The election's part of a config. */
function electionSettings(config: Config, self: NodeId): ElectionSettings {
  return completeSettings({
    self,
    members: config.cluster.nodes.map(({ id, priority }) => ({ id, priority })),
    heartbeatMs: config.election.heartbeatMs,
    leaseMs: config.election.leaseMs,
    preempt: config.election.preempt,
    preemptDelayMs: config.election.preemptDelayMs,
    quarantineMs: config.election.quarantineMs,
  });
}

/** A node at its start. */
export function createNode(options: NodeOptions, env: Env): NodeState {
  const { config, self } = options;
  const election = createElection(
    electionSettings(config, self),
    options.incarnation,
    options.memory,
    env.now,
  );
  const services = createServices(config, [], env);
  const followed = targetsOf(services);
  const peers = new Map<NodeId, PeerSlot>();
  for (const id of election.peers.keys()) peers.set(id, createPeerSlot(followed.targets.length, env.now));
  return {
    config,
    self,
    incarnation: options.incarnation,
    zone: config.cluster.nodes.find((member) => member.id === self)?.zone ?? "",
    startedAt: env.now,
    election,
    cluster: null,
    clusterEntry: null,
    ...followed,
    services,
    peers,
    leading: null,
    dirty: false,
    aliveThen: "",
    leaderThen: null,
    leaderlessSince: null,
    proposed: null,
    wishes: [],
    errands: new Map(),
    outcomes: new Map(),
    configDigest: configDigest(config),
    zoneDigest: zoneDigest(config),
    reportFrom: 0,
    stopping: null,
    persistProblem: null,
    say: createSay(),
    telling: createTelling(),
    sharing: { at: -Infinity, pending: false },
    decidedAt: -Infinity,
  };
}

function createPeerSlot(targets: number, now: MonoMs): PeerSlot {
  return {
    opinions: new Array(targets).fill("unknown"),
    reportedAt: -Infinity,
    links: [],
    hasSay: false,
    configDigest: null,
    otherTargets: false,
    alive: false,
    hasLed: false,
    differs: [],
    compare: { parts: new Map(), nextAskAt: now },
  };
}

/** One step. Changes `state` in place; the same state, event, time and chance give the same effects. */
export function stepNode(state: NodeState, event: NodeEvent, env: Env): Effect[] {
  const turn = new NodeTurn(state, env);
  switch (event.kind) {
    case "received":
      onReceived(turn, event.packet);
      break;
    case "deadline":
      onDeadline(turn);
      break;
    case "probed":
      onProbed(turn, event.service, event.target, event.outcome);
      break;
    case "published":
      onPublished(turn, event.publisher, event.operation, event.result);
      break;
    case "verified":
      onVerified(turn, event.publisher, event.round, event.answers);
      break;
    case "command":
      onCommand(turn, { request: event.request, command: event.command, who: event.who, from: null });
      break;
    case "told":
      onTold(turn, { key: event.key, phase: event.phase, receiver: event.receiver });
      break;
    case "persisted":
      onPersisted(turn, event.ok, event.detail);
      break;
    case "late":
      onLate(state, env.now);
      break;
    case "woke":
      onPaused(state, env.now);
      turn.log("warning", "pause", `This process did not run for ${Math.round(event.gapMs)} ms.`, {
        data: { gapMs: Math.round(event.gapMs) },
      });
      break;
    case "reload":
      onReload(turn, event.config);
      break;
    case "stop":
      state.stopping ??= { at: env.now, released: false, told: false };
      break;
    default:
      return unreachable(event);
  }
  conclude(turn);
  return turn.effects();
}

/** What follows from any event: the lease, what is committed, what is to decide and to publish. */
function conclude(turn: NodeTurn): void {
  const { state } = turn;
  followCommitted(turn);
  followLease(turn);
  followSay(turn);
  shareDue(turn);
  decideAll(turn);
  followCommitted(turn); // a cluster of one commits at once
  publishDue(turn);
  tellDue(turn);
  stopIfTold(turn);
  tellLeader(turn);
  for (const note of turn.notes) tellNote(turn, note);
  if (state.election.busy && state.leading === null) state.election.busy = false;
}

function onDeadline(turn: NodeTurn): void {
  const { state } = turn;
  turn.takeElection(step(state.election, { kind: "deadline" }, turn.env));
  noticeSilent(turn);
  if (state.stopping === null) probeDue(turn);
  runErrands(turn);
}

function onPersisted(turn: NodeTurn, ok: boolean, detail: string): void {
  const { state } = turn;
  if (ok === (state.persistProblem === null)) return;
  state.persistProblem = ok ? null : detail;
  if (ok) turn.log("info", "state-dir", "The state directory can be written again.");
  else turn.log("error", "state-dir", `The state directory cannot be written: ${detail}`);
}

/** Stops: a write under way may end, then the lease is released and told. */
function stopIfTold(turn: NodeTurn): void {
  const { state, now } = turn;
  const { stopping } = state;
  if (stopping === null || stopping.told) return;
  if (!stopping.released && (!state.election.busy || now >= stopping.at + STOP_GRACE_MS)) {
    stopping.released = true;
    turn.takeElection(step(state.election, { kind: "stop" }, turn.env));
    followLease(turn);
  }
  if (stopping.released && isStopped(state.election)) {
    stopping.told = true;
    turn.add({ kind: "stopped" });
  }
}

/** When `deadline` is to be given next; -Infinity = at once. */
export function nextNodeDeadline(state: NodeState, now: MonoMs): MonoMs {
  const next = Math.min(nextDeadline(state.election, now), nextLeaderWork(state, now), nextErrand(state));
  if (state.stopping !== null) {
    return state.stopping.released ? next : Math.min(next, state.stopping.at + STOP_GRACE_MS);
  }
  return Math.min(next, state.agenda.next(), state.sharing.pending ? shareAt(state) : Infinity);
}
