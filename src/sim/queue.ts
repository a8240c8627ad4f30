/** What is to happen when: a binary heap of (time, order put in). Things at one moment happen in that order. */
export class EventQueue<T> {
  readonly #times: number[] = [];
  readonly #orders: number[] = [];
  readonly #items: T[] = [];
  #order = 0;

  get size(): number {
    return this.#items.length;
  }

  /** When the next thing happens; Infinity when nothing is left. */
  next(): number {
    return this.#times[0] ?? Infinity;
  }

  put(at: number, item: T): void {
    const times = this.#times, orders = this.#orders, items = this.#items;
    const order = this.#order++;
    let child = items.length;
    times.push(at);
    orders.push(order);
    items.push(item);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (times[parent]! <= at) break; // an equal one was put in earlier
      times[child] = times[parent]!;
      orders[child] = orders[parent]!;
      items[child] = items[parent]!;
      child = parent;
    }
    times[child] = at;
    orders[child] = order;
    items[child] = item;
  }

  /** Takes what happens next. The caller has looked at `next`. */
  take(): T {
    const first = this.#items[0];
    if (first === undefined) throw new Error("the queue is empty");
    const at = this.#times.pop()!;
    const order = this.#orders.pop()!;
    const item = this.#items.pop()!;
    if (this.#items.length > 0) this.#sink(at, order, item);
    return first;
  }

  #sink(at: number, order: number, item: T): void {
    const times = this.#times, orders = this.#orders, items = this.#items;
    const size = items.length;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= size) break;
      const right = child + 1;
      if (right < size && before(times[right]!, orders[right]!, times[child]!, orders[child]!)) child = right;
      if (!before(times[child]!, orders[child]!, at, order)) break;
      times[parent] = times[child]!;
      orders[parent] = orders[child]!;
      items[parent] = items[child]!;
      parent = child;
    }
    times[parent] = at;
    orders[parent] = order;
    items[parent] = item;
  }
}

function before(at: number, order: number, otherAt: number, otherOrder: number): boolean {
  return at < otherAt || (at === otherAt && order < otherOrder);
}
