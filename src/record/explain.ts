/** An input of the core in words: what a decision followed from. */
import type { Effect, NodeEvent, Packet } from "../node/events.ts";
import type { NodeState } from "../node/state.ts";

/** Opinions named at most. */
const MAX_NAMED = 4;

/** What one node's peers thought before a step. */
export type OpinionsBefore = readonly string[] | null;

/** Taken before a step, for `explainInput` after it. */
export function opinionsBefore(state: NodeState, event: NodeEvent): OpinionsBefore {
  if (event.kind !== "received" || event.packet.report === null) return null;
  const peer = state.peers.get(event.packet.header.from);
  return peer === undefined ? null : [...peer.opinions];
}

/** The input of a step that has been taken, as the end of a sentence that begins with "because". */
export function explainInput(
  state: NodeState,
  event: NodeEvent,
  before: OpinionsBefore,
  now: number,
): string {
  switch (event.kind) {
    case "received":
      return explainPacket(state, event.packet, before);
    case "deadline":
      return "a deadline passed";
    case "probed": {
      const { service, target, outcome } = event;
      return `probe of ${service}/${target}: ${outcome.detail}${sinceFirstBad(state, service, target, now)}`;
    }
    case "published":
      return `publisher ${
        event.publisher.index + 1
      } of ${event.publisher.service} answered: ${event.result.kind}`;
    case "verified":
      return `what ${event.answers.length} name servers and resolvers show of ${event.publisher.service}`;
    case "told":
      return `receiver ${event.receiver} was told of ${event.key}`;
    case "command":
      return `${event.who} asked for ${event.command.kind}`;
    case "persisted":
      return event.ok
        ? "the state directory took it"
        : `the state directory did not take it: ${event.detail}`;
    case "woke":
      return `this process had not run for ${Math.round(event.gapMs)} ms`;
    case "stop":
      return "this node was told to stop";
    default:
      return event.kind;
  }
}

/** Targets that a step made down in this node's eyes or in a peer's, as `service/target`. */
export function newlyDown(
  state: NodeState,
  event: NodeEvent,
  before: OpinionsBefore,
  effects: readonly Effect[],
): string[] {
  const down = before === null || event.kind !== "received"
    ? []
    : changedOpinions(state, event.packet.header.from, before).filter((text) => text.endsWith(" down"));
  const names = down.map((text) => text.slice(0, -" down".length));
  for (const effect of effects) {
    if (effect.kind !== "event" || effect.event.name !== "opinion" || effect.event.data.to !== "down") {
      continue;
    }
    names.push(`${effect.event.service}/${effect.event.data.target}`);
  }
  return names;
}

function explainPacket(state: NodeState, packet: Packet, before: OpinionsBefore): string {
  const { from } = packet.header;
  const changed = before === null ? [] : changedOpinions(state, from, before);
  const what = `received ${packet.message.kind} of node ${from}`;
  if (changed.length === 0) return what;
  const more = changed.length > MAX_NAMED ? ` and ${changed.length - MAX_NAMED} more` : "";
  return `${what}, its report: ${changed.slice(0, MAX_NAMED).join(", ")}${more}`;
}

function changedOpinions(state: NodeState, from: number, before: readonly string[]): string[] {
  const after = state.peers.get(from)?.opinions ?? [];
  return after.flatMap((opinion, i) => {
    const slot = state.targets[i];
    if (slot === undefined || opinion === before[i]) return [];
    return [`${slot.service.name}/${slot.target.name} ${opinion}`];
  });
}

function sinceFirstBad(state: NodeState, service: string, target: string, now: number): string {
  const slot = state.targets.find((one) => one.service.name === service && one.target.name === target);
  const since = slot?.probing.failingSince ?? null;
  return since === null ? "" : `, ${Math.round(now - since)} ms after the first bad probe began`;
}
