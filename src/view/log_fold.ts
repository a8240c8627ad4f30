/**
 * The same line again and again, folded: it is written three times in a minute, then counted, and when the minute is over
 * one line says how often it came. What differs in anything, an epoch or a number, is another line.
 */
import type { MonoMs } from "../base/time.ts";
import type { LogEvent } from "../node/events.ts";

/** Lines of one kind that are written before the others are counted. */
export const WRITTEN = 3;
/** What is counted together, ms. */
const FOLD_MS = 60_000;
/** Kinds of lines that are remembered; of more the oldest is closed early. */
export const KINDS_MAX = 256;

/** Each of these answers what somebody did, and who did it waits for it: written every time. */
const ANSWERS: ReadonlySet<string> = new Set([
  "start",
  "stop",
  "reload",
  "switch",
  "pinned",
  "unpinned",
  "drained",
  "undrained",
  "step-down",
]);

interface Kind {
  readonly event: LogEvent;
  readonly since: MonoMs;
  count: number;
}

/** Folds a stream of events; `now` never goes backward. */
export class LogFold {
  /** In the order in which they end. */
  readonly #kinds = new Map<string, Kind>();
  readonly #foldMs: number;

  constructor(foldMs: number = FOLD_MS) {
    this.#foldMs = foldMs;
  }

  /** What is to be written now that this event came: it, or nothing, behind the counts that are due. */
  add(event: LogEvent, now: MonoMs): LogEvent[] {
    const due = this.due(now);
    if (ANSWERS.has(event.name)) return [...due, event];
    const key = JSON.stringify([event.level, event.name, event.service, event.epoch, event.text, event.data]);
    const kind = this.#kinds.get(key);
    if (kind !== undefined) {
      kind.count += 1;
      return kind.count > WRITTEN ? due : [...due, event];
    }
    if (this.#kinds.size >= KINDS_MAX) {
      const [oldest, old] = this.#kinds.entries().next().value ?? [];
      if (oldest !== undefined && old !== undefined) {
        this.#kinds.delete(oldest);
        due.push(...countOf(old, now));
      }
    }
    this.#kinds.set(key, { event, since: now, count: 1 });
    return [...due, event];
  }

  /** The counts that are due. */
  due(now: MonoMs): LogEvent[] {
    const due: LogEvent[] = [];
    for (const [key, kind] of this.#kinds) {
      if (now < kind.since + this.#foldMs) break;
      this.#kinds.delete(key);
      due.push(...countOf(kind, now));
    }
    return due;
  }

  /** All counts, at the end. */
  rest(now: MonoMs): LogEvent[] {
    const all = [...this.#kinds.values()].flatMap((kind) => countOf(kind, now));
    this.#kinds.clear();
    return all;
  }

  /** When a count that has something to say is due; Infinity when none is. */
  get nextAt(): MonoMs {
    for (const { since, count } of this.#kinds.values()) if (count > WRITTEN) return since + this.#foldMs;
    return Infinity;
  }
}

function countOf({ event, since, count }: Kind, now: MonoMs): LogEvent[] {
  if (count <= WRITTEN) return [];
  const repeated = count - WRITTEN;
  const seconds = Math.max(1, Math.round((now - since) / 1000));
  const times = repeated === 1 ? "once more" : `${repeated} times`;
  return [{
    ...event,
    text: `${event.text} ... repeated ${times} in ${seconds} s`,
    data: { ...event.data, repeated },
  }];
}
