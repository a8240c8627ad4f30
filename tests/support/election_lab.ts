/**
 * A few election cores on one table: virtual time, a network that loses what a test tells it to lose.
 * For tests of single rules; the simulator is for stories.
 */
import { SeededRandom } from "../../src/base/random.ts";
import type { NodeId } from "../../src/base/id.ts";
import type { Header, Message } from "../../src/election/messages.ts";
import { completeSettings, type ElectionSettings } from "../../src/election/settings.ts";
import { createElection, type ElectionState, type Memory } from "../../src/election/state.ts";
import { type ElectionEvent, holdsLease, mayAct, nextDeadline, step } from "../../src/election/step.ts";
import type { ElectionEffect, ElectionNote } from "../../src/election/turn.ts";

/** A datagram on its way. */
export interface Flight {
  readonly at: number;
  readonly order: number;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly header: Header;
  readonly message: Message;
}

export interface LabOptions {
  readonly nodes?: number;
  readonly heartbeatMs?: number;
  readonly leaseMs?: number;
  readonly preempt?: boolean;
  readonly preemptDelayMs?: number;
  readonly priorities?: readonly number[];
  /** One-way delay, ms. */
  readonly latencyMs?: number;
  readonly seed?: number;
  readonly settings?: (given: ElectionSettings) => ElectionSettings;
}

export class Lab {
  now = 1000;
  readonly nodes = new Map<NodeId, ElectionState>();
  readonly notes: { readonly at: number; readonly node: NodeId; readonly note: ElectionNote }[] = [];
  readonly persisted: { readonly node: NodeId; readonly memory: Memory }[] = [];
  readonly sent: {
    readonly at: number;
    readonly from: NodeId;
    readonly to: NodeId;
    readonly message: Message;
  }[] = [];
  /** Return true to lose a datagram. */
  lose: (from: NodeId, to: NodeId, message: Message) => boolean = () => false;
  readonly paused = new Set<NodeId>();
  readonly options: Required<Omit<LabOptions, "priorities" | "settings">> & LabOptions;
  #flights: Flight[] = [];
  #order = 0;
  readonly #random: SeededRandom;
  #lives = 0;

  constructor(options: LabOptions = {}) {
    this.options = {
      nodes: 3,
      heartbeatMs: 100,
      leaseMs: 1000,
      preempt: true,
      preemptDelayMs: 10_000,
      latencyMs: 1,
      seed: 1,
      ...options,
    };
    this.#random = new SeededRandom(this.options.seed);
    for (let id = 1; id <= this.options.nodes; id++) this.start(id);
  }

  settings(self: NodeId): ElectionSettings {
    const { nodes, heartbeatMs, leaseMs, preempt, preemptDelayMs, priorities } = this.options;
    const members = Array.from({ length: nodes }, (_, i) => ({ id: i + 1, priority: priorities?.[i] ?? 0 }));
    const given = completeSettings({ self, members, heartbeatMs, leaseMs, preempt, preemptDelayMs });
    return this.options.settings?.(given) ?? given;
  }

  /** Starts a node, or starts it again in a new life. */
  start(id: NodeId, memory: Memory | null = null): ElectionState {
    const incarnation = (++this.#lives).toString(16).padStart(16, "0");
    const state = createElection(this.settings(id), incarnation, memory, this.now);
    this.nodes.set(id, state);
    return state;
  }

  crash(id: NodeId): void {
    this.nodes.delete(id);
  }

  node(id: NodeId): ElectionState {
    const state = this.nodes.get(id);
    if (state === undefined) throw new Error(`node ${id} does not run`);
    return state;
  }

  /** Gives one node an event and takes its effects. */
  give(id: NodeId, event: ElectionEvent): readonly ElectionEffect[] {
    const env = { now: this.now, wallMs: 1_700_000_000_000 + this.now, random: this.#random };
    const effects = step(this.node(id), event, env);
    for (const effect of effects) {
      if (effect.kind === "note") this.notes.push({ at: this.now, node: id, note: effect.note });
      else if (effect.kind === "persist") this.persisted.push({ node: id, memory: effect.memory });
      else this.#send(id, effect.to, effect.header, effect.message);
    }
    return effects;
  }

  #send(from: NodeId, to: NodeId, header: Header, message: Message): void {
    this.sent.push({ at: this.now, from, to, message });
    if (this.lose(from, to, message)) return;
    const at = this.now + this.options.latencyMs;
    this.#flights.push({ at, order: this.#order++, from, to, header, message });
  }

  /** Runs for so many milliseconds, calling `each` after every event. */
  run(ms: number, each: () => void = () => this.assertOneLeader()): void {
    const end = this.now + ms;
    for (;;) {
      const due = this.#nextDue();
      if (due > end) break;
      this.now = Math.max(this.now, due);
      this.#deliver();
      for (const [id, state] of this.nodes) {
        if (this.paused.has(id)) continue;
        for (let i = 0; i < 100 && nextDeadline(state, this.now) <= this.now; i++) {
          this.give(id, { kind: "deadline" });
        }
      }
      each();
    }
    this.now = end;
  }

  /** Runs until something holds, at most so long. Returns how long it took. */
  until(test: () => boolean, limitMs = 60_000): number {
    const from = this.now;
    while (!test()) {
      if (this.now - from > limitMs) throw new Error(`not within ${limitMs} ms`);
      this.run(1);
    }
    return this.now - from;
  }

  leader(): NodeId | null {
    for (const [id, state] of this.nodes) if (!this.paused.has(id) && mayAct(state, this.now)) return id;
    return null;
  }

  assertOneLeader(): void {
    const holders = [...this.nodes].filter(([, state]) => holdsLease(state, this.now)).map(([id]) => id);
    if (holders.length > 1) throw new Error(`two leaders at ${this.now}: ${holders.join(", ")}`);
  }

  #nextDue(): number {
    let next = Infinity;
    for (const flight of this.#flights) if (!this.paused.has(flight.to)) next = Math.min(next, flight.at);
    for (const [id, state] of this.nodes) {
      if (!this.paused.has(id)) next = Math.min(next, Math.max(this.now, nextDeadline(state, this.now)));
    }
    return next;
  }

  #deliver(): void {
    const due = this.#flights.filter((f) => f.at <= this.now && !this.paused.has(f.to)).sort((a, b) =>
      a.order - b.order
    );
    this.#flights = this.#flights.filter((f) => !due.includes(f));
    for (const { to, header, message } of due) {
      if (this.nodes.has(to)) this.give(to, { kind: "received", header, message });
    }
  }
}
