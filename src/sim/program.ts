/** What runs on a virtual machine: the election alone, or one whole node. Both speak the node's events and effects. */
import type { NodeId } from "../base/id.ts";
import type { Env, MonoMs } from "../base/time.ts";
import { type ElectionSettings } from "../election/settings.ts";
import { createElection, type ElectionState } from "../election/state.ts";
import { type ElectionEvent, isStopped, nextDeadline, step } from "../election/step.ts";
import type { ElectionEffect } from "../election/turn.ts";
import type { Message } from "../election/messages.ts";
import type { Durable, Effect, NodeEvent, Packet } from "../node/events.ts";
import { processEvent } from "../node/process_event.ts";

/** What a program can be given: a node's events, and what only a simulation asks for. */
export type ProgramEvent = NodeEvent | { readonly kind: "propose"; readonly state: Uint8Array } | {
  readonly kind: "step-down";
};

/** One life of a process. */
export interface Program {
  readonly election: ElectionState;
  give(event: ProgramEvent, env: Env): readonly Effect[];
  /** When `deadline` is to be given next; -Infinity = at once. */
  nextDeadline(now: MonoMs): MonoMs;
}

/** Starts one life of a node's process. */
export type StartProgram = (id: NodeId, incarnation: string, memory: Durable | null, env: Env) => Program;

/** The election core alone, for protocol tests: no checks, no services. */
export function electionProgram(settings: (id: NodeId) => ElectionSettings): StartProgram {
  return (id, incarnation, memory, env) =>
    new ElectionProgram(createElection(settings(id), incarnation, memory, env.now));
}

class ElectionProgram implements Program {
  readonly election: ElectionState;
  #stopped = false;

  constructor(election: ElectionState) {
    this.election = election;
  }

  give(event: ProgramEvent, env: Env): readonly Effect[] {
    const own = electionEvent(event);
    if (own === null) return [];
    const effects = step(this.election, own, env).map(asEffect);
    if (!this.#stopped && isStopped(this.election)) {
      this.#stopped = true;
      effects.push({ kind: "stopped" });
    }
    return effects;
  }

  nextDeadline(now: MonoMs): MonoMs {
    return nextDeadline(this.election, now);
  }
}

function electionEvent(event: ProgramEvent): ElectionEvent | null {
  switch (event.kind) {
    case "received":
      return { kind: "received", header: event.packet.header, message: electionMessage(event.packet) };
    case "deadline":
    case "stop":
    case "propose":
    case "step-down":
      return event;
    default:
      return null;
  }
}

function electionMessage({ message }: Packet): Message | null {
  switch (message.kind) {
    case "command":
    case "outcome":
    case "config-ask":
    case "config-tell":
      return null;
    default:
      return message;
  }
}

function asEffect(effect: ElectionEffect): Effect {
  switch (effect.kind) {
    case "persist":
      return { kind: "persist", durable: effect.memory };
    case "send":
      return {
        kind: "send",
        to: effect.to,
        packet: { header: effect.header, message: effect.message, report: null, configDigest: 0 },
      };
    case "note": {
      const { note } = effect;
      const level = note.name === "joined" && note.how === "gave-up" ? "warning" : "info";
      const text = JSON.stringify(note);
      return { kind: "event", event: processEvent(level, note.name, text) };
    }
  }
}
