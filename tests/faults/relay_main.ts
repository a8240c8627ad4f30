/**
 * What nftables cannot do to a datagram: delay it, reorder it, send it twice. One port for each direction between two
 * nodes; the sender's host rewrites the address of what it sends, so that it comes here. `relay_main.ts`
 */
import { takeOrders, tellArena } from "./child.ts";
import type { Relayed } from "./history.ts";
import { monotonicMs } from "./monotonic.ts";

/** How one direction is treated. Each datagram takes `delayMs` and up to `jitterMs` more: jitter reorders. */
export interface Lane {
  readonly port: number;
  readonly to: string;
  readonly toPort: number;
  readonly delayMs: number;
  readonly jitterMs: number;
  /** Percent sent twice. */
  readonly twice: number;
  readonly blocked: boolean;
}

/** Datagrams on their way at once; more are lost, as in any queue. */
const MAX_UNDER_WAY = 20_000;
const TELL_EVERY_MS = 1000;

if (import.meta.main) {
  const lanes = new Map<number, Lane>();
  let underWay = 0;
  let count = 0;
  setInterval(() => {
    if (count > 0) tellArena({ kind: "relayed", at: monotonicMs(), count } satisfies Relayed);
    count = 0;
  }, TELL_EVERY_MS);
  const open = (port: number): void => {
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port });
    const deliver = (bytes: Uint8Array, afterMs: number): void => {
      underWay++;
      setTimeout(() => {
        underWay--;
        const lane = lanes.get(port);
        if (lane === undefined || lane.blocked) return;
        const to: Deno.NetAddr = { transport: "udp", hostname: lane.to, port: lane.toPort };
        socket.send(bytes, to).catch(() => {});
      }, afterMs);
    };
    void (async (): Promise<void> => {
      for await (const [bytes] of socket) {
        const lane = lanes.get(port);
        if (lane === undefined || lane.blocked || underWay >= MAX_UNDER_WAY) continue;
        count++;
        const copies = Math.random() * 100 < lane.twice ? 2 : 1;
        for (let i = 0; i < copies; i++) deliver(bytes.slice(), lane.delayMs + Math.random() * lane.jitterMs);
      }
    })();
  };
  tellArena({ ready: true });
  await takeOrders<Lane>((lane) => {
    if (!lanes.has(lane.port)) open(lane.port);
    lanes.set(lane.port, lane);
  });
}
