/** Faults of machines and of the network, as plain data, and what carries them out and takes them back. */
import { unreachable } from "../base/assert.ts";
import type { NodeId } from "../base/id.ts";
import type { Engine } from "./engine.ts";
import { isForgetful, type Machine } from "./machine.ts";
import type { Weather } from "./network.ts";

/** How often it is looked whether a process that was told to stop has ended, ms. */
const END_MS = 20;

/** Which machine: by id, or whichever leads when the fault strikes. */
export type Who = NodeId | "leader";

/** One fault. `forMs` = until it is taken back; Infinity = until healed. */
export type Fault =
  /** The process ends without a word; `downMs` later it starts again. `inTurn`: in the middle of its next effects (the disk is kept). */
  | {
    readonly kind: "crash";
    readonly who: Who;
    readonly downMs: number;
    readonly disk: "kept" | "lost";
    readonly inTurn: boolean;
  }
  /** SIGTERM, and a start after `downMs`. */
  | { readonly kind: "stop"; readonly who: Who; readonly downMs: number }
  | { readonly kind: "pause"; readonly who: Who; readonly forMs: number }
  | { readonly kind: "slow"; readonly who: Who; readonly lateMs: number; readonly forMs: number }
  | {
    readonly kind: "isolate";
    readonly who: Who;
    readonly way: "in" | "out" | "both";
    readonly forMs: number;
  }
  /** Cuts between the nodes named and the rest; one way: what the rest sends does not arrive. */
  | {
    readonly kind: "partition";
    readonly nodes: readonly NodeId[];
    readonly oneWay: boolean;
    readonly forMs: number;
  }
  | { readonly kind: "cut"; readonly from: NodeId; readonly to: NodeId; readonly forMs: number }
  /** A link that goes down and comes back every `eachMs`, down for half of it. */
  | {
    readonly kind: "flap";
    readonly from: NodeId;
    readonly to: NodeId;
    readonly eachMs: number;
    readonly forMs: number;
  }
  | { readonly kind: "weather"; readonly weather: Weather; readonly forMs: number }
  | { readonly kind: "wall-clock"; readonly who: Who; readonly byMs: number }
  | { readonly kind: "step-down" };

export interface Planned {
  readonly atMs: number;
  readonly fault: Fault;
}

export interface FaultOptions {
  /** Never let a majority be without memory at once: then L2 and L3 must hold throughout. */
  readonly keepMemory: boolean;
  readonly leader: () => Machine | null;
  /** Told of each fault that strikes. */
  readonly tell?: (fault: Fault, who: Machine | null) => void;
}

/** Carries faults out, and takes them back when their time is over or all is healed. */
export class FaultBox {
  readonly #engine: Engine;
  readonly #options: FaultOptions;
  /** Undoes what is in force, by a number of its own. */
  readonly #undo = new Map<number, () => void>();
  #count = 0;
  #healed = false;

  constructor(engine: Engine, options: FaultOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  /** Schedules a plan; times count from now. */
  schedule(plan: readonly Planned[]): void {
    for (const { atMs, fault } of plan) this.#engine.after(atMs, () => this.strike(fault));
  }

  /** Takes everything back: all run, all reach each other. Faults scheduled later no longer strike. */
  heal(): void {
    this.#healed = true;
    for (const undo of [...this.#undo.values()]) undo();
    this.#undo.clear();
    for (const machine of this.#engine.machines) {
      machine.dieInTurn = false;
      this.#engine.resume(machine);
      this.#startAgain(machine);
    }
  }

  strike(fault: Fault): void {
    if (this.#healed) return;
    const machine = "who" in fault ? this.#find(fault.who) : null;
    if ("who" in fault && machine === null) return;
    if (this.#carryOut(fault, machine)) this.#options.tell?.(fault, machine);
  }

  #find(who: Who): Machine | null {
    return who === "leader" ? this.#options.leader() : this.#engine.machine(who);
  }

  #carryOut(fault: Fault, machine: Machine | null): boolean {
    const engine = this.#engine;
    switch (fault.kind) {
      case "crash":
        return machine !== null && this.#crash(machine, fault);
      case "stop": {
        if (machine === null || machine.program === null || !this.#mayLose(machine, false)) return false;
        engine.give(machine, { kind: "stop" });
        this.#for(fault.downMs, () => this.#startAgain(machine));
        return true;
      }
      case "pause": {
        if (machine === null || machine.program === null || machine.pausedAt !== null) return false;
        engine.pause(machine);
        this.#for(fault.forMs, () => engine.resume(machine));
        return true;
      }
      case "slow": {
        if (machine === null) return false;
        const before = machine.lateMs;
        machine.lateMs += fault.lateMs;
        this.#for(
          fault.forMs,
          () => machine.lateMs = Math.max(before === 0 ? 0 : 0.001, machine.lateMs - fault.lateMs),
        );
        return true;
      }
      case "isolate": {
        if (machine === null) return false;
        const others = engine.machines.filter((other) => other !== machine);
        const into = fault.way === "out" ? [] : others.map((other) => [other.index, machine.index] as const);
        const outOf = fault.way === "in" ? [] : others.map((other) => [machine.index, other.index] as const);
        this.#cut([...into, ...outOf], fault.forMs);
        return true;
      }
      case "partition": {
        const inside = engine.machines.filter((m) => fault.nodes.includes(m.id));
        const outside = engine.machines.filter((m) => !fault.nodes.includes(m.id));
        const pairs = inside.flatMap((a) => outside.map((b) => [b.index, a.index] as const));
        this.#cut(fault.oneWay ? pairs : [...pairs, ...pairs.map(([a, b]) => [b, a] as const)], fault.forMs);
        return true;
      }
      case "cut":
        this.#cut([[engine.machine(fault.from).index, engine.machine(fault.to).index]], fault.forMs);
        return true;
      case "flap": {
        const pair = [engine.machine(fault.from).index, engine.machine(fault.to).index] as const;
        this.#flap([pair], fault.eachMs, fault.forMs);
        return true;
      }
      case "weather": {
        const { weathers } = engine.network;
        const weather = { ...fault.weather };
        weathers.add(weather);
        engine.network.weatherChanged();
        this.#for(fault.forMs, () => {
          weathers.delete(weather);
          engine.network.weatherChanged();
        });
        return true;
      }
      case "wall-clock":
        if (machine !== null) machine.clock.wallAheadMs += fault.byMs;
        return machine !== null;
      case "step-down": {
        const leader = this.#options.leader();
        if (leader !== null) engine.give(leader, { kind: "step-down" });
        return leader !== null;
      }
      default:
        return unreachable(fault);
    }
  }

  #crash(machine: Machine, fault: Extract<Fault, { kind: "crash" }>): boolean {
    const engine = this.#engine;
    if (machine.program === null || !this.#mayLose(machine, fault.disk === "lost" && !fault.inTurn)) {
      return false;
    }
    if (fault.inTurn) {
      machine.dieInTurn = true;
    } else {
      if (fault.disk === "lost") machine.disk = null;
      engine.crash(machine);
    }
    this.#for(fault.downMs, () => engine.start(machine));
    return true;
  }

