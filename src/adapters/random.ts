/** The system's chance enters here and nowhere else; everything pure takes a `Random`. */
import type { Incarnation } from "../base/id.ts";
import type { Random } from "../base/time.ts";

/** Uniform numbers from the system's generator, 53 bits each. */
export const systemRandom: Random = {
  next: () => {
    const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
    return ((high >>> 5) * 0x400_0000 + (low >>> 6)) / 2 ** 53;
  },
};

/** So many octets from the system's generator: secrets, seeds. */
export function randomOctets(count: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(count));
}

/** A new life: 64 random bits. Keys of datagrams are made from it, so two lives must never share one. */
export function newIncarnation(): Incarnation {
  const octets = crypto.getRandomValues(new Uint8Array(8));
  return [...octets].map((octet) => octet.toString(16).padStart(2, "0")).join("");
}
