/** One node's state as the status that people and scripts read (PRODUCT.md). Pure. */
import type { NodeId } from "../base/id.ts";
import type { Env, MonoMs } from "../base/time.ts";
import { formatEpoch } from "../election/ballot.ts";
import { isAlive } from "../election/detector.ts";
import { quorumSize, windowMs } from "../election/settings.ts";
import type { ElectionState, Peer } from "../election/state.ts";
import { holdsLease, knownLeader, leaseRemaining } from "../election/step.ts";
import type { ByHand, ServiceDecision } from "../failover/cluster_state.ts";
import { fallsOf, heldBackFor, isFlapping } from "../failover/flaps.ts";
import type { Weighed } from "../health/weigh.ts";
import type { Link } from "../node/links.ts";
import { type Observer, observersNow, opinionAges, opinionsOf, weighService } from "../node/opinions.ts";
import type { NodeState, ServiceSlot, TargetSlot } from "../node/state.ts";
import { age } from "./age.ts";
import { publisherStatus } from "./publisher_status.ts";
import { findProblems } from "./find_problems.ts";
import type { Problem } from "./problems.ts";
import type {
  ByHandStatus,
  HeldBackStatus,
  LeaderStatus,
  LinkStatus,
  NodeStatus,
  PeerStatus,
  PublisherStatus,
  Role,
  ServiceState,
  ServiceStatus,
  Status,
  SwitchStatus,
  TargetStatus,
} from "./status_type.ts";

/** Builds the status of a node. `extra` are problems that only its surroundings know of. */
export function statusOf(
  state: NodeState,
  env: Pick<Env, "now" | "wallMs">,
  version: string,
  extra: readonly (string | Problem)[] = [],
): Status {
  const { now } = env;
  const members = state.config.cluster.nodes;
  const alive = 1 +
    [...state.election.peers.values()].filter((peer) => isAlive(state.election, peer, now)).length;
  const partial = {
    version,
    cluster: state.config.cluster.name,
    time: new Date(env.wallMs).toISOString(),
    node: nodeStatus(state, now),
    leader: leaderStatus(state, now),
    quorum: { size: members.length, needed: quorumSize(state.election.settings), alive },
    peers: members.filter((m) => m.id !== state.self).map((m) => peerStatus(state, m.id, now)),
    services: state.services.map((service) => serviceStatus(state, service, env)),
  };
  return { ...partial, problems: findProblems(state, partial, now, extra) };
}

/**
 * The role as users see it: a node without a vote is `joining`, whatever it was before. One whose lease is over leads no
 * more, even where it has slept and not noticed yet: `GET /leader` must not send anybody to it.
 */
export function roleOf(election: ElectionState, now: MonoMs): Role {
  if (election.joining !== null) return "joining";
  return election.role.kind === "leader" && !holdsLease(election, now) ? "follower" : election.role.kind;
}

function nodeStatus(state: NodeState, now: MonoMs): NodeStatus {
  const { election } = state;
  const own = leaseRemaining(election, now);
  const promise = election.promise;
  const remaining = own > 0 ? own : promise !== null && promise.expires > now ? promise.expires - now : null;
  const ballot = knownLeader(election, now);
  const member = state.config.cluster.nodes.find((m) => m.id === state.self);
  return {
    id: state.self,
    zone: state.zone,
    role: roleOf(election, now),
    term: election.highest?.term ?? 0,
    epoch: ballot === null ? null : formatEpoch(ballot),
    leaseRemainingMs: remaining === null ? null : Math.round(remaining),
    uptimeMs: Math.round(now - state.startedAt),
    incarnation: state.incarnation,
    address: member === undefined ? "" : hostPort(member.address),
  };
}

