/**
 * The virtual world's loop: machines with drifting clocks, a network, things that happen at their time. It decides
 * nothing: programs decide, faults are scheduled from outside, watchers judge after every step.
 *
 * Kept as the real runtime keeps it: a turn's effects in order; timers late, never early; after a pause longer than
 * `GAP_MS` the waiting datagrams first, then `woke`, then the deadline; after a shorter one the timer fires first.
 */
import { SeededRandom } from "../base/random.ts";
import type { Effect, Packet } from "../node/events.ts";
import type { TrueMs } from "./clock.ts";
import type { Machine } from "./machine.ts";
import type { Network } from "./network.ts";
import type { Program, ProgramEvent, StartProgram } from "./program.ts";
import { EventQueue } from "./queue.ts";

/** A pause so long is noticed by the runtime, ms (of its own clock). */
export const GAP_MS = 250;
/** Deadlines given in one go before something else gets a turn, as in the runtime. */
const MAX_STEPS = 64;
/** Wakes running that found work and never an end: the core spins. */
const MAX_SPINS = 50;
/** A timer is late by at least so much, ms. */
const LEAST_LATE_MS = 0.001;

type Happening =
  | { readonly kind: "arrive"; readonly machine: Machine; readonly packet: Packet }
  | { readonly kind: "wake"; readonly machine: Machine; readonly at: TrueMs }
  | { readonly kind: "do"; readonly act: () => void };

/** Looks at a machine after each step of its program, before the step's effects. */
export type Watcher = (machine: Machine, at: TrueMs) => void;

export interface EngineOptions {
  readonly seed: number;
  readonly machines: readonly Machine[];
  readonly network: Network;
  readonly start: StartProgram;
  /** Performs what is neither `persist` nor `send`. */
  readonly perform?: (machine: Machine, effect: Effect, at: TrueMs) => void;
  /** A mutant's: monotonic clocks stop while a process is paused. */
  readonly clocksStop?: boolean;
}

export class Engine {
  readonly machines: readonly Machine[];
  readonly network: Network;
  readonly watchers: Watcher[] = [];
  /** Called when a process has ended: `crash` or `stopped`. */
  readonly onEnd: ((machine: Machine, how: "crash" | "stopped") => void)[] = [];
  now: TrueMs = 0;
  steps = 0;
  /** Machines whose program wants to run again at once, for ever. */
  spinning: Machine | null = null;
  readonly #queue = new EventQueue<Happening>();
  readonly #options: EngineOptions;
  readonly #random: SeededRandom;
  /** Who gets what is sent to an id: one machine, or several when two processes share an id. */
  readonly #holders = new Map<number, readonly Machine[]>();
  #spins = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.machines = options.machines;
    this.network = options.network;
    this.#random = new SeededRandom(options.seed).fork("engine");
    for (const machine of options.machines) {
      if (!this.#holders.has(machine.id)) this.#holders.set(machine.id, [machine]);
    }
  }

  /** Lets things happen until `end`, or until `halt` says so. */
  run(end: TrueMs, halt: () => boolean = () => false): void {
    const queue = this.#queue;
    while (queue.next() <= end) {
      this.now = Math.max(this.now, queue.next());
      const next = queue.take();
      if (next.kind === "arrive") this.#arrive(next.machine, next.packet);
      else if (next.kind === "wake") this.#wake(next.machine, next.at);
      else next.act();
      if (halt()) return;
    }
    this.now = Math.max(this.now, end);
  }

  /** Has something happen later. */
  after(ms: number, act: () => void): void {
    this.#queue.put(this.now + ms, { kind: "do", act });
  }

  machine(id: number): Machine {
    const machine = this.#holders.get(id)?.[0];
    if (machine === undefined) throw new Error(`there is no machine ${id}`);
    return machine;
  }

  /** From now on these get what is sent to an id: a twin has taken its address, or both have it for a while. */
  moveAddress(id: number, holders: readonly Machine[]): void {
    this.#holders.set(id, holders);
  }

  /** Starts a process on a machine where none runs. */
  start(machine: Machine): void {
    if (machine.program !== null) return;
    machine.life++;
    machine.incarnation = hex(machine.random) + hex(machine.random);
    machine.pausedAt = null;
    machine.dieInTurn = false;
    machine.waiting.length = 0;
    machine.program = this.#options.start(machine.id, machine.incarnation, machine.disk, this.#env(machine));
    machine.wakeAt = Infinity;
    this.#arm(machine, machine.program);
  }

  /** Ends a process without a word. */
  crash(machine: Machine, how: "crash" | "stopped" = "crash"): void {
    if (machine.program === null) return;
    machine.program = null;
    machine.pausedAt = null;
    machine.waiting.length = 0;
    if (!machine.hasDisk) machine.disk = null;
    for (const tell of this.onEnd) tell(machine, how);
  }

  pause(machine: Machine): void {
    if (machine.program !== null) machine.pausedAt ??= this.now;
  }

