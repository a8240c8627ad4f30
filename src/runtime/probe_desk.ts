/**
 * Starts probes. MAX_PROBES are under way at once, and of these MAX_YOUNG started a moment ago; the rest wait in the
 * order they came. A target that hangs holds one place until its timeout. A probe that the node has given up while it
 * waited is not started any more.
 *
 * Why the young are counted: thousands of connections made together are all noticed late, time out, count as bad and
 * are tried again sooner; a machine that was busy for a moment would not come out of it. What answers makes room for
 * the next at once; what does not, hangs, and is counted with the others after YOUNG_MS.
 */
import type { MonoMs } from "../base/time.ts";
import { Lateness } from "./lateness.ts";

/** Probes under way at once, each with a socket or two. */
export const MAX_PROBES = 2048;
const MAX_YOUNG = 128;
const YOUNG_MS = 100;
/** Longest wait, ms: after a second a node takes a probe for lost and counts it as bad. */
const MAX_WAIT_MS = 900;

interface Probe {
  readonly key: string;
  readonly dueAt: MonoMs;
  readonly run: () => Promise<void>;
  readonly giveUp: (waitedMs: number) => void;
  readonly cameAt: MonoMs;
  startedAt: MonoMs;
}

export class ProbeDesk {
  /** How late probes started. */
  readonly lateness = new Lateness();
  started = 0;
  #running = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #ended = false;
  readonly #clock: { now(): MonoMs };
  readonly #max: number;
  readonly #onStart: (lateMs: number) => void;
  /** In the order of their start. */
  readonly #young = new Set<Probe>();
  /** By target, in the order they came. */
  readonly #waiting = new Map<string, Probe>();

  /** `onStart` is told how late each probe starts, ms. */
  constructor(
    clock: { now(): MonoMs },
    max: number = MAX_PROBES,
    onStart: (lateMs: number) => void = () => {},
  ) {
    this.#clock = clock;
    this.#onStart = onStart;
    this.#max = max;
  }

  /** Probes under way. */
  get running(): number {
    return this.#running;
  }

  /** Probes that wait for a place. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Starts a probe now, or once there is a place; `giveUp` is called instead when there was none for too long. `run`
   * must not reject.
   */
  start(key: string, dueAt: MonoMs, run: () => Promise<void>, giveUp: (waitedMs: number) => void): void {
    if (this.#ended) return;
    this.#waiting.delete(key); // the node has given that one up
    this.#waiting.set(key, { key, dueAt, run, giveUp, cameAt: this.#clock.now(), startedAt: 0 });
    this.#pump();
  }

  /** Starts no more. */
  end(): void {
    this.#ended = true;
    this.#waiting.clear();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #pump(): void {
    if (this.#waiting.size === 0) return;
    const now = this.#clock.now();
    for (const probe of this.#young) {
      if (probe.startedAt > now - YOUNG_MS) break;
      this.#young.delete(probe);
    }
    for (const probe of this.#waiting.values()) {
      if (this.#running >= this.#max || this.#young.size >= MAX_YOUNG) break;
      this.#waiting.delete(probe.key);
      this.#run(probe, now);
    }
    if (this.#waiting.size > 0) this.#timer ??= setTimeout(() => this.#again(), YOUNG_MS / 10);
  }

  #again(): void {
    this.#timer = null;
    this.#pump();
    const now = this.#clock.now();
    for (const probe of [...this.#waiting.values()]) {
      if (probe.cameAt > now - MAX_WAIT_MS) break;
      this.#waiting.delete(probe.key);
      probe.giveUp(now - probe.cameAt);
    }
  }

  #run(probe: Probe, now: MonoMs): void {
    this.lateness.note(now, now - probe.dueAt);
    this.#onStart(now - probe.dueAt);
    this.started++;
    this.#running++;
    probe.startedAt = now;
    this.#young.add(probe);
    void probe.run().finally(() => {
      this.#running--;
      this.#young.delete(probe);
      this.#pump();
    });
  }
}
