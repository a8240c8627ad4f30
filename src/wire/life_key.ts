/**
 * The cipher of one life of one sender: AES-256-GCM under a key made for that life alone (HKDF-SHA256, RFC
 * 5869), so that its sequence numbers can be nonces: 64 random bits of incarnation name the key, and within a
 * life no number is used twice (RFC 5116 section 3.2, deterministic construction).
 */
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { Buffer } from "node:buffer";
import type { Incarnation, NodeId } from "../base/id.ts";
import { HEADER_OCTETS, TAG_OCTETS } from "./clear_header.ts";

const ALGORITHM = "aes-256-gcm";

/** A key derived for one sender in one life. */
export type LifeKey = KeyObject;

/** Takes a few microseconds: what it gives is kept for lives whose tag has been verified. */
export function deriveLifeKey(
  clusterKey: Uint8Array,
  clusterName: string,
  sender: NodeId,
  life: Incarnation,
): LifeKey {
  const info = Buffer.concat([
    Buffer.from("abfail v1"),
    Buffer.from([sender >> 8, sender & 0xff]),
    hex(life),
  ]);
  return createSecretKey(
    Buffer.from(hkdfSync("sha256", clusterKey, Buffer.from(clusterName, "utf8"), info, 32)),
  );
}

/** Fills in a datagram whose clear header is written already: body and tag. */
export function sealInto(
  out: Uint8Array,
  body: Uint8Array,
  key: LifeKey,
  name: Uint8Array,
  sequence: number,
): void {
  const cipher = createCipheriv(ALGORITHM, key, nonce(sequence), { authTagLength: TAG_OCTETS });
  cipher.setAAD(associated(out, name));
  const sealed = cipher.update(body);
  cipher.final();
  out.set(sealed, HEADER_OCTETS);
  out.set(cipher.getAuthTag(), HEADER_OCTETS + sealed.length);
}

/** The body of a datagram of at least HEADER_OCTETS + TAG_OCTETS, or null when the tag is wrong. */
export function openFrom(
  bytes: Uint8Array,
  key: LifeKey,
  name: Uint8Array,
  sequence: number,
): Uint8Array | null {
  const end = bytes.length - TAG_OCTETS;
  const decipher = createDecipheriv(ALGORITHM, key, nonce(sequence), { authTagLength: TAG_OCTETS });
  decipher.setAAD(associated(bytes, name));
  decipher.setAuthTag(bytes.subarray(end));
  const body = decipher.update(bytes.subarray(HEADER_OCTETS, end));
  try {
    decipher.final();
  } catch {
    return null;
  }
  return body;
}

/** The clear header, whose length is fixed, then the cluster's name. */
function associated(bytes: Uint8Array, name: Uint8Array): Uint8Array {
  const joined = new Uint8Array(HEADER_OCTETS + name.length);
  joined.set(bytes.subarray(0, HEADER_OCTETS));
  joined.set(name, HEADER_OCTETS);
  return joined;
}

/** Four zero octets, then the sequence. */
function nonce(sequence: number): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, Math.floor(sequence / 0x1_0000_0000));
  view.setUint32(8, sequence >>> 0);
  return bytes;
}

function hex(life: Incarnation): Buffer {
  return Buffer.from(life, "hex");
}
