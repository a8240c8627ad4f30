/**
 * The loop: gives one node its events, performs its effects, sleeps until its next deadline. Nothing is
 * decided here. One timer, one step at a time.
 *
 *     datagram | probe result | publisher's answer | command | timer -> stepNode -> effects -> the world
 *
 * After a gap in this process's own time the socket is drained before any deadline is judged: on waking, timers
 * fire before the datagrams that arrived meanwhile.
 */
import { unreachable } from "../base/assert.ts";
import type { MonoMs } from "../base/time.ts";
import type { Effect, NodeEvent } from "../node/events.ts";
import { NODE_PROGRAM, type NodeProgram } from "../node/program.ts";
import { type NodeState, targetKey } from "../node/state.ts";
import type { Recorder } from "../record/recorder.ts";
import { MAX_PROBES, ProbeDesk } from "./probe_desk.ts";
import { PromiseWatch } from "./promise_watch.ts";
import { Timing } from "./timing.ts";
import type { World } from "./world.ts";

/** A timer so late means that this process did not run: longer than any garbage collection seen, ms. */
const GAP_MS = 250;
/** A timer so late, but not by a gap, means that this machine is too busy: far above what an idle one shows, ms. */
const LATE_MS = 100;
/** The longest sleep: even an idle node looks at its clocks, ms. */
const MAX_SLEEP_MS = 1000;
/** A timer that comes so much too early is replaced, ms. */
const REARM_MS = 5;
/** Deadlines given in one go before other work gets a turn. */
const MAX_STEPS = 64;
/** How often a write under way is checked against the lease, ms. */
const LEASE_WATCH_MS = 20;

export class Engine {
  readonly state: NodeState;
  readonly timing = new Timing();
  readonly promises = new PromiseWatch();
  readonly probes: ProbeDesk;
  readonly #world: World;
  readonly #onStopped: () => void;
  readonly #recorder: Recorder | null;
  readonly #program: NodeProgram;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #wakeAt: MonoMs = Infinity;
  #queue: NodeEvent[] = [];
  #stepping = false;
  #draining = false;
  #ended = false;
  #gapAt: MonoMs = -Infinity;

  constructor(
    state: NodeState,
    world: World,
    onStopped: () => void,
    recorder: Recorder | null = null,
    program: NodeProgram = NODE_PROGRAM,
  ) {
    this.state = state;
    this.#world = world;
    this.probes = new ProbeDesk(world.clock, MAX_PROBES, (lateMs) => world.probeStarted?.(lateMs));
    this.#onStopped = onStopped;
    this.#recorder = recorder;
    this.#program = program;
  }

  /** Begins to keep time. */
  start(): void {
    this.#arm();
  }

