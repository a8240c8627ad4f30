import { keyOfSuffix, type Name } from "./name.ts";

/** Writes a message from left to right, growing as it needs; names are compressed where asked. */
export class Writer {
  #bytes = new Uint8Array(512);
  #at = 0;
  /** Offset of each name or end of a name that a pointer can lead to, by `Name.key`. */
  readonly #seen = new Map<string, number>();

  /** Octets written so far. */
  get length(): number {
    return this.#at;
  }

  uint8(value: number): void {
    this.#room(1);
    this.#bytes[this.#at++] = value;
  }

  uint16(value: number): void {
    this.uint8((value >>> 8) & 0xff);
    this.uint8(value & 0xff);
  }

  uint32(value: number): void {
    this.uint16((value >>> 16) & 0xffff);
    this.uint16(value & 0xffff);
  }

  octets(octets: Uint8Array): void {
    this.#room(octets.length);
    this.#bytes.set(octets, this.#at);
    this.#at += octets.length;
  }

  /** Overwrites 16 bits that were written before. */
  patchUint16(at: number, value: number): void {
    this.#bytes[at] = (value >>> 8) & 0xff;
    this.#bytes[at + 1] = value & 0xff;
  }

  /** A name; what of it was written before becomes a pointer, unless `compress` is false. */
  name(name: Name, compress = true): void {
    for (const [i, label] of name.labels.entries()) {
      const key = keyOfSuffix(name, i);
      const earlier = this.#seen.get(key);
      if (compress && earlier !== undefined) {
        this.uint16(0xc000 | earlier);
        return;
      }
      // A pointer has 14 bits.
      if (earlier === undefined && this.#at <= 0x3fff) this.#seen.set(key, this.#at);
      this.uint8(label.length);
      this.octets(label);
    }
    this.uint8(0);
  }

  /** What was written; a copy of its own size. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  #room(octets: number): void {
    if (this.#at + octets <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + octets));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
