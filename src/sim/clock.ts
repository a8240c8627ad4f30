import type { MonoMs, WallMs } from "../base/time.ts";

/** True time, ms from the start of a simulation. No node can read it. */
export type TrueMs = number;

/** True time 0 on a wall clock that is right: 2026-01-01 UTC. */
const WALL_START: WallMs = 1_767_225_600_000;

/**
 * One machine's clocks. The monotonic one runs at `rate` times true time from an arbitrary start; the wall
 * clock is off by any amount and may jump.
 */
export class NodeClock {
  readonly rate: number;
  /** Reading of the monotonic clock at true time 0; changed only by a mutant that loses suspended time. */
  offset: MonoMs;
  /** How far the wall clock is ahead of a right one, ms. */
  wallAheadMs: number;

  constructor(rate: number, offset: MonoMs, wallAheadMs: number) {
    this.rate = rate;
    this.offset = offset;
    this.wallAheadMs = wallAheadMs;
  }

  now(at: TrueMs): MonoMs {
    return this.offset + this.rate * at;
  }

  wall(at: TrueMs): WallMs {
    return Math.floor(WALL_START + at + this.wallAheadMs);
  }

  /** When this clock will read `mono`. */
  trueTime(mono: MonoMs): TrueMs {
    return (mono - this.offset) / this.rate;
  }
}
