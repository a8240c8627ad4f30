import type { Random } from "./time.ts";

/**
 * A seeded source of chance: xoshiro128** (Blackman and Vigna 2018), seeded through splitmix32.
 * The same seed gives the same numbers on every machine (only 32-bit integer arithmetic).
 */
export class SeededRandom implements Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number) {
    let s = (seed ^ Math.floor(seed / 0x1_0000_0000)) | 0;
    const split = (): number => {
      s = (s + 0x9e3779b9) | 0;
      let z = s ^ (s >>> 16);
      z = Math.imul(z, 0x21f0aaad);
      z ^= z >>> 15;
      z = Math.imul(z, 0x735a2d97);
      return z ^ (z >>> 15);
    };
    this.#a = split();
    this.#b = split();
    this.#c = split();
    this.#d = split();
  }

  /** Next 32 random bits, as an unsigned integer. */
  nextUint32(): number {
    const m = Math.imul(this.#b, 5);
    const result = Math.imul((m << 7) | (m >>> 25), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  next(): number {
    return this.nextUint32() / 0x1_0000_0000;
  }

  /** An independent stream: `fork("network")` does not disturb this one's later draws. */
  fork(label: string): SeededRandom {
    let h = 0x811c9dc5;
    for (let i = 0; i < label.length; i++) h = Math.imul(h ^ label.charCodeAt(i), 0x01000193);
    return new SeededRandom((h ^ this.#a ^ Math.imul(this.#d, 31)) >>> 0);
  }
}
