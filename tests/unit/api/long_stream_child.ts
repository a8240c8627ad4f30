/** Sends a stream of many pieces to a reader that takes them all; prints how much more heap is in use then, bytes. */
import { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { sendResponse } from "../../../src/adapters/api/exchange.ts";

const PIECES = Number(Deno.args[0]);
const collect = (globalThis as unknown as { gc: () => void }).gc;

let written = 0;
const response = Object.assign(new EventEmitter(), {
  destroyed: false,
  setHeader: (): void => {},
  flushHeaders: (): void => {},
  write: (): boolean => ++written > 0,
});
const piece = new Uint8Array(10);
let made = 0;
const body = new ReadableStream({
  pull: (controller): Promise<void> | void => {
    if (made++ < PIECES) return controller.enqueue(piece);
    return new Promise(() => {}); // it goes on, as events do
  },
}, { highWaterMark: 0 });

collect();
const before = Deno.memoryUsage().heapUsed;
const sending = sendResponse(
  new Response(body, { headers: { "content-type": "text/event-stream" } }),
  { complete: true, method: "GET" } as IncomingMessage,
  response as unknown as ServerResponse,
);
while (written < PIECES) await new Promise((resolve) => setTimeout(resolve, 5));
collect();
console.log(Deno.memoryUsage().heapUsed - before);
response.emit("close");
if (!await sending) Deno.exit(1);
