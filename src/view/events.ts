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
export const EVENTS_KEPT = 1000;

/**
 * A bounded memory of events; the oldest make room. Give it the wall clock at the start in ms as `firstId`:
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
    if (this.#events.length > this.#capacity) this.#events.shift();
    return stored;
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
