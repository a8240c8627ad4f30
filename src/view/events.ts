/** The recent events of a node, for `GET /v1/events`, the page and `abfail record`. */
import { assert } from "../base/assert.ts";
import type { WallMs } from "../base/time.ts";
import type { LogEvent } from "../node/events.ts";

/** One event with its place in the stream. */
export interface StoredEvent extends LogEvent {
  /** Rises by one with each event; also over restarts, when the ring is given the start time as `firstId`. */
  readonly id: number;
  /** RFC 3339 in UTC. */
  readonly time: string;
}

/** How many events a node keeps. */
const EVENTS_KEPT = 1000;

/** What the timeline is drawn from; opinions and reads, which are many, do not push it out. */
const LASTING: readonly string[] = ["leader", "switch"];

/**
 * A bounded memory of events; the oldest make room, those of leaders and switches last. Give it the wall clock at the start in ms as `firstId`:
 * a node tells far fewer than a thousand events a second, so the next life's ids lie above this one's and a
 * reader that comes back with its last id (`Last-Event-ID`) gets what it missed.
 */
export class EventRing {
  #events: StoredEvent[] = [];
  #next: number;
  readonly #capacity: number;

  constructor(firstId: number, capacity: number = EVENTS_KEPT) {
    assert(capacity > 0, "a ring holds at least one event");
    this.#next = firstId;
    this.#capacity = capacity;
  }

  /** Stores an event and returns it with its id and time. */
  add(event: LogEvent, wallMs: WallMs): StoredEvent {
    const stored = { id: this.#next, time: new Date(wallMs).toISOString(), ...event };
    this.#next += 1;
    this.#events.push(stored);
    if (this.#events.length > this.#capacity) this.#makeRoom();
    return stored;
  }

  /** Drops the oldest; those that last may fill half of the ring. */
  #makeRoom(): void {
    const passing = this.#events.findIndex(({ name }) => !LASTING.includes(name));
    this.#events.splice(passing >= 0 && passing < this.#capacity / 2 ? passing : 0, 1);
  }

  /** All that are kept, oldest first. */
  recent(): StoredEvent[] {
    return [...this.#events];
  }
}

/** The events after `lastId`; all of them where that id lies ahead (it came from a clock that ran ahead). */
export function eventsAfter(events: readonly StoredEvent[], lastId: number): readonly StoredEvent[] {
  const newest = events.at(-1);
  if (newest !== undefined && lastId > newest.id) return events;
  return events.filter((event) => event.id > lastId);
}
