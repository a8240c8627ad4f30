/**
 * `GET /v1/events` as server-sent events: what is kept, then each event as it happens. Readers and what may
 * wait for each of them are bounded; who reads too slowly is cut off and comes back with `Last-Event-ID`.
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

interface Reader {
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
    if (request.method === "HEAD") return reply(200, "", "text/event-stream; charset=utf-8");
    const missed = missedEvents(request, this.#host.recentEvents());
    let reader: Reader | null = null;
    const body = new ReadableStream<Uint8Array>({
      start: (controller): void => {
        controller.enqueue(encoder.encode("retry: 2000\n\n" + missed.map(frame).join("")));
        const unsubscribe = this.#host.subscribe((event) => {
          if (reader !== null) this.#send(reader, frame(event));
        });
        reader = { controller, unsubscribe };
        this.#add(reader);
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
