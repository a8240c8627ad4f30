/**
 * Reads what `ByteWriter` wrote, from bytes that may be anything. It never throws: the first thing wrong is
 * kept as `problem`, and from there on every read gives a harmless value (0, false, no bytes).
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #problem: string | null = null;

  constructor(bytes: Uint8Array) {
    // a Buffer would do, but its slices share its memory: what is read would be a view, not a copy
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The first thing wrong, one phrase; null while all is well. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Bytes not read yet; 0 after a problem. */
  get left(): number {
    return this.#problem === null ? this.#bytes.length - this.#at : 0;
  }

  /** Declares the input wrong. */
  fail(problem: string): void {
    this.#problem ??= `${problem} (at octet ${this.#at})`;
  }

  u8(): number {
    return this.#take(1) ? this.#view.getUint8(this.#at - 1) : 0;
  }

  u32(): number {
    return this.#take(4) ? this.#view.getUint32(this.#at - 4) : 0;
  }

  f64(): number {
    const value = this.#take(8) ? this.#view.getFloat64(this.#at - 8) : 0;
    if (Number.isFinite(value)) return value;
    this.fail("a number that is not finite");
    return 0;
  }

  /** A whole number below 2^53, in its shortest form. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let octets = 1; octets <= 8; octets++) {
      const octet = this.u8();
      value += (octet & 0x7f) * scale;
      if (octet < 0x80) {
        if (octet === 0 && octets > 1) this.fail("a number in a longer form than needed");
        if (value > Number.MAX_SAFE_INTEGER) this.fail("a number past 2^53");
        return this.#problem === null ? value : 0;
      }
      scale *= 0x80;
    }
    this.fail("a number past 2^53");
    return 0;
  }

  /** So many bytes, copied. */
  raw(length: number): Uint8Array {
    return this.#take(length) ? this.#bytes.slice(this.#at - length, this.#at) : new Uint8Array(0);
  }

  /** The number of bytes, then the bytes, copied. */
  bytes(): Uint8Array {
    return this.raw(this.varint());
  }

  /** Nothing may be left. */
  end(): void {
    if (this.left > 0) this.fail(`${this.left} octets too many`);
  }

  #take(length: number): boolean {
    if (this.#problem !== null) return false;
    if (length > this.#bytes.length - this.#at) {
      this.fail(`${length - (this.#bytes.length - this.#at)} octets missing`);
      return false;
    }
    this.#at += length;
    return true;
  }
}
