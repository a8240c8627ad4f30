import type { NodeId } from "../base/id.ts";
import type { Env, MonoMs } from "../base/time.ts";
import { isAlive } from "../election/detector.ts";
import type { Header, Message } from "../election/messages.ts";
import { type ElectionEffect, type ElectionNote, Turn as ElectionTurn } from "../election/turn.ts";
import type { Opinion } from "../health/probing.ts";
import type { Effect, LogEvent, NodeMessage } from "./events.ts";
import { type Link, MAX_LINKS, packLinks } from "./links.ts";
import { packReport, SLICE_TARGETS } from "./report.ts";
import { noSay } from "./say.ts";
import type { NodeState } from "./state.ts";

/** Kinds of datagrams that carry no report: they are full already, or only answer one node's question. */
const BARE: ReadonlySet<string> = new Set([
  "chunk",
  "told",
  "fetch",
  "recall",
  "config-tell",
  "command",
  "outcome",
]);

/** One step of a node under way. */
export class NodeTurn {
  readonly state: NodeState;
  readonly env: Env;
  readonly now: MonoMs;
  /** What the election noted in this step. */
  readonly notes: ElectionNote[] = [];
  readonly #persists: Effect[] = [];
  readonly #sends: Effect[] = [];
  readonly #publishes: Effect[] = [];
  readonly #rest: Effect[] = [];
  #report: Uint8Array | null = null;

  constructor(state: NodeState, env: Env) {
    this.state = state;
    this.env = env;
    this.now = env.now;
  }

  /** Takes over what the election wants sent and stored; its notes wait in `notes`. */
  takeElection(effects: readonly ElectionEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === "persist") this.#persists.push({ kind: "persist", durable: effect.memory });
      else if (effect.kind === "send") this.#packet(effect.to, effect.header, effect.message);
      else this.notes.push(effect.note);
    }
  }

  /** Sends something that the election knows nothing of. */
  sendNode(to: NodeId, message: NodeMessage): void {
    const turn = new ElectionTurn(this.state.election, this.env);
    turn.send(to, { kind: "hello" });
    for (const effect of turn.effects()) {
      if (effect.kind === "send") this.#packet(to, effect.header, message);
    }
  }

  /** Tells all at once what this node thinks of the targets. */
  shareReport(): void {
    this.#report = null;
    const turn = new ElectionTurn(this.state.election, this.env);
    turn.sendAll({ kind: "hello" });
    this.takeElection(turn.effects());
  }

  publish(effect: Extract<Effect, { kind: "publish" | "verify" }>): void {
    this.#publishes.push(effect);
  }

  add(effect: Extract<Effect, { kind: "probe" | "committed" | "outcome" | "tell" | "stopped" }>): void {
    this.#rest.push(effect);
  }

  log(
    level: LogEvent["level"],
    name: string,
    text: string,
    more: { service?: string; epoch?: string | null; data?: LogEvent["data"] } = {},
  ): void {
    const event: LogEvent = {
      level,
      name,
      text,
      epoch: more.epoch ?? null,
      service: more.service ?? null,
      data: more.data ?? {},
    };
    this.#rest.push({ kind: "event", event });
  }

  /** The effects in their promised order: persist, send, publish, the rest. */
  effects(): Effect[] {
    return this.#persists.concat(this.#sends, this.#publishes, this.#rest);
  }

  #packet(to: NodeId, header: Header, message: Message | NodeMessage): void {
    const full = (message.kind === "claim" || message.kind === "grant") && message.state !== null;
    const report = full || BARE.has(message.kind) ? null : this.#reportNow();
    const packet = { header, message, report, configDigest: this.state.configDigest };
    this.#sends.push({ kind: "send", to, packet });
  }

  /** The slice of opinions whose turn it is; the same for all datagrams of one step. */
  #reportNow(): Uint8Array | null {
    const { state } = this;
    if (state.targets.length === 0) return null;
    if (this.#report !== null) return this.#report;
    const { targets } = state;
    const opinions = {
      length: targets.length,
      at: (index: number): Opinion | undefined => targets[index]?.probing.opinion,
    };
    this.#report = packReport(
      state.targetsDigest,
      state.reportFrom,
      opinions,
      noSay(state, this.now) === null,
      packLinks(linksOf(state, this.now)),
    );
    state.reportFrom += SLICE_TARGETS;
    if (state.reportFrom >= targets.length) state.reportFrom = 0;
    return this.#report;
  }
}

/** How far away the others are, those that are heard. */
function linksOf({ election }: NodeState, now: MonoMs): readonly Link[] {
  const links: Link[] = [];
  for (const [id, peer] of election.peers) {
    if (links.length === MAX_LINKS) break;
    if (isAlive(election, peer, now)) links.push({ id, rttMs: peer.rttMs, loss: peer.loss });
  }
  return links;
}
