/**
 * A leader's notices to people (`failover/notices.ts`). Nothing waits for them. Every leader looks at how things are, not
 * at what has happened: what is wrong and not yet in the committed notices becomes one, what is right again ends one.
 *
 *     decideAll -> withNotices: new ones, ended ones, deliveries -> committed -> tellDue -> effect `tell` per receiver
 *        ^                                                                                        |
 *        +---------------------------- event `told`: taken, or given up <-------------------------+
 */
import type { MonoMs } from "../base/time.ts";
import type { NotifyEvent } from "../config/notify.ts";
import { type ClusterState, decisionOn } from "../failover/cluster_state.ts";
import { type Notice, NOTICES_MAX } from "../failover/notice.ts";
import { noticesOf, openTrouble, switchId, withNotice, withOver, withTold } from "../failover/notices.ts";
import type { NodeState, PublisherSlot, ServiceSlot } from "./state.ts";
import type { Delivery, Telling } from "./telling_state.ts";
import { conditionsOf, publisherKey, type Weighings } from "./troubles.ts";
import type { NodeTurn } from "./turn.ts";

/** So long a publisher fails before anybody is told: most failures are over with the next try. */
const FAILING_MS = 3000;
/** So long all is well again before that is told. */
const WELL_MS = 3000;

/** This node leads from now on; `anew`: it did a moment ago, under another epoch. */
export function beginTelling({ state }: NodeTurn, anew: boolean): void {
  const { telling } = state;
  const leads = anew ? telling.leads : { before: telling.lastLeader };
  stopTelling(state);
  telling.leads = leads;
  telling.lastLeader = state.self;
}

/** It does not lead any more: the next leader tells what is left. */
export function stopTelling({ telling }: NodeState): void {
  telling.sent.clear();
  telling.turned.clear();
  telling.brief.clear();
  telling.leads = null;
  telling.reviewAt = Infinity;
}

/** Something that may not last is to be told all the same. */
export function noteBrief(
  { state }: NodeTurn,
  event: NotifyEvent,
  service: string,
  publisher: PublisherSlot,
  text: string,
): void {
  if (state.leading === null || receivers(state, event).length === 0) return;
  state.telling.brief.set(publisherKey(event, service, publisher), text);
}

/** A receiver has taken a notice, or was given up. */
export function onTold({ state }: NodeTurn, delivery: Delivery): void {
  const { telling } = state;
  if (!telling.sent.delete(nameOf(delivery))) return;
  telling.done.push(delivery);
  state.dirty = true;
}

/** Whether a delivery is still this node's to make. */
export function isWanted(state: NodeState, delivery: Delivery): boolean {
  return state.leading !== null && state.telling.sent.has(nameOf(delivery));
}

/** Hands out what is committed and waits. */
export function tellDue(turn: NodeTurn): void {
  const { state } = turn;
  if (state.leading === null || state.cluster?.notices === undefined) return;
  const { sent, done } = state.telling;
  for (const notice of state.cluster.notices) {
    for (const receiver of notice.waits) {
      const delivery = { key: notice.key, phase: notice.phase, receiver };
      const name = nameOf(delivery);
      if (sent.has(name) || done.some((one) => nameOf(one) === name)) continue;
      if (!state.config.notify.some(({ id }) => id === receiver)) continue;
      sent.add(name);
      turn.add({ kind: "tell", notice, receiver });
    }
  }
}

/** The state with what is to be told now; the very same state when nothing is new. */
export function withNotices(
  turn: NodeTurn,
  cluster: ClusterState,
  switched: readonly string[],
  weighings: Weighings,
): ClusterState {
  const { state } = turn;
  const { telling } = state;
  telling.reviewAt = Infinity;
  if (state.config.notify.length === 0 && cluster.notices === undefined) {
    telling.leads = null;
    return cluster;
  }
  let next = withDeliveries(state, cluster);
  next = withLeader(turn, next);
  for (const service of switched) next = withSwitch(turn, next, service);
  const begun = withTroubles(turn, next, weighings);
  const all = withEnds(turn, begun, weighings);
  tellDropped(turn, cluster, switched.length, all);
  return all;
}

/** More switches at once than a state has room for: those who are told of few are told that there were more. */
function tellDropped(turn: NodeTurn, before: ClusterState, switched: number, after: ClusterState): void {
  const kept = noticesOf(after).filter((one) => one.event === "switch" && !noticesOf(before).includes(one));
  const wanted = receivers(turn.state, "switch").length === 0 ? 0 : switched;
  const dropped = wanted - kept.length;
  if (dropped <= 0) return;
  const text =
    `${dropped} of ${switched} switches are not told to anyone: more than ${NOTICES_MAX} notices wait.`;
  turn.log("warning", "notify-failed", text, { data: { dropped } });
}

/** What has been delivered, and what has nobody left to be delivered to. */
function withDeliveries(state: NodeState, cluster: ClusterState): ClusterState {
  const { telling } = state;
  const isKnown = ({ key, phase, receiver }: Delivery): boolean =>
    noticesOf(state.cluster).some((one) =>
      one.key === key && one.phase === phase && one.waits.includes(receiver)
    );
  telling.done = telling.done.filter(isKnown);
  let next = cluster;
  for (const { key, phase, receiver } of telling.done) next = withTold(next, key, phase, receiver);
  for (const { key, phase, waits } of noticesOf(next)) {
    for (const id of waits) {
      if (!state.config.notify.some((one) => one.id === id)) next = withTold(next, key, phase, id);
    }
  }
  return next;
}

