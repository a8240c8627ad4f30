/**
 * A node's opinions on their way to the others: two bits a target, in the order of the config, inside the
 * datagrams that go out anyway. More targets than fit one datagram travel in slices, one a datagram.
 *
 *     bytes 0-3  digest of the list of targets (nodes with other lists do not understand each other)
 *     bytes 4-5  number of the first target        bytes 6..  opinions, four a byte, lowest bits first
 *                The highest bit says that the sender's opinions do not count (`say.ts`). A version that does not
 *                know it takes it for a slice beyond all targets and passes it over.
 *     the rest   how far away the sender finds the others (`links.ts`)
 */
import type { Opinion } from "../health/probing.ts";

/** Targets in one slice. */
export const SLICE_TARGETS = 1024;
const HEADER_BYTES = 6;
/** There are at most 1024 services of 32 targets. */
const NO_SAY = 0x8000;
const CODES: readonly Opinion[] = ["unknown", "up", "down"];

/**
 * Packs the slice that begins at target `from`; `behind` is what stands behind it (`links.ts`). Only opinions of the slice
 * are asked for: some ten datagrams a second say what thousands of targets are.
 */
export function packReport(
  targetsDigest: number,
  from: number,
  opinions: { readonly length: number; readonly at: (index: number) => Opinion | undefined },
  hasSay = true,
  behind: Uint8Array = new Uint8Array(),
): Uint8Array {
  const count = Math.min(SLICE_TARGETS, opinions.length - from);
  const end = HEADER_BYTES + Math.ceil(count / 4);
  const bytes = new Uint8Array(end + behind.length);
  bytes.set(behind, end);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, targetsDigest);
  view.setUint16(4, hasSay ? from : from | NO_SAY);
  for (let i = 0; i < count; i++) {
    const code = Math.max(0, CODES.indexOf(opinions.at(from + i) ?? "unknown"));
    const at = HEADER_BYTES + (i >> 2);
    bytes[at] = (bytes[at] ?? 0) | (code << ((i & 3) * 2));
  }
  return bytes;
}

/** The digest that a report names; null when it is too short to be one. */
export function reportDigest(report: Uint8Array): number | null {
  if (report.length < HEADER_BYTES) return null;
  return new DataView(report.buffer, report.byteOffset, report.length).getUint32(0);
}

/** What stands behind the opinions; `targets`: how many there are in all, on both sides. */
export function behindReport(report: Uint8Array, targets: number): Uint8Array {
  if (report.length < HEADER_BYTES) return new Uint8Array();
  const from = new DataView(report.buffer, report.byteOffset, report.length).getUint16(4) & ~NO_SAY;
  const count = Math.max(0, Math.min(SLICE_TARGETS, targets - from));
  return report.subarray(HEADER_BYTES + Math.ceil(count / 4));
}

/** Whether the sender says that its opinions count. */
export function reportHasSay(report: Uint8Array): boolean {
  return report.length >= HEADER_BYTES && ((report[4] ?? 0) & (NO_SAY >> 8)) === 0;
}

/** Writes a slice into `into`, which has one opinion a target. Returns true when one of them changed. */
export function unpackReport(report: Uint8Array, into: Opinion[]): boolean {
  if (report.length < HEADER_BYTES) return false;
  const from = new DataView(report.buffer, report.byteOffset, report.length).getUint16(4) & ~NO_SAY;
  const end = Math.min(into.length, from + Math.min(SLICE_TARGETS, (report.length - HEADER_BYTES) * 4));
  let changed = false;
  for (let i = from; i < end; i++) {
    const bits = (report[HEADER_BYTES + ((i - from) >> 2)] ?? 0) >> (((i - from) & 3) * 2);
    const opinion = CODES[bits & 3] ?? "unknown";
    if (into[i] === opinion) continue;
    into[i] = opinion;
    changed = true;
  }
  return changed;
}
