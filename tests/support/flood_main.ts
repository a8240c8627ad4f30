/**
 * Sends junk to a cluster's port, so many datagrams a second, from many addresses of loopback; prints how many it sent.
 * A program of its own: what it takes must not be taken for the node's.
 */
import { createSealer } from "../../src/wire/seal.ts";
import type { Packet } from "../../src/node/events.ts";

/** What to send. */
export interface FloodOrder {
  readonly host: string;
  readonly port: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly kind: FloodKind;
  /** For all kinds but `noise`: the cluster, and whom to pretend to be. */
  readonly cluster: {
    readonly name: string;
    /** Base64. */
    readonly key: string;
    readonly members: readonly {
      readonly id: number;
      readonly address: { readonly host: string; readonly port: number };
    }[];
    readonly from: number;
    readonly to: number;
    /** The life that `from` has now. */
    readonly incarnation: string;
  };
}

export type FloodKind =
  /** Octets by chance. */
  | "noise"
  /** The header of a datagram of a member's present life, then junk. */
  | "known-life"
  /** The same of lives that nobody has seen: each needs a key of its own to be judged. */
  | "unknown-life"
  /** Sealed by a member that has another cluster key. */
  | "wrong-key"
  /** Datagrams that were sealed well, again and again. */
  | "replay"
  /** All of them in turn. */
  | "mixed";

const KINDS: readonly FloodKind[] = ["noise", "known-life", "unknown-life", "wrong-key", "replay"];

/** Datagrams are made before, and sent over and over: what is measured is the node. */
const MADE = 512;
const SOCKETS = 16;

async function main(order: FloodOrder): Promise<void> {
  const kinds = order.kind === "mixed" ? KINDS : [order.kind];
  const made = kinds.map((kind) => make(order, kind));
  const sockets = Array.from(
    { length: SOCKETS },
    (_, i) => Deno.listenDatagram({ transport: "udp", hostname: `127.0.0.${2 + i}`, port: 0 }),
  );
  const to = { transport: "udp", hostname: order.host, port: order.port } as const;
  const started = performance.now();
  let sent = 0;
  for (;;) {
    const elapsed = (performance.now() - started) / 1000;
    const due = Math.floor(Math.min(elapsed, order.seconds) * order.perSecond);
    // after a stall the rest is lost, not sent at once: a flood of ten times the rate for a moment is another test
    const burst = Math.min(due - sent, Math.ceil(order.perSecond / 50));
    if (due - sent > burst) sent = due - burst;
    const sends: Promise<unknown>[] = [];
    for (let i = 0; i < burst; i++, sent++) {
      const which = sent % kinds.length;
      const bytes = made[which]![Math.floor(sent / kinds.length) % MADE]!;
      freshen(bytes, sent, kinds[which]!);
      sends.push(sockets[sent % SOCKETS]!.send(bytes, to).catch(() => {}));
    }
    await Promise.all(sends);
    if (elapsed >= order.seconds) break;
    if (burst === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (const socket of sockets) socket.close();
  console.log(String(sent));
}

/** Another sequence number, or another life: the node has never seen this one. */
function freshen(bytes: Uint8Array, count: number, kind: FloodKind): void {
  const view = new DataView(bytes.buffer);
  if (kind === "known-life") view.setUint32(21, 0x4000_0000 + count);
  else if (kind === "unknown-life") view.setUint32(13, count);
}

function make({ cluster }: FloodOrder, kind: FloodKind): Uint8Array[] {
  const key = Uint8Array.from(atob(cluster.key), (char) => char.charCodeAt(0));
  if (kind === "wrong-key") key[0]! ^= 1;
  const incarnation = kind === "known-life" ? cluster.incarnation : "00000000deadbeef";
  const sealer = createSealer({
    keys: [key],
    clusterName: cluster.name,
    members: cluster.members,
    self: cluster.from,
    incarnation,
  });
  return Array.from({ length: MADE }, () => {
    if (kind === "noise") return crypto.getRandomValues(new Uint8Array(1 + Math.floor(Math.random() * 400)));
    const packet: Packet = {
      header: {
        from: cluster.from,
        incarnation,
        to: null,
        stamp: 1,
        echo: null,
        count: 1,
        heard: [],
        joining: false,
      },
      message: { kind: "hello" },
      report: null,
      configDigest: 0,
    };
    const bytes = sealer.seal(cluster.to, packet);
    if (kind === "known-life" || kind === "unknown-life") crypto.getRandomValues(bytes.subarray(29));
    return bytes;
  });
}

await main(JSON.parse(Deno.args[0] ?? ""));