  /** Gives the node an event. */
  give(event: NodeEvent): void {
    if (this.#ended) return;
    this.#queue.push(event);
    if (!this.#stepping) this.#run();
  }

  /** Ends the loop; nothing is given or performed any more. */
  end(): void {
    this.#ended = true;
    this.probes.end();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #run(): void {
    this.#stepping = true;
    try {
      for (
        let event = this.#queue.shift();
        event !== undefined && !this.#ended;
        event = this.#queue.shift()
      ) {
        for (const effect of this.#step(event)) this.#perform(effect);
      }
    } finally {
      this.#stepping = false;
    }
    this.#arm();
  }

  /** One step of the node, remembered by the flight recorder. */
  #step(event: NodeEvent): Effect[] {
    const env = this.#env();
    const broken = this.promises.look(this.state, event, env.now);
    if (broken !== null) this.#world.event(broken);
    return this.#recorder === null
      ? this.#program.step(this.state, event, env)
      : this.#recorder.step(this.state, event, env);
  }

  #env(): { now: MonoMs; wallMs: number; random: World["random"] } {
    const { clock, random } = this.#world;
    return { now: clock.now(), wallMs: clock.wallMs(), random };
  }

  #arm(): void {
    if (this.#ended || this.#draining) return;
    const now = this.#world.clock.now();
    const at = Math.min(Math.max(this.#program.nextDeadline(this.state, now), now), now + MAX_SLEEP_MS);
    if (this.#timer !== null) {
      // One that is overdue stays: how late it wakes shows that this process did not run.
      if (this.#wakeAt <= now) return;
      // It wakes early enough and looks again; but a wake for nothing costs more than another timer.
      if (this.#wakeAt <= at && at - this.#wakeAt < REARM_MS) return;
      clearTimeout(this.#timer);
    }
    this.#wakeAt = at;
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, Math.ceil(at - now)));
  }

  #wake(): void {
    this.#timer = null;
    const expected = this.#wakeAt;
    this.#wakeAt = Infinity;
    const now = this.#world.clock.now();
    const late = now - expected;
    this.timing.note(now, late);
    if (late > GAP_MS) {
      void this.#afterGap(late, now);
      return;
    }
    if (late > LATE_MS) this.give({ kind: "late", lateMs: late });
    this.#deadlines();
  }

  async #afterGap(gapMs: number, now: MonoMs): Promise<void> {
    this.#draining = true;
    this.#gapAt = now;
    await this.#world.drain();
    this.#draining = false;
    if (this.#ended) return;
    this.give({ kind: "woke", gapMs });
    this.#deadlines();
  }

  #deadlines(): void {
    for (let i = 0; i < MAX_STEPS && !this.#ended; i++) {
      const now = this.#world.clock.now();
      if (this.#program.nextDeadline(this.state, now) > now) break;
      this.give({ kind: "deadline" });
    }
    this.#arm();
  }

  #perform(effect: Effect): void {
    const world = this.#world;
    switch (effect.kind) {
      case "persist": {
        if (world.persist === null) return;
        const stored = world.persist(effect.durable);
        this.give({ kind: "persisted", ok: stored.ok, detail: stored.ok ? "" : stored.error });
        return;
      }
      case "send":
        return world.send(effect.to, effect.packet);
      case "probe":
        this.probes.start(
          targetKey(effect.service, effect.target),
          effect.dueAt,
          () => this.#probe(effect),
          (ms) => this.#notProbed(effect, ms),
        );
        return;
      case "publish":
        void this.#publish(effect);
        return;
      case "verify":
        void this.#verify(effect);
        return;
      case "committed":
        return world.committed(this.state.cluster);
      case "tell":
        return world.tell(effect.notice, effect.receiver);
      case "outcome":
        return world.outcome(effect.request, effect.outcome);
      case "event":
        return world.event(effect.event);
      case "stopped":
        return this.#onStopped();
      default:
        return unreachable(effect);
    }
  }

  async #probe(effect: Extract<Effect, { kind: "probe" }>): Promise<void> {
    const { service, target } = effect;
    const slot = this.state.targetByName.get(targetKey(service, target));
    if (slot === undefined) return;
    const startedAt = this.#world.clock.now();
    const outcome = await this.#world.probe(slot.service.check, slot.target);
    // A reload has made another target of it: this answer is about the one before.
    if (this.state.targetByName.get(targetKey(service, target))?.probing !== slot.probing) return;
    // A probe that failed while this process was stopped says nothing about its target.
    const blind = !outcome.ok && this.#gapSince(startedAt);
    const taken = blind ? { ...outcome, inconclusive: true } : outcome;
    this.#world.probed?.(service, target, taken);
    this.give({ kind: "probed", service, target, outcome: taken });
  }

  /** There was no place for a probe: that says something about this node and nothing about the target. */
  #notProbed({ service, target }: Extract<Effect, { kind: "probe" }>, waitedMs: number): void {
    const detail = "too many probes are under way on this node";
    const outcome = { ok: false, latencyMs: 0, detail, inconclusive: true };
    this.give({ kind: "probed", service, target, outcome });
    this.give({ kind: "late", lateMs: waitedMs });
  }

  /** True when this process did not run for a while since then, noticed already or not. */
  #gapSince(moment: MonoMs): boolean {
    return this.#gapAt >= moment || this.#world.clock.now() - this.#wakeAt > GAP_MS;
  }

  /** Performs one publisher's action. The lease is asked here, at the moment of use, and all the while. */
  async #publish(effect: Extract<Effect, { kind: "publish" }>): Promise<void> {
    const { publisher, operation, action, deadline, timeoutMs } = effect;
    const { clock } = this.#world;
    if (action.kind === "write" && !this.#mayWrite(deadline)) {
      const result = { kind: "not-started" } as const;
      queueMicrotask(() => this.give({ kind: "published", publisher, operation, result }));
      return;
    }
    const abort = new AbortController();
    const watch = setInterval(() => {
      if (action.kind === "write" && !this.#mayWrite(clock.now())) abort.abort();
    }, LEASE_WATCH_MS);
    const result = await this.#world.publish(publisher, action, timeoutMs, abort.signal);
    clearInterval(watch);
    this.give({ kind: "published", publisher, operation, result });
  }

  async #verify({ publisher, round, timeoutMs }: Extract<Effect, { kind: "verify" }>): Promise<void> {
    const answers = await this.#world.verify(publisher, timeoutMs);
    this.give({ kind: "verified", publisher, round, answers });
  }

  /** The lease outlives that moment, and no promise was seen broken. */
  #mayWrite(deadline: MonoMs): boolean {
    return this.#program.mayPublish(this.state, this.#world.clock.now(), deadline) &&
      !this.promises.stops(this.state);
  }
}
