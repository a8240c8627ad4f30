/**
 * The system's clocks enter here and nowhere else.
 *
 * A lease must end in real time, and CLOCK_MONOTONIC, which `performance.now()` shows, stands still while a
 * machine is suspended (ELECTION.md [14]). Linux has a clock that goes on, in /proc/uptime; but Deno lets a
 * program read files below /proc only with --allow-all, and reading it through `cat` takes milliseconds. So:
 * the wall clock, which costs nothing, is the alarm, and the uptime clock the judge. On resume the kernel puts
 * one and the same sleep on both of them. When the wall clock ran ahead of the monotonic one by more than
 * ALARM_MS, the uptime clock is read: if it ran ahead as well, the machine slept, and the time asleep is added;
 * if not, somebody set the wall clock, and nothing happens.
 *
 * What no clock of the machine shows cannot be seen here: a hypervisor that freezes a guest with its clocks.
 */
import type { MonoMs, WallMs } from "../base/time.ts";
import { openUptime } from "./uptime.ts";

/** The wall clock must run ahead by more than this to be looked into; below it is scheduling noise, ms. */
const ALARM_MS = 30;
/** Resolution of the uptime clock, ms. */
const UPTIME_STEP_MS = 10;
/** Readings of two clocks further apart than this are taken again, ms: the process was interrupted. */
const TOGETHER_MS = 5;
/** How often at most they are taken. */
const TRIES = 3;

/** The raw clocks, replaced in tests. */
export interface ClockSources {
  /** Ms, any zero point, perhaps standing still while the machine sleeps. */
  monotonic(): number;
  /** Ms since 1970. */
  wall(): number;
  /** Ms since boot, time asleep included, to some 10 ms; null where it cannot be had. */
  uptime(): number | null;
}

export interface Clock {
  /** Never goes backward; counts time asleep where the system can tell. */
  now(): MonoMs;
  wallMs(): WallMs;
  /** False where a suspended machine would keep its lease: there is no uptime clock to be read. */
  readonly seesSuspend: boolean;
  /** Time asleep since the clock was made, ms. */
  readonly suspendedMs: number;
  /** Releases what it holds open. */
  close(): void;
}

/** Makes the clock of this process, of the system's sources unless told otherwise. */
export function createClock(sources: ClockSources & { close?(): void } = systemSources()): Clock {
  let suspendedMs = 0;
  let last = -Infinity;
  let usable = true;
  let lead = leadOfWall(sources);
  let awake = leadOfUptime(sources);

  /** The wall clock ran ahead: adds the time asleep, if that is why. */
  function lookInto(): void {
    const ahead = leadOfWall(sources) - lead;
    if (ahead <= ALARM_MS) return; // an interruption between two readings
    lead += ahead;
    const uptime = awake === null ? null : leadOfUptime(sources);
    if (uptime === null || awake === null) return;
    const slept = uptime.lead - awake.lead;
    const error = UPTIME_STEP_MS + uptime.error + awake.error;
    if (slept <= ALARM_MS + error) return; // the wall clock was set
    // the wall clock knows the time asleep to a millisecond; where it was set as well, the uptime clock counts
    suspendedMs += Math.abs(slept - ahead) <= error ? ahead : slept;
    awake = uptime;
  }

  return {
    now: () => {
      const monotonic = sources.monotonic();
      const ahead = sources.wall() - monotonic - lead;
      if (ahead > ALARM_MS && usable) lookInto();
      // set back: the next sleep is to be measured from here
      else if (ahead < -ALARM_MS) lead = Math.min(lead, leadOfWall(sources));
      last = Math.max(last, monotonic + suspendedMs);
      return last;
    },
    wallMs: () => sources.wall(),
    seesSuspend: awake !== null,
    get suspendedMs() {
      return suspendedMs;
    },
    close: () => {
      usable = false;
      sources.close?.();
    },
  };
}

/** How far the wall clock is ahead of the monotonic one, read as close together as can be. */
function leadOfWall(sources: ClockSources): number {
  let best = { lead: 0, apart: Infinity };
  for (let n = 0; n < TRIES && best.apart > TOGETHER_MS; n++) {
    const before = sources.monotonic();
    const wall = sources.wall();
    const apart = sources.monotonic() - before;
    if (apart < best.apart) best = { lead: wall - before - apart / 2, apart };
  }
  return best.lead;
}

/** How far the uptime clock is ahead of the monotonic one, and how wrong that may be beside its resolution. */
function leadOfUptime(sources: ClockSources): { readonly lead: number; readonly error: number } | null {
  const before = sources.monotonic();
  const uptime = sources.uptime();
  const error = (sources.monotonic() - before) / 2;
  return uptime === null ? null : { lead: uptime - before - error, error };
}

function systemSources(): ClockSources & { close(): void } {
  const uptime = openUptime();
  return {
    monotonic: () => performance.now(),
    wall: () => Date.now(),
    uptime: () => uptime.read(),
    close: () => uptime.close(),
  };
}

/** Ms on a monotonic clock, to measure how long something took. Never for a lease: it may stand still in a sleep. */
export function stopwatchMs(): number {
  return performance.now();
}

/** Ms since 1970, for what is compared with dates: certificates. */
export function wallClockMs(): number {
  return Date.now();
}
