/**
 * Three hosts of a peer on one switch, and what is done to whoever leads. The peers differ in how they are started and in
 * how they say who leads; the faults and what is measured are the same for all.
 */
import { unreachable } from "../../../src/base/assert.ts";
import { pause } from "../../support/cluster.ts";
import { Netns, netnsProblem } from "../../support/netns.ts";
import type { Contestant, Round, Subject } from "../alternate.ts";
import { keep } from "../keep.ts";
import { isInstalled } from "../processes.ts";
import { type Interval, overlap } from "../watch.ts";
import { type PeerProgram, poll } from "./program.ts";

/** What is done to the leader. */
export type Fault = "crash" | "term" | "step-down" | "pause" | "partition";

/** A peer on three hosts. */
export interface Trio extends AsyncDisposable {
  readonly net: Netns;
  readonly programs: readonly PeerProgram[];
  /** Who leads, 0 to 2. */
  readonly leader: number;
  /** When each host believed that it leads, as its log says. */
  intervals(until: number): Interval[][];
  /** Tells the leader to hand over, where the peer has a command for that. */
  readonly stepDown?: () => Promise<void>;
}

export interface TrioKind {
  readonly who: string;
  readonly settings: string;
  /** Programs that have to be there, with an argument that makes each end at once. */
  readonly needs: readonly (readonly [string, string])[];
  readonly open: () => Promise<Trio>;
}

export const HOSTS = ["p1", "p2", "p3"] as const;
export const PAUSE_MS = 5000;
const PARTITION_MS = 10_000;
const PATIENCE_MS = 20_000;
/** How long the old leader may need to see that it is none any more; then what may still follow. */
const LEAVES_MS = 15_000;
const AFTER_MS = 3000;

/** Why a peer cannot be measured here; null when it can. */
export function whyAbsent(needs: TrioKind["needs"]): string | null {
  if (!needs.every(([program, argument]) => isInstalled(program, argument))) return "not installed";
  return netnsProblem();
}

/** A peer and a fault as a subject of `alternate`: a fresh trio each round. */
export function trioSubject(kind: TrioKind, fault: Fault): Subject {
  const { who, settings, needs } = kind;
  return { who, settings, absent: whyAbsent(needs), open: () => Promise.resolve(new Rounds(kind, fault)) };
}

class Rounds implements Contestant {
  readonly #kind: TrioKind;
  readonly #fault: Fault;

  constructor(kind: TrioKind, fault: Fault) {
    this.#kind = kind;
    this.#fault = fault;
  }

  async round(): Promise<Round> {
    await using trio = keep(await this.#kind.open());
    await pause(Math.random() * 1000); // any phase of its timers
    return await strike(trio, this.#fault);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

async function strike(trio: Trio, fault: Fault): Promise<Round> {
  const program = trio.programs[trio.leader] as PeerProgram;
  switch (fault) {
    case "crash": {
      program.signal("SIGSTOP"); // so that no child acts on its parent's death
      return await next(trio, program.signal("SIGKILL"));
    }
    case "term":
      return await next(trio, program.signal("SIGTERM", false));
    case "step-down": {
      const since = performance.now();
      await trio.stepDown?.();
      return await next(trio, since);
    }
    case "pause": {
      const since = program.signal("SIGSTOP");
      await pause(PAUSE_MS);
      const resumed = program.signal("SIGCONT");
      await poll(LEAVES_MS, 50, () => {
        const last = trio.intervals(Infinity)[trio.leader]?.at(-1);
        return last === undefined || last.to !== Infinity ? true : null;
      });
      await pause(AFTER_MS);
      return { ...await next(trio, since), overlapMs: overlap(trio.intervals(performance.now()), resumed) };
    }
    case "partition": {
      const since = performance.now();
      await trio.net.isolate(HOSTS[trio.leader] as string);
      await pause(PARTITION_MS);
      await trio.net.rejoin();
      await pause(2 * AFTER_MS);
      return { ...await next(trio, since), overlapMs: overlap(trio.intervals(performance.now()), since) };
    }
    default:
      return unreachable(fault);
  }
}

/** From the fault to the moment when another one says that it leads. */
async function next(trio: Trio, since: number): Promise<Round> {
  const at = await poll(PATIENCE_MS, 2, () => {
    const gained = trio.intervals(Infinity).flatMap((list, i) => i === trio.leader ? [] : list)
      .map(({ from }) => from).filter((from) => from >= since);
    return gained.length === 0 ? null : Math.min(...gained);
  });
  if (at === null) throw new Error("nobody took over");
  return { ms: at - since };
}

/** Reads intervals from lines that say in or out. */
export function intervalsOf(
  lines: readonly { readonly at: number; readonly leads: boolean }[],
  until: number,
): Interval[] {
  const list: Interval[] = [];
  let from: number | null = null;
  for (const { at, leads } of lines) {
    if (leads && from === null) from = at;
    if (leads || from === null) continue;
    list.push({ from, to: at });
    from = null;
  }
  if (from !== null) list.push({ from, to: until });
  return list;
}

/** Builds the three hosts. */
export async function threeHosts(): Promise<Netns> {
  return keep(await Netns.create([...HOSTS]));
}
