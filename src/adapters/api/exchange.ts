/** Between Node's kind of request and answer and those of the web platform, in which the API is written. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { err, ok, type Result } from "../../base/result.ts";
import { failure } from "./reply.ts";

/** How long a whole answer may take to be read, ms; a stream of events never is one. */
export const ANSWER_MS = 30_000;
/** How long a reader of a stream may take nothing while something waits for it, ms. */
const STALL_MS = 20_000;

/** Octets of a body that wait before the sender is held back. */
const BODY_WAITING = 16 * 1024;

/** The request; the error is the answer to give. */
export function readRequest(message: IncomingMessage, scheme: "http" | "https"): Result<Request, Response> {
  const { method = "GET", url = "/" } = message;
  const host = message.headers.host ?? "";
  const path = pathOf(url, host);
  if (path === null) return err(failure(400, "the request must name a path of this node"));
  const hasBody = method !== "GET" && method !== "HEAD";
  try {
    const headers = new Headers();
    for (const [name, value] of Object.entries(message.headers)) {
      for (const one of [value ?? []].flat()) headers.append(name, one);
    }
    // The Host header as it came: the guard judges it. What makes no URL gets a name that is nobody's.
    const full = `${scheme}://${host}${path}`;
    if (!URL.canParse(full)) return err(failure(400, "the Host header is no host"));
    return ok(new Request(full, { method, headers, body: hasBody ? bodyOf(message) : null }));
  } catch {
    return err(failure(400, "that request is not possible here"));
  }
}

/** Proxies and Deno's own client name the whole URL (RFC 9112, 3.2.2): then its host must be the one of the header. */
function pathOf(url: string, host: string): string | null {
  if (url.startsWith("/")) return url;
  const whole = /^https?:\/\/([^/?#]+)(\/.*)?$/i.exec(url);
  return whole === null || whole[1] !== host ? null : whole[2] ?? "/";
}

/** The body as it comes in; what nobody reads is held back. */
function bodyOf(message: IncomingMessage): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start: (controller): void => {
      let over = false;
      const end = (finish: () => void): void => {
        if (over) return;
        over = true;
        try {
          finish();
        } catch {
          // It was cancelled.
        }
      };
      message.on("data", (chunk: Uint8Array) => {
        if (over) return;
        try {
          controller.enqueue(new Uint8Array(chunk));
        } catch {
          over = true; // it was cancelled
        }
        if ((controller.desiredSize ?? 0) <= 0) message.pause();
      });
      message.once("end", () => end(() => controller.close()));
      message.once("error", () => end(() => controller.error(new Error("the body broke off"))));
      message.once("close", () => end(() => controller.error(new Error("the body broke off"))));
      message.pause();
    },
    pull: (): void => void message.resume(),
    cancel: (): void => void message.pause(),
  }, new ByteLengthQueuingStrategy({ highWaterMark: BODY_WAITING }));
}

/** Sends an answer. False when its reader took too long and was cut off. Never rejects. */
export async function sendResponse(
  answer: Response,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  response.on("error", () => {}); // the reader is gone
  if (response.destroyed) {
    answer.body?.cancel().catch(() => {});
    return true;
  }
  response.statusCode = answer.status;
  for (const [name, value] of answer.headers) response.setHeader(name, value);
  // A body that was not read to its end would be taken for the next request.
  if (!message.complete) response.setHeader("connection", "close");
  try {
    if (answer.body !== null && !answer.headers.has("content-length")) {
      const isEndless = answer.headers.get("content-type")?.startsWith("text/event-stream") === true;
      return await stream(answer.body, response, isEndless ? Infinity : ANSWER_MS);
    }
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (message.method !== "HEAD") response.setHeader("content-length", bytes.length);
    return await whole(bytes, response);
  } catch {
    response.destroy();
    return true;
  }
}

function whole(bytes: Uint8Array, response: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(false);
      response.destroy();
    }, ANSWER_MS);
    response.once("close", () => {
      clearTimeout(timer);
      resolve(true);
    });
    response.end(bytes);
  });
}

/** Sends what comes as it comes, all of it within so long, ms. */
async function stream(
  body: ReadableStream<Uint8Array>,
  response: ServerResponse,
  limitMs: number,
): Promise<boolean> {
  const reader = body.getReader();
  let isGone = false;
  let isSlow = false;
  // Ends a read that waits. Not a race with a promise of the end: it would keep something of each race, for days.
  response.once("close", () => {
    isGone = true;
    reader.cancel().catch(() => {});
  });
  const limit = limitMs === Infinity ? undefined : setTimeout(() => {
    isSlow = true;
    response.destroy();
  }, limitMs);
  response.flushHeaders();
  try {
    while (true) {
      const next = await reader.read();
      if (isGone) return !isSlow;
      if (next.done) {
        response.end();
        return true;
      }
      if (response.write(next.value)) continue;
      if (!await taken(response)) {
        response.destroy();
        return false;
      }
    }
  } finally {
    clearTimeout(limit);
    reader.cancel().catch(() => {});
  }
}

/** Waits until what was written has been taken, or the reader is gone; false when that takes too long. */
function taken(response: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isInTime: boolean): void => {
      clearTimeout(timer);
      response.off("drain", drained);
      response.off("close", drained);
      resolve(isInTime);
    };
    const drained = (): void => end(true);
    const timer = setTimeout(() => end(false), STALL_MS);
    response.once("drain", drained);
    response.once("close", drained);
    if (response.destroyed) drained();
  });
}
