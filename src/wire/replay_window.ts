/** How far behind the highest sequence a datagram may come in, in datagrams. A power of two. */
export const WINDOW = 2048;

/**
 * Which sequence numbers have been taken: each once, the highest WINDOW of them in any order, and none older
 * (RFC 4303 section 3.4.3). One sequence counts the datagrams to all receivers, so a window of 2048 is some
 * seconds of the busiest node.
 */
export class ReplayWindow {
  #highest = 0;
  readonly #bits = new Uint32Array(WINDOW / 32);

  /** True when this number was taken, or is too old to tell. 0 is never used. */
  taken(sequence: number): boolean {
    if (sequence > this.#highest) return false;
    if (sequence <= this.#highest - WINDOW || sequence < 1) return true;
    return ((this.#bits[place(sequence)] ?? 0) & mask(sequence)) !== 0;
  }

  /** Takes a number that is not taken. */
  take(sequence: number): void {
    if (sequence - this.#highest >= WINDOW) this.#bits.fill(0);
    else for (let s = this.#highest + 1; s < sequence; s++) this.#clear(s);
    this.#highest = Math.max(this.#highest, sequence);
    this.#bits[place(sequence)]! |= mask(sequence);
  }

  #clear(sequence: number): void {
    this.#bits[place(sequence)]! &= ~mask(sequence);
  }
}

function place(sequence: number): number {
  return Math.floor((sequence % WINDOW) / 32);
}

function mask(sequence: number): number {
  return 1 << (sequence % 32);
}
