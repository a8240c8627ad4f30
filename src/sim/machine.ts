import type { NodeId } from "../base/id.ts";
import type { SeededRandom } from "../base/random.ts";
import type { Durable } from "../node/events.ts";
import type { NodeClock, TrueMs } from "./clock.ts";
import type { Program, ProgramEvent } from "./program.ts";

/** One virtual machine: its clocks, its disk, and the process on it, if one runs. */
export interface Machine {
  readonly id: NodeId;
  /** Its place in the network, from 0. */
  readonly index: number;
  readonly zone: string;
  readonly clock: NodeClock;
  /** The process's chance. */
  readonly random: SeededRandom;
  /** With `state_dir`: memory survives a crash. */
  readonly hasDisk: boolean;
  disk: Durable | null;
  /** Null while it is down. */
  program: Program | null;
  /** Counts the lives of the process. */
  life: number;
  incarnation: string;
  /** Since when it does not run; null while it does. */
  pausedAt: TrueMs | null;
  /** What arrived while it was paused, in order. */
  readonly waiting: ProgramEvent[];
  /** When its timer fires next; Infinity when it is not set. */
  wakeAt: TrueMs;
  /** Mean lateness of its timers and of taking up datagrams, ms: a slow machine has much. */
  lateMs: number;
  /** Crashes in the middle of the effects of its next turn that has any. */
  dieInTurn: boolean;
}

/** A machine that is down and has never run. */
export function createMachine(
  given: Pick<Machine, "id" | "index" | "zone" | "clock" | "random" | "hasDisk" | "lateMs">,
): Machine {
  return {
    ...given,
    disk: null,
    program: null,
    life: 0,
    incarnation: "",
    pausedAt: null,
    waiting: [],
    wakeAt: Infinity,
    dieInTurn: false,
  };
}

/** True when the process runs now. */
export function runs(machine: Machine): machine is Machine & { program: Program } {
  return machine.program !== null && machine.pausedAt === null;
}

/** True while it has lost what it promised and decided, and has not learnt it again (ELECTION.md L2). */
export function isForgetful(machine: Machine): boolean {
  if (machine.program === null) return machine.disk === null;
  const joining = machine.program.election.joining;
  return joining !== null && !joining.remembers;
}