function withLeader(turn: NodeTurn, cluster: ClusterState): ClusterState {
  const { state } = turn;
  const { leads } = state.telling;
  const epoch = state.leading?.epoch;
  if (leads === null || epoch === undefined) return cluster;
  const key = `leader/${epoch}`;
  if (noticesOf(state.cluster).some((one) => one.key === key)) state.telling.leads = null;
  if (noticesOf(cluster).some((one) => one.key === key) || state.telling.leads === null) return cluster;
  const before = leads.before === null
    ? ""
    : leads.before === state.self
    ? "; nobody did for a while"
    : `; before it did node ${leads.before}`;
  const zone = state.zone === "" ? "" : ` (${state.zone})`;
  return withNotice(cluster, {
    ...begun(turn, "leader"),
    key,
    phase: "news",
    service: null,
    text: `Node ${state.self}${zone} leads, epoch ${epoch}${before}.`,
    data: { node: state.self, before: leads.before },
  });
}

function withSwitch(turn: NodeTurn, cluster: ClusterState, service: string): ClusterState {
  const last = decisionOn(cluster, service)?.lastSwitch ?? null;
  if (last === null) return cluster;
  const { from, to, reason, epoch, atWallMs, detectMs } = last;
  const id = switchId(service, last);
  const isTrouble = from !== null && (reason === "down" || reason === "all-down");
  return withNotice(cluster, {
    ...begun(turn, "switch"),
    key: `${service}/switch/${id}`,
    phase: isTrouble ? "trouble" : "news",
    service,
    text: `${service}: ${from ?? "nothing"} -> ${to ?? "nothing"} (${reason}).`,
    epoch,
    atWallMs,
    data: { switch: id, from, to, reason, detectMs },
  });
}

function withTroubles(turn: NodeTurn, cluster: ClusterState, weighings: Weighings): ClusterState {
  const { state, now } = turn;
  const { telling } = state;
  let next = cluster;
  for (const condition of state.services.flatMap((slot) => conditionsOf(slot, weighings))) {
    const { key, event, service, data } = condition;
    const known = openTrouble(next, key);
    const brief = telling.brief.get(key);
    telling.brief.delete(key);
    const wrong = brief ?? condition.wrong;
    if (typeof wrong === "string") {
      if (known !== undefined) telling.turned.delete(key);
      else if (noticesOf(next).length < NOTICES_MAX) {
        const graceMs = event === "publish-failed" && brief === undefined ? FAILING_MS : 0;
        if (!hasLasted(telling, key, graceMs, now)) continue;
        next = withNotice(next, { ...begun(turn, event), key, phase: "trouble", service, text: wrong, data });
      }
    } else if (known !== undefined) {
      if (wrong === undefined) telling.turned.delete(key);
      else if (hasLasted(telling, key, WELL_MS, now)) {
        next = withOver(next, known, { ...begun(turn, event), text: condition.right });
      }
    } else telling.turned.delete(key);
  }
  return next;
}

/** Ends troubles that no condition above ends: a target that was left is up again, or what it was about is gone. */
function withEnds(turn: NodeTurn, cluster: ClusterState, weighings: Weighings): ClusterState {
  const { state, now } = turn;
  let next = cluster;
  for (const notice of noticesOf(cluster)) {
    if (notice.service === null || openTrouble(cluster, notice.key) !== notice) continue;
    const service = state.services.find(({ config }) => config.name === notice.service);
    const end = endOf(notice, service, weighings);
    if (end === undefined) continue;
    if (end === null) state.telling.turned.delete(notice.key);
    else if (hasLasted(state.telling, notice.key, WELL_MS, now)) {
      next = withOver(next, notice, { ...begun(turn, notice.event), text: end });
    }
  }
  return next;
}

/** Why it is over; null while it is not; undefined where a condition says that. */
function endOf(
  notice: Notice,
  service: ServiceSlot | undefined,
  weighings: Weighings,
): string | null | undefined {
  const { event, key } = notice;
  if (service === undefined) return `${notice.service} is no longer in the config`;
  const name = service.config.name;
  if (event === "switch") {
    const left = String(notice.data["from"]);
    if (!service.targets.some(({ target }) => target.name === left)) {
      return `${name}: ${left} is no longer in the config`;
    }
    return weighings.get(name)?.get(left)?.usable === true ? `${name}: ${left} is up again` : null;
  }
  if (event === "all-down") return undefined;
  const isThere = service.publishers.some((publisher) => publisherKey(event, name, publisher) === key);
  return isThere ? undefined : `${name}: that publisher is no longer in the config`;
}

function receivers(state: NodeState, event: NotifyEvent): string[] {
  return state.config.notify.filter(({ events }) => events.includes(event)).map(({ id }) => id);
}

/** What a notice of this moment begins with. */
function begun(
  { state, env }: NodeTurn,
  event: NotifyEvent,
): Pick<Notice, "event" | "epoch" | "atWallMs" | "waits"> {
  const epoch = state.leading?.epoch ?? "none";
  return { event, epoch, atWallMs: env.wallMs, waits: receivers(state, event) };
}

/** True once something has been otherwise than the notices hold for so long; else it is looked at again then. */
function hasLasted(telling: Telling, key: string, ms: number, now: MonoMs): boolean {
  const since = telling.turned.get(key) ?? now;
  telling.turned.set(key, since);
  if (now >= since + ms) return true;
  telling.reviewAt = Math.min(telling.reviewAt, since + ms);
  return false;
}

function nameOf({ key, phase, receiver }: Delivery): string {
  return `${key} ${phase} ${receiver}`;
}

/** The id of the switch that a service's publishers are to show; null before the first. */
export function switchShown({ cluster }: NodeState, service: string): string | null {
  const last = cluster?.services[service]?.lastSwitch ?? null;
  return last === null ? null : switchId(service, last);
}