  /** Starts a process; one that is still on its way out first ends. */
  #startAgain(machine: Machine): void {
    if (machine.program?.election.stopping == null) this.#engine.start(machine);
    else this.#engine.after(END_MS, () => this.#startAgain(machine));
  }

  /** False when its memory would go and a majority would then have none. */
  #mayLose(machine: Machine, diskToo: boolean): boolean {
    if (!this.#options.keepMemory || (machine.hasDisk && !diskToo && machine.disk !== null)) return true;
    const { machines } = this.#engine;
    const others = machines.filter((m) => m !== machine && (isForgetful(m) || this.#isDoomed(m))).length;
    return (others + 1) * 2 < machines.length;
  }

  /** It is about to lose its memory. */
  #isDoomed(machine: Machine): boolean {
    return machine.dieInTurn || machine.program?.election.stopping != null;
  }

  #cut(pairs: readonly (readonly [number, number])[], forMs: number): void {
    const { network } = this.#engine;
    for (const [from, to] of pairs) network.cut(from, to);
    this.#for(forMs, () => {
      for (const [from, to] of pairs) network.join(from, to);
    });
  }

  #flap(pairs: readonly (readonly [number, number])[], eachMs: number, forMs: number): void {
    if (this.#healed || forMs < eachMs) return;
    this.#cut(pairs, eachMs / 2);
    this.#engine.after(eachMs, () => this.#flap(pairs, eachMs, forMs - eachMs));
  }

  #for(ms: number, undo: () => void): void {
    const number = ++this.#count;
    this.#undo.set(number, undo);
    if (ms === Infinity) return;
    this.#engine.after(ms, () => {
      if (this.#undo.delete(number)) undo();
    });
  }
}

/** A fault for people. */
export function describeFault(fault: Fault, who: Machine | null): string {
  const node = who === null ? "" : `node ${who.id}`;
  const time = (ms: number): string => ms === Infinity ? "" : ` for ${Math.round(ms)} ms`;
  switch (fault.kind) {
    case "crash":
      return `${node} crashes${fault.inTurn ? " while it sends" : ""}${
        fault.disk === "lost" ? ", its disk is lost" : ""
      }`;
    case "stop":
      return `${node} is told to stop`;
    case "pause":
      return `${node} is paused${time(fault.forMs)}`;
    case "slow":
      return `${node} runs slowly${time(fault.forMs)}`;
    case "isolate":
      return `${node} ${ISOLATED[fault.way]}${time(fault.forMs)}`;
    case "partition": {
      const nodes = fault.nodes.join(", ");
      return fault.oneWay
        ? `nodes ${nodes} do not hear the others${time(fault.forMs)}`
        : `nodes ${nodes} are cut off from the others${time(fault.forMs)}`;
    }
    case "cut":
      return `node ${fault.to} does not hear node ${fault.from}${time(fault.forMs)}`;
    case "flap":
      return `the link from node ${fault.from} to node ${fault.to} flaps${time(fault.forMs)}`;
    case "weather":
      return `${describeWeather(fault.weather)}${time(fault.forMs)}`;
    case "wall-clock":
      return `${node}'s wall clock jumps by ${Math.round(fault.byMs / 1000)} s`;
    case "step-down":
      return "the leader is told to step down";
    default:
      return unreachable(fault);
  }
}

const ISOLATED = { in: "hears nobody", out: "is heard by nobody", both: "is cut off" } as const;

function describeWeather(weather: Weather): string {
  const parts: string[] = [];
  if (weather.loss > 0) parts.push(`${Math.round(100 * weather.loss)} % of the datagrams are lost`);
  if (weather.duplicate > 0) parts.push(`${Math.round(100 * weather.duplicate)} % come twice`);
  if (weather.stray > 0) parts.push(`${Math.round(100 * weather.stray)} % go astray`);
  if (weather.slowness > 1) parts.push(`the network is ${Math.round(weather.slowness)} times as slow`);
  return parts.join(", ") || "calm";
}