function leaderStatus(state: NodeState, now: MonoMs): LeaderStatus | null {
  const ballot = knownLeader(state.election, now);
  if (ballot === null) return null;
  const epoch = formatEpoch(ballot);
  const since = state.leaderThen?.epoch === epoch ? state.leaderThen.since : now;
  return { id: ballot.node, zone: zoneOf(state, ballot.node), epoch, sinceMs: Math.round(now - since) };
}

function zoneOf(state: NodeState, id: NodeId): string {
  return state.config.cluster.nodes.find((member) => member.id === id)?.zone ?? "";
}

/** host:port as people write it; IPv6 in brackets. */
export function hostPort(address: { readonly host: string; readonly port: number }): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

function peerStatus(state: NodeState, id: NodeId, now: MonoMs): PeerStatus {
  const { election } = state;
  const member = state.config.cluster.nodes.find((m) => m.id === id);
  const peer = election.peers.get(id);
  const base = {
    id,
    zone: member?.zone ?? "",
    address: member === undefined ? "" : hostPort(member.address),
  };
  if (peer === undefined || peer.incarnation === null) {
    return {
      ...base,
      alive: false,
      suspicion: 1,
      lastHeardMs: null,
      rttMs: null,
      lossPercent: null,
      problem: hearingProblem(state, id, peer, now) ?? "never heard",
    };
  }
  const silence = now - peer.heardAt;
  const alive = isAlive(election, peer, now);
  return {
    ...base,
    alive,
    suspicion: round(Math.min(1, silence / windowMs(election.settings)), 2),
    lastHeardMs: peer.heardAt === -Infinity ? null : Math.round(silence),
    rttMs: peer.rttMs === null ? null : round(peer.rttMs, 2),
    lossPercent: round(peer.loss * 100, 1),
    problem: hearingProblem(state, id, peer, now),
    ...(alive && peer.joining ? { role: "joining" as const } : {}),
    ...(alive
      ? {
        hears: peer.heard.map((heard) => heard.id),
        links: (state.peers.get(id)?.links ?? []).map(linkStatus),
      }
      : {}),
  };
}

function linkStatus({ id, rttMs, loss }: Link): LinkStatus {
  return { id, rttMs, lossPercent: loss === null ? null : round(loss * 100, 1) };
}

/** Who hears whom, where it is not both ways: a blocked UDP port shows here at once. */
function hearingProblem(state: NodeState, id: NodeId, peer: Peer | undefined, now: MonoMs): string | null {
  const { election } = state;
  const hearing = [...election.peers.values()]
    .filter((other) => other.member.id !== id && isAlive(election, other, now))
    .filter((other) => other.heard.some((h) => h.id === id))
    .map((other) => other.member.id);
  if (peer !== undefined && isAlive(election, peer, now)) {
    const hearsUs = peer.hearsUsAt >= now - windowMs(election.settings);
    return hearsUs
      ? null
      : `you hear ${id}, ${id} does not hear you: is UDP to ${addressOf(state, id)} open?`;
  }
  if (hearing.length > 0) {
    return `you do not hear ${id}, but node ${hearing.join(" and ")} does: is UDP from it to this node open?`;
  }
  return peer === undefined || peer.incarnation === null ? null : "silent";
}

function addressOf(state: NodeState, id: NodeId): string {
  const member = state.config.cluster.nodes.find((m) => m.id === id);
  return member === undefined ? String(id) : hostPort(member.address);
}

function round(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}

function serviceStatus(
  state: NodeState,
  service: ServiceSlot,
  env: Pick<Env, "now" | "wallMs">,
): ServiceStatus {
  const { now } = env;
  const decision = state.cluster?.services[service.config.name] ?? null;
  const observers = observersNow(state, now);
  const weighed = weighService(state, service, now, observers);
  const targets = service.targets.map((slot) => targetStatus(observers, slot, weighed, decision, env));
  const publishers = service.publishers.map((publisher) =>
    publisherStatus(state, service, publisher, decision, env)
  );
  return {
    name: service.config.name,
    active: decision?.active ?? null,
    activeSinceMs: decision === null ? null : age(decision.activeSinceWallMs, env),
    pinned: decision?.pinned ?? null,
    pinnedBy: byHand(decision?.pinnedBy, env),
    waitingFor: service.waitingFor,
    heldBack: heldBack(service, decision, now),
    state: serviceState(decision, targets, publishers),
    targets,
    publishers,
    lastSwitch: switchStatus(service, decision, env),
  };
}

