import type { MonoMs } from "../base/time.ts";

interface Item {
  readonly at: MonoMs;
  readonly index: number;
}

/** An agenda as plain data: the very same heap again, since what is due at one time leaves in its order. */
export interface AgendaItems {
  readonly heap: readonly Item[];
  readonly times: readonly MonoMs[];
}

/**
 * What is due when, for thousands of targets: a binary heap of (time, target). Each target has one time, the
 * last that it was put under; older items of it stay in the heap until their time and are passed over then.
 */
export class Agenda {
  readonly #heap: Item[] = [];
  /** The time that counts, by target. */
  readonly #times: MonoMs[] = [];

  /** As plain data, for the flight recorder. */
  items(): AgendaItems {
    return { heap: [...this.#heap], times: [...this.#times] };
  }

  /** The agenda that had these items. */
  static of({ heap, times }: AgendaItems): Agenda {
    const agenda = new Agenda();
    for (const item of heap) agenda.#heap.push(item);
    for (const at of times) agenda.#times.push(at);
    return agenda;
  }

  /** Notes when a target is due; Infinity = not at all. */
  put(index: number, at: MonoMs): void {
    if (this.#times[index] === at) return;
    this.#times[index] = at;
    if (at === Infinity) return;
    const heap = this.#heap;
    heap.push({ at, index });
    let child = heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (heap[parent]!.at <= at) break;
      heap[child] = heap[parent]!;
      child = parent;
    }
    heap[child] = { at, index };
  }

  /** Takes the target whose time has come; null when there is none. */
  takeDue(now: MonoMs): number | null {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.at > now) return null;
      const last = this.#heap.pop();
      if (last !== undefined && this.#heap.length > 0) this.#sink(last);
      if (this.#times[first.index] !== first.at) continue;
      this.#times[first.index] = Infinity;
      return first.index;
    }
  }

  /** When the next item is due; Infinity when there is none. */
  next(): MonoMs {
    return this.#heap[0]?.at ?? Infinity;
  }

  #sink(item: Item): void {
    const heap = this.#heap;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++;
      if (heap[child]!.at >= item.at) break;
      heap[parent] = heap[child]!;
      parent = child;
    }
    heap[parent] = item;
  }
}