  /** Lets a paused process run again. */
  resume(machine: Machine): void {
    const { program, pausedAt } = machine;
    if (program === null || pausedAt === null) return;
    machine.pausedAt = null;
    const gapMs = this.now - pausedAt;
    if (this.#options.clocksStop === true) machine.clock.offset -= machine.clock.rate * gapMs;
    const life = machine.life;
    const waiting = machine.waiting.splice(0);
    if (gapMs > GAP_MS) {
      for (const event of waiting) if (event.kind === "received") this.#giveLife(machine, life, event);
      this.#giveLife(machine, life, { kind: "woke", gapMs });
      for (const event of waiting) if (event.kind !== "received") this.#giveLife(machine, life, event);
      this.#deadlines(machine, life);
    } else {
      this.#deadlines(machine, life);
      for (const event of waiting) this.#giveLife(machine, life, event);
    }
  }

  /** Gives a program an event now; while it is paused the event waits. */
  give(machine: Machine, event: ProgramEvent): void {
    const { program } = machine;
    if (program === null) return;
    if (machine.pausedAt !== null) {
      machine.waiting.push(event);
      return;
    }
    this.steps++;
    const effects = program.give(event, this.#env(machine));
    for (const watch of this.watchers) watch(machine, this.now);
    this.#perform(machine, effects);
    if (machine.program === program) this.#arm(machine, program);
  }

  /** How late something on a machine is, ms. */
  lateness(machine: Machine): number {
    return LEAST_LATE_MS - Math.log(1 - this.#random.next()) * machine.lateMs;
  }

  #giveLife(machine: Machine, life: number, event: ProgramEvent): void {
    if (machine.life === life) this.give(machine, event);
  }

  #env(machine: Machine): { now: number; wallMs: number; random: SeededRandom } {
    const { clock, random } = machine;
    return { now: clock.now(this.now), wallMs: clock.wall(this.now), random };
  }

  #perform(machine: Machine, effects: readonly Effect[]): void {
    let left = Infinity;
    if (machine.dieInTurn && effects.length > 0) {
      left = Math.floor(this.#random.next() * (effects.length + 1));
    }
    for (const effect of effects) {
      if (left-- <= 0) break;
      if (effect.kind === "send") this.#send(machine, effect.to, effect.packet);
      else if (effect.kind === "persist") {
        if (machine.hasDisk) machine.disk = effect.durable;
      } else this.#options.perform?.(machine, effect, this.now);
      if (effect.kind === "stopped") {
        this.crash(machine, "stopped");
        return;
      }
    }
    if (left !== Infinity) this.crash(machine);
  }

  #send(from: Machine, to: number, packet: Packet): void {
    for (const machine of this.#holders.get(to) ?? []) {
      this.network.send(from.index, machine.index, (afterMs) => {
        this.#queue.put(this.now + afterMs, { kind: "arrive", machine, packet });
      });
    }
  }

  #arrive(machine: Machine, packet: Packet): void {
    if (machine.program === null) return;
    if (machine.lateMs > 1 && machine.pausedAt === null) { // a slow machine takes datagrams up late
      this.after(this.lateness(machine), () => this.give(machine, { kind: "received", packet }));
      return;
    }
    this.give(machine, { kind: "received", packet });
  }

  #wake(machine: Machine, at: TrueMs): void {
    if (machine.wakeAt !== at) return; // set anew since
    machine.wakeAt = Infinity;
    if (machine.pausedAt !== null) return;
    this.#deadlines(machine, machine.life);
  }

  #deadlines(machine: Machine, life: number): void {
    for (let i = 0; i < MAX_STEPS; i++) {
      const { program } = machine;
      if (program === null || machine.life !== life || machine.pausedAt !== null) return;
      const now = machine.clock.now(this.now);
      if (program.nextDeadline(now) > now) {
        this.#spins = 0;
        this.#arm(machine, program);
        return;
      }
      this.give(machine, { kind: "deadline" });
    }
    if (++this.#spins >= MAX_SPINS) this.spinning = machine;
    if (machine.program !== null) this.#arm(machine, machine.program);
  }

  /** Sets the timer. It may fire too early, then the program is asked again; never later than it should. */
  #arm(machine: Machine, program: Program): void {
    if (machine.pausedAt !== null) return;
    const mono = machine.clock.now(this.now);
    const due = program.nextDeadline(mono);
    if (due === Infinity) return;
    const at = (due <= mono ? this.now : machine.clock.trueTime(due)) + LEAST_LATE_MS;
    if (machine.wakeAt <= at) return;
    const late = at + (machine.lateMs === 0 ? 0 : -Math.log(1 - this.#random.next()) * machine.lateMs);
    machine.wakeAt = late;
    this.#queue.put(late, { kind: "wake", machine, at: late });
  }
}

function hex(random: SeededRandom): string {
  return random.nextUint32().toString(16).padStart(8, "0");
}