/** Flapping targets that are better than the active one: how long the leader still holds them back. */
function heldBack(service: ServiceSlot, decision: ServiceDecision | null, now: MonoMs): HeldBackStatus[] {
  const { config, timers } = service;
  const held: HeldBackStatus[] = [];
  for (const { name } of config.targets) {
    if (name === decision?.active) break;
    const falls = fallsOf(decision, name);
    if (!isFlapping(falls)) continue;
    const forMs = timers === null ? null : heldBackFor(config, decision, timers, name, now);
    held.push({ target: name, falls, forMs: forMs === null ? null : Math.round(forMs) });
  }
  return held;
}

function targetStatus(
  observers: readonly Observer[],
  slot: TargetSlot,
  weighed: ReadonlyMap<string, Weighed>,
  decision: ServiceDecision | null,
  env: Pick<Env, "now" | "wallMs">,
): TargetStatus {
  const { now } = env;
  const { last } = slot.probing;
  const { target } = slot;
  const port = target.port ?? slot.service.check.port;
  return {
    name: target.name,
    health: weighed.get(target.name)?.health ?? "unknown",
    drained: decision?.drained.includes(target.name) ?? false,
    opinions: Object.fromEntries(opinionsOf(observers, slot)),
    opinionAgesMs: Object.fromEntries(opinionAges(observers, slot, now)),
    lastProbe: last === null ? null : {
      ok: last.outcome.ok,
      latencyMs: round(last.outcome.latencyMs, 1),
      detail: last.outcome.detail,
      ...(last.outcome.warning === undefined ? {} : { warning: last.outcome.warning }),
      ageMs: Math.max(0, Math.round(now - last.at)),
    },
    address: port === null ? target.address : hostPort({ host: target.address, port }),
    publish: target.publish,
    drainedBy: byHand(decision?.drainedBy?.find((one) => one.target === target.name), env),
    falls: fallsOf(decision, target.name),
  };
}

function byHand(by: ByHand | undefined, env: Pick<Env, "wallMs">): ByHandStatus | null {
  return by === undefined ? null : { who: by.who, atMs: age(by.atWallMs, env) };
}

/** ok: the active target is up and all publishers agree. degraded: it serves, something is wrong. */
function serviceState(
  decision: ServiceDecision | null,
  targets: readonly TargetStatus[],
  publishers: readonly PublisherStatus[],
): ServiceState {
  if (decision === null) return "unknown";
  const active = targets.find((target) => target.name === decision.active);
  if (active === undefined || active.health === "down") return "down";
  if (active.health === "unknown") return "unknown";
  const troubled = publishers.some((publisher) =>
    publisher.state === "failed" || publisher.state === "drift"
  );
  return active.health === "suspect" || troubled ? "degraded" : "ok";
}

function switchStatus(
  service: ServiceSlot,
  decision: ServiceDecision | null,
  env: Pick<Env, "wallMs">,
): SwitchStatus | null {
  const last = decision?.lastSwitch ?? null;
  if (last === null) return null;
  const { times } = service;
  const ours = times !== null && times.epoch === last.epoch && times.atWallMs === last.atWallMs;
  return {
    from: last.from,
    to: last.to,
    reason: last.reason,
    atMs: age(last.atWallMs, env),
    detectMs: last.detectMs === null ? null : Math.round(last.detectMs),
    decideMs: ours ? round(times.decideMs, 1) : null,
    publishMs: ours && times.publishMs !== null ? round(times.publishMs, 1) : null,
  };
}
