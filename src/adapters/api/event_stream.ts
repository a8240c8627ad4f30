/**
 * `GET /v1/events` as server-sent events: what is kept, then each event as it happens; with `?status=1` also the whole
 * status (`event: status`), once a second and right after each event. Readers and what may wait for each of them are
 * bounded; who reads too slowly misses a status or is cut off, and comes back with `Last-Event-ID`.
 */
import { eventsAfter, type StoredEvent } from "../../view/events.ts";
import type { ApiHost } from "./host.ts";
import { failure, reply } from "./reply.ts";

/** How many readers at once; more get 503. */
export const STREAMS_MAX = 32;

/** How many events may wait for one reader. */
export const WAITING_MAX = 256;

/** How often a comment tells proxies and readers that the stream lives, ms. */
export const HEARTBEAT_MS = 15_000;

/** How often the status is sent, and how soon after an event, ms. */
const STATUS_MS = 1000;
const STATUS_SOON_MS = 50;

interface Reader {
  readonly wantsStatus: boolean;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  readonly unsubscribe: () => void;
}

const encoder = new TextEncoder();

/** All open streams of one API. */
export class EventStreams {
  readonly #host: ApiHost;
  readonly #heartbeatMs: number;
  readonly #readers = new Set<Reader>();
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  /** Set while somebody wants the status. */
  #statusTimer: ReturnType<typeof setTimeout> | undefined;
  #statusMs = Infinity;

  constructor(host: ApiHost, heartbeatMs: number = HEARTBEAT_MS) {
    this.#host = host;
    this.#heartbeatMs = heartbeatMs;
  }

  /** How many readers there are now. */
  get size(): number {
    return this.#readers.size;
  }

  /** The answer to one reader; `Last-Event-ID` leaves out what it has already seen. */
  open(request: Request): Response {
    if (this.#readers.size >= STREAMS_MAX) {
      return failure(503, `${STREAMS_MAX} readers follow the events already`, { "retry-after": "5" });
    }
    if (request.method === "HEAD") return reply(200, null, "text/event-stream; charset=utf-8");
    const missed = missedEvents(request, this.#host.recentEvents());
    const wantsStatus = new URL(request.url).searchParams.get("status") === "1";
    let reader: Reader | null = null;
    const body = new ReadableStream<Uint8Array>({
      start: (controller): void => {
        controller.enqueue(encoder.encode("retry: 2000\n\n" + missed.map(frame).join("")));
        const unsubscribe = this.#host.subscribe((event) => {
          if (reader !== null) this.#send(reader, frame(event));
          if (wantsStatus) this.#statusWithin(STATUS_SOON_MS);
        });
        reader = { wantsStatus, controller, unsubscribe };
        this.#add(reader);
        if (wantsStatus) this.#statusWithin(0);
      },
      cancel: (): void => {
        if (reader !== null) this.#forget(reader);
      },
    }, { highWaterMark: WAITING_MAX });
    return reply(200, body, "text/event-stream; charset=utf-8", { "x-accel-buffering": "no" });
  }

  /** Ends every stream. */
  end(): void {
    for (const reader of [...this.#readers]) this.#close(reader);
  }

  #add(reader: Reader): void {
    this.#readers.add(reader);
    this.#heartbeat ??= setInterval(() => {
      for (const one of [...this.#readers]) this.#send(one, ": alive\n\n");
    }, this.#heartbeatMs);
  }

  /** Sends the status so soon, unless it is about to be sent anyway. */
  #statusWithin(ms: number): void {
    if (this.#statusMs <= Math.max(ms, STATUS_SOON_MS)) return;
    clearTimeout(this.#statusTimer);
    this.#statusMs = ms;
    this.#statusTimer = setTimeout(() => this.#sendStatus(), ms);
  }

  #sendStatus(): void {
    this.#statusMs = Infinity;
    const readers = [...this.#readers].filter((reader) => reader.wantsStatus);
    if (readers.length === 0) return;
    const text = encoder.encode(`event: status\ndata: ${JSON.stringify(this.#host.status())}\n\n`);
    for (const { controller } of readers) {
      // Two of them never wait for one reader: they are large, and the next one says it all.
      if ((controller.desiredSize ?? 0) >= WAITING_MAX) controller.enqueue(text);
    }
    this.#statusWithin(STATUS_MS);
  }

  #send(reader: Reader, text: string): void {
    if ((reader.controller.desiredSize ?? 0) <= 0) return this.#close(reader);
    reader.controller.enqueue(encoder.encode(text));
  }

  #close(reader: Reader): void {
    this.#forget(reader);
    try {
      reader.controller.close();
    } catch {
      // It was closed or cancelled already.
    }
  }

  #forget(reader: Reader): void {
    reader.unsubscribe();
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
    clearTimeout(this.#statusTimer);
    this.#statusTimer = undefined;
    this.#statusMs = Infinity;
  }
}

/** What this reader has not seen yet, by its `Last-Event-ID`; all where it has none. */
export function missedEvents(request: Request, kept: readonly StoredEvent[]): readonly StoredEvent[] {
  const lastId = Number.parseInt(request.headers.get("last-event-id") ?? "", 10);
  return Number.isNaN(lastId) ? kept : eventsAfter(kept, lastId);
}

/** Without an `event:` field, so that one `onmessage` takes them all; the name is in the data. */
function frame(event: StoredEvent): string {
  return `id: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`;
}
