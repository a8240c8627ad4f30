/** One copy of the service, on a host of its own: says its name; can be told to be slow. `target_main.ts NAME PORT` */
import { takeOrders, tellArena } from "./child.ts";
import { pause } from "./monotonic.ts";

const [name = "", port = ""] = Deno.args;
let slowMs = 0;
/** Calls of the service itself, probes not counted. */
let calls = 0;

Deno.serve(
  { hostname: "0.0.0.0", port: Number(port), onListen: (): void => tellArena({ ready: true }) },
  async (request) => {
    if (slowMs > 0) await pause(slowMs);
    if (new URL(request.url).pathname === "/") calls++;
    return new Response(name, { headers: { "x-calls": String(calls) } });
  },
);
await takeOrders<{ readonly slowMs: number }>((order) => slowMs = order.slowMs);
