/**
 * When each node was certainly the leader. A node that says "leader" twice under one epoch led from the moment the
 * first answer was in until the second was asked for. Overlaps of such intervals are two leaders at once, beyond doubt.
 */
import { pause } from "../support/cluster.ts";
import type { BenchCluster } from "./cluster.ts";

/** A stretch of time, `performance.now()`. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

interface Tenure {
  readonly epoch: string;
  from: number;
  to: number;
}

/** Questions under way to one node at a time: one may hang in a process that is stopped. */
const IN_FLIGHT = 2;
const EVERY_MS = 4;
const LIMIT_MS = 1000;

export class LeaderWatch {
  answers = 0;
  readonly #cluster: BenchCluster;
  readonly #tenures = new Map<number, Tenure[]>();
  readonly #loops: Promise<void>[] = [];
  #running = true;

  constructor(cluster: BenchCluster) {
    this.#cluster = cluster;
    for (const id of cluster.ids) {
      this.#tenures.set(id, []);
      for (let i = 0; i < IN_FLIGHT; i++) this.#loops.push(this.#follow(id));
    }
  }

  /** Ends it; how long two nodes led at once since then, ms. */
  async overlapMs(since: number): Promise<number> {
    this.#running = false;
    await Promise.all(this.#loops);
    return overlap([...this.#tenures.values()], since);
  }

  async #follow(id: number): Promise<void> {
    while (this.#running) {
      const sentAt = performance.now();
      const text = await this.#cluster.ask(id, "/leader", LIMIT_MS);
      const gotAt = performance.now();
      if (text !== null) this.#note(id, JSON.parse(text), sentAt, gotAt);
      await pause(EVERY_MS);
    }
  }

  #note(
    id: number,
    answer: { readonly role: string; readonly leader: { readonly epoch: string } | null },
    sentAt: number,
    gotAt: number,
  ): void {
    this.answers++;
    if (answer.role !== "leader" || answer.leader === null) return;
    const tenures = this.#tenures.get(id) as Tenure[];
    const { epoch } = answer.leader;
    const known = tenures.find((one) => one.epoch === epoch);
    if (known === undefined) tenures.push({ epoch, from: gotAt, to: gotAt });
    else {
      known.from = Math.min(known.from, gotAt);
      known.to = Math.max(known.to, sentAt);
    }
  }
}

/** For how long two or more of these were on at once since then, ms. */
export function overlap(all: readonly (readonly Interval[])[], since: number, until = Infinity): number {
  const points = all.flat().flatMap(({ from, to }) => {
    const [a, b] = [Math.max(from, since), Math.min(to, until)];
    return b > a ? [{ at: a, step: 1 }, { at: b, step: -1 }] : [];
  });
  points.sort((a, b) => a.at - b.at || a.step - b.step);
  let [on, total, last] = [0, 0, 0];
  for (const { at, step } of points) {
    if (on >= 2) total += at - last;
    on += step;
    last = at;
  }
  return total;
}

/** For how long at least one of these was on within a stretch of time, ms. */
export function covered(all: readonly (readonly Interval[])[], since: number, until: number): number {
  const points = all.flat().filter(({ from, to }) => to > since && from < until)
    .map(({ from, to }) => ({ from: Math.max(from, since), to: Math.min(to, until) }))
    .sort((a, b) => a.from - b.from);
  let [total, end] = [0, since];
  for (const { from, to } of points) {
    if (to <= end) continue;
    total += to - Math.max(from, end);
    end = to;
  }
  return total;
}
