/**
 * How far away a node finds the others, on its way to them: behind the opinions of a report (`report.ts`), so that any
 * node's status can show the whole matrix. Nothing is decided by it. A version that does not know it passes it over, as
 * bytes beyond its targets; one that finds none shows none.
 *
 *     byte 0  how many     then, each: bytes 0-1 node     bytes 2-3 round trip, tenths of a ms     byte 4 loss, half percents
 *                          (all bits set: not known)
 */
import type { NodeId } from "../base/id.ts";

/** What a node measures to one of the others. */
export interface Link {
  readonly id: NodeId;
  /** Round trip, ms, up to 6.5 s; null when not known. */
  readonly rttMs: number | null;
  /** Datagrams lost on the way here, 0..1; null when not known. */
  readonly loss: number | null;
}

/** Links in one report at most; in larger clusters those of the first nodes. */
export const MAX_LINKS = 16;
const LINK_BYTES = 5;
const NO_RTT = 0xffff;
const NO_LOSS = 0xff;

/** The bytes of the first `MAX_LINKS` links. */
export function packLinks(links: readonly Link[]): Uint8Array {
  const shown = links.slice(0, MAX_LINKS);
  const bytes = new Uint8Array(1 + shown.length * LINK_BYTES);
  const view = new DataView(bytes.buffer);
  bytes[0] = shown.length;
  for (const [i, { id, rttMs, loss }] of shown.entries()) {
    const at = 1 + i * LINK_BYTES;
    view.setUint16(at, id);
    view.setUint16(at + 2, rttMs === null ? NO_RTT : Math.min(NO_RTT - 1, Math.round(rttMs * 10)));
    view.setUint8(at + 4, loss === null ? NO_LOSS : Math.min(200, Math.round(loss * 200)));
  }
  return bytes;
}

/** Reads them; null when these bytes are no links. */
export function unpackLinks(bytes: Uint8Array): readonly Link[] | null {
  const count = bytes[0] ?? 0;
  if (count === 0 || count > MAX_LINKS || bytes.length !== 1 + count * LINK_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: count }, (_, i) => {
    const at = 1 + i * LINK_BYTES;
    const [rtt, loss] = [view.getUint16(at + 2), view.getUint8(at + 4)];
    return {
      id: view.getUint16(at),
      rttMs: rtt === NO_RTT ? null : rtt / 10,
      loss: loss > 200 ? null : loss / 200,
    };
  });
}
