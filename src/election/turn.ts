import type { NodeId } from "../base/id.ts";
import type { Env, MonoMs } from "../base/time.ts";
import { type Ballot, compareBallots } from "./ballot.ts";
import type { EntryRef, Header, Heard, Message } from "./messages.ts";
import { quorumSize, windowMs } from "./settings.ts";
import type { ElectionState, Memory, Peer } from "./state.ts";

/**
 * What the protocol wants done, in this order: persist, send, note. A persist must be on disk before any
 * send of the same step leaves (rule 8).
 */
export type ElectionEffect =
  | { readonly kind: "persist"; readonly memory: Memory }
  | { readonly kind: "send"; readonly to: NodeId; readonly header: Header; readonly message: Message }
  | { readonly kind: "note"; readonly note: ElectionNote };

/** Something worth a log line. */
export type ElectionNote =
  | { readonly name: "joined"; readonly how: "kept" | "learnt" | "cleared" | "gave-up" }
  | { readonly name: "leader"; readonly ballot: Ballot }
  | { readonly name: "reballot"; readonly ballot: Ballot; readonly from: Ballot }
  | { readonly name: "lease-lost"; readonly ballot: Ballot; readonly lateMs: number }
  | {
    readonly name: "handed-over";
    readonly ballot: Ballot;
    readonly to: NodeId | null;
    readonly why: "yield" | "step-down" | "stop";
  }
  | { readonly name: "claim-failed"; readonly ballot: Ballot; readonly why: "denied" | "silence" }
  | { readonly name: "twin"; readonly id: NodeId }
  | { readonly name: "superseded" };

/** One step under way: the state, its surroundings and the effects so far. */
export class Turn {
  readonly state: ElectionState;
  readonly env: Env;
  readonly now: MonoMs;
  readonly #sends: ElectionEffect[] = [];
  readonly #notes: ElectionEffect[] = [];
  #dirty = false;
  #heard: Heard[] | null = null;

  constructor(state: ElectionState, env: Env) {
    this.state = state;
    this.env = env;
    this.now = env.now;
  }

  /** Marks that `highest`, `released` or `accepted` changed. */
  remember(): void {
    this.#dirty = true;
  }

  note(note: ElectionNote): void {
    this.#notes.push({ kind: "note", note });
  }

  send(to: NodeId, message: Message): void {
    const peer = this.state.peers.get(to);
    if (peer === undefined) return;
    peer.lastSentAt = this.now;
    peer.sentCount = (peer.sentCount + 1) >>> 0;
    this.#sends.push({ kind: "send", to, header: this.#header(peer), message });
  }

  sendAll(message: Message): void {
    for (const id of this.state.peers.keys()) this.send(id, message);
  }

  /** Uniform in 0..limit. */
  jitter(limit: number): number {
    return this.env.random.next() * limit;
  }

  /** The effects in their promised order. */
  effects(): ElectionEffect[] {
    const { highest, released, accepted, joining } = this.state;
    // What a node without memory has picked up so far is no memory: stored, it would end the next life's search.
    const whole = joining === null || joining.remembers;
    const first: ElectionEffect[] = this.#dirty && whole
      ? [{ kind: "persist", memory: { highest, released, accepted } }]
      : [];
    return first.concat(this.#sends, this.#notes);
  }

  #header(peer: Peer): Header {
    const state = this.state;
    const last = peer.lastStamp;
    return {
      from: state.self.id,
      incarnation: state.incarnation,
      to: peer.incarnation,
      stamp: this.now,
      echo: last === null ? null : { stamp: last.stamp, heldMs: this.now - last.at },
      count: peer.sentCount,
      heard: this.#heardNow(),
      joining: state.joining !== null,
    };
  }

  #heardNow(): Heard[] {
    if (this.#heard !== null) return this.#heard;
    const since = this.now - windowMs(this.state.settings);
    const heard: Heard[] = [];
    for (const peer of this.state.peers.values()) {
      if (peer.incarnation === null || peer.heardAt < since) continue;
      heard.push({ id: peer.member.id, incarnation: peer.incarnation, twin: peer.twinHeardAt >= since });
    }
    return this.#heard = heard;
  }

  /** To be called when what this node hears has changed within the step. */
  heardChanged(): void {
    this.#heard = null;
  }
}

/** Q of this cluster. */
export function needed(state: ElectionState): number {
  return quorumSize(state.settings);
}

/** True when `a` is newer than `b` in the order of (ballot, index). */
export function isNewer(a: EntryRef, b: EntryRef | null): boolean {
  if (b === null) return true;
  const order = compareBallots(a.ballot, b.ballot);
  return order !== 0 ? order > 0 : a.index > b.index;
}

/** True when both name one entry. */
export function sameEntry(a: EntryRef | null, b: EntryRef | null): boolean {
  if (a === null || b === null) return a === b;
  return a.index === b.index && a.digest === b.digest && compareBallots(a.ballot, b.ballot) === 0;
}

/** The name of an entry without its bytes. */
export function refOf(entry: EntryRef): EntryRef {
  return { ballot: entry.ballot, index: entry.index, digest: entry.digest, size: entry.size };
}

/** Smallest of the `count` largest values; -Infinity when there are fewer. */
export function nthLargest(values: Iterable<number>, count: number): number {
  const sorted = [...values].sort((a, b) => b - a);
  return sorted[count - 1] ?? -Infinity;
}
