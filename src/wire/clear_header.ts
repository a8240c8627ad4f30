/**
 * What a sealed datagram shows: enough to find the right key, and to turn junk away before any cryptography.
 * All of it is authenticated together with the cluster name.
 *
 *     0  magic AB FA | 2  version | 3  key hint | 5  sender | 7  receiver | 9  incarnation of the sender
 *     17 sequence | 25 member fingerprint | 29 sealed body, its last 16 octets the tag
 */
import type { Incarnation, NodeId } from "../base/id.ts";

/** First two octets of every datagram. */
const MAGIC = 0xabfa;
/** Of the layout of header and body; raised when either changes. */
const WIRE_VERSION = 1;
export const HEADER_OCTETS = 29;
export const TAG_OCTETS = 16;
/** What sealing adds to an encoded body. */
export const SEAL_OCTETS = HEADER_OCTETS + TAG_OCTETS;

export interface ClearHeader {
  /** 16 bits; fingerprint.ts. */
  readonly keyHint: number;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly incarnation: Incarnation;
  /** Counts the datagrams of one life of the sender to all receivers, from 1; below 2^53. */
  readonly sequence: number;
  /** Of the sender's member list, 32 bits. */
  readonly fingerprint: number;
}

/** Why bytes have no readable header. */
export type HeaderProblem =
  /** Another protocol's, or noise. */
  | { readonly kind: "not-ours" }
  | { readonly kind: "truncated" }
  /** Another release of abfail, perhaps. */
  | { readonly kind: "version"; readonly version: number };

/** Writes the header to the start of `out`. */
export function writeClearHeader(out: Uint8Array, header: ClearHeader): void {
  const view = new DataView(out.buffer, out.byteOffset, HEADER_OCTETS);
  view.setUint16(0, MAGIC);
  view.setUint8(2, WIRE_VERSION);
  view.setUint16(3, header.keyHint);
  view.setUint16(5, header.from);
  view.setUint16(7, header.to);
  view.setUint32(9, parseInt(header.incarnation.slice(0, 8), 16));
  view.setUint32(13, parseInt(header.incarnation.slice(8), 16));
  view.setUint32(17, Math.floor(header.sequence / 0x1_0000_0000));
  view.setUint32(21, header.sequence >>> 0);
  view.setUint32(25, header.fingerprint);
}

/** Reads the header of any bytes: nothing in it is to be believed before the tag is verified. */
export function readClearHeader(bytes: Uint8Array): ClearHeader | HeaderProblem {
  if (bytes.length < 3) return { kind: "truncated" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0) !== MAGIC) return { kind: "not-ours" };
  const version = view.getUint8(2);
  if (version !== WIRE_VERSION) return { kind: "version", version };
  if (bytes.length < HEADER_OCTETS + TAG_OCTETS) return { kind: "truncated" };
  return {
    keyHint: view.getUint16(3),
    from: view.getUint16(5),
    to: view.getUint16(7),
    incarnation: hex32(view.getUint32(9)) + hex32(view.getUint32(13)),
    sequence: view.getUint32(17) * 0x1_0000_0000 + view.getUint32(21),
    fingerprint: view.getUint32(25),
  };
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, "0");
}

/** The sender that the bytes name, when they are a header of ours; 0 for all else. Makes nothing of the rest. */
export function peekSender(bytes: Uint8Array): NodeId {
  if (bytes.length < HEADER_OCTETS + TAG_OCTETS || bytes[2] !== WIRE_VERSION) return 0;
  return bytes[0] === MAGIC >> 8 && bytes[1] === (MAGIC & 0xff) ? (bytes[5]! << 8) | bytes[6]! : 0;
}
