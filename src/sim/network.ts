/** The virtual network: how long each datagram takes, and which never arrive. */
import type { Random } from "../base/time.ts";

/** How long a datagram takes one way. */
export interface Latency {
  readonly baseMs: number;
  /** Mean of an exponential part on top; it also reorders. */
  readonly jitterMs: number;
}

/** The weather: shares are 0..1. */
export interface Weather {
  readonly loss: number;
  readonly duplicate: number;
  /** Share of datagrams delayed without bound: uniformly up to `strayMs` more. */
  readonly stray: number;
  readonly strayMs: number;
  /** All latencies times this. */
  readonly slowness: number;
}

/** A network without faults. */
export const CALM: Weather = { loss: 0, duplicate: 0, stray: 0, strayMs: 0, slowness: 1 };

/** Which datagrams arrive and when. Nodes are numbered from 0 here. */
export class Network {
  /** Faults of the whole network; worst of each counts. */
  readonly weathers = new Set<Weather>();
  readonly #size: number;
  readonly #latencies: readonly Latency[];
  readonly #cuts: Int32Array;
  readonly #random: Random;
  #weather: Weather = CALM;
  sent = 0;

  constructor(size: number, latency: (from: number, to: number) => Latency, random: Random) {
    this.#size = size;
    this.#random = random;
    this.#cuts = new Int32Array(size * size);
    this.#latencies = Array.from(
      { length: size * size },
      (_, i) => latency(Math.floor(i / size), i % size),
    );
  }

  /** Cuts one direction. Cuts of one link add up: each must be undone. */
  cut(from: number, to: number): void {
    this.#cuts[from * this.#size + to]!++;
  }

  join(from: number, to: number): void {
    this.#cuts[from * this.#size + to]!--;
  }

  isCut(from: number, to: number): boolean {
    return this.#cuts[from * this.#size + to]! > 0;
  }

  /** True when no link is cut and the weather is calm. */
  isCalm(): boolean {
    return this.#weather.loss === 0 && this.#weather.stray === 0 && this.#weather.slowness === 1 &&
      this.#cuts.every((count) => count <= 0);
  }

  /** Undoes every cut and all bad weather. */
  heal(): void {
    this.#cuts.fill(0);
    this.weathers.clear();
    this.weatherChanged();
  }

  /** To be called when `weathers` has changed. */
  weatherChanged(): void {
    let { loss, duplicate, stray, strayMs, slowness } = CALM;
    for (const weather of this.weathers) {
      loss = Math.max(loss, weather.loss);
      duplicate = Math.max(duplicate, weather.duplicate);
      stray = Math.max(stray, weather.stray);
      strayMs = Math.max(strayMs, weather.strayMs);
      slowness = Math.max(slowness, weather.slowness);
    }
    this.#weather = { loss, duplicate, stray, strayMs, slowness };
  }

  /** How long each copy of a datagram takes; none when it is lost. */
  send(from: number, to: number, arrive: (afterMs: number) => void): void {
    this.sent++;
    if (this.isCut(from, to)) return;
    const { loss, duplicate } = this.#weather;
    if (loss > 0 && this.#random.next() < loss) return;
    arrive(this.#delay(from, to));
    if (duplicate > 0 && this.#random.next() < duplicate) arrive(this.#delay(from, to));
  }

  #delay(from: number, to: number): number {
    const { baseMs, jitterMs } = this.#latencies[from * this.#size + to]!;
    const { stray, strayMs, slowness } = this.#weather;
    const delay = (baseMs - Math.log(1 - this.#random.next()) * jitterMs) * slowness;
    return stray > 0 && this.#random.next() < stray ? delay + this.#random.next() * strayMs : delay;
  }
}
