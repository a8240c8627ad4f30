import { type Name, NAME_OCTETS_MAX, nameFromLabels } from "./name.ts";

/** Pointers followed in one name. A real name needs at most one for each of its labels. */
const POINTERS_MAX = 127;

/**
 * Octets of all names of one message, written out, at most: pointers make much of little. A message of 64 KiB can name
 * 10,000 names of 127 labels, which takes seconds. A name that is a pointer to one read before costs nothing.
 */
const NAME_OCTETS_IN_ALL = 32 * 1024;

/** Thrown by `Reader` and caught by the decoder in this folder; never leaves it. */
export class ReadProblem extends Error {
  constructor(readonly kind: "short" | "bad-name" | "bad-data" | "bad-edns", readonly at: number) {
    super(kind);
  }
}

/** Reads a message from left to right. Each read past the end throws `ReadProblem`. */
export class Reader {
  /** Offset of the next octet. */
  at = 0;
  #nameOctetsLeft: number;
  /** Names by the offset that a pointer alone led to: records share their owner. */
  readonly #pointedAt = new Map<number, Name>();

  /** `nameOctets`: of all names that are read, written out, at most. */
  constructor(readonly bytes: Uint8Array, nameOctets: number = NAME_OCTETS_IN_ALL) {
    this.#nameOctetsLeft = nameOctets;
  }

  uint8(): number {
    const octet = this.bytes[this.at];
    if (octet === undefined) throw new ReadProblem("short", this.at);
    this.at++;
    return octet;
  }

  uint16(): number {
    return (this.uint8() << 8) | this.uint8();
  }

  uint32(): number {
    return this.uint16() * 0x1_0000 + this.uint16();
  }

  /** A copy: the message may lie in a buffer that is used again. */
  octets(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) throw new ReadProblem("short", this.at);
    const copy = this.bytes.slice(this.at, this.at + length);
    this.at += length;
    return copy;
  }

  /**
   * A name, compressed or not. A pointer must lead before the start of the piece of name that holds it, so
   * reading ends (RFC 1035 section 4.1.4, "a prior occurrence"); long chains of pointers alone are refused.
   */
  name(): Name {
    const start = this.at;
    const labels: Uint8Array[] = [];
    let pieceStart = start;
    let octets = 1;
    let pointers = 0;
    let resumeAt: number | null = null;
    let wholeAt: number | null = null;
    for (;;) {
      const length = this.uint8();
      if (length === 0) break;
      if (length >= 0xc0) {
        const target = ((length & 0x3f) << 8) | this.uint8();
        resumeAt ??= this.at;
        if (pieceStart === start && labels.length === 0) {
          wholeAt = target;
          const known = this.#pointedAt.get(target);
          if (known !== undefined) return known;
        }
        if (target < 12 || target >= pieceStart || ++pointers > POINTERS_MAX) {
          throw new ReadProblem("bad-name", start);
        }
        this.at = target;
        pieceStart = target;
      } else {
        octets += 1 + length;
        if (length > 63 || octets > NAME_OCTETS_MAX) throw new ReadProblem("bad-name", start);
        labels.push(this.octets(length));
      }
    }
    if (resumeAt !== null) this.at = resumeAt;
    this.#nameOctetsLeft -= octets;
    if (this.#nameOctetsLeft < 0) throw new ReadProblem("bad-name", start);
    const name = nameFromLabels(labels);
    if (!name.ok) throw new ReadProblem("bad-name", start);
    if (wholeAt !== null) this.#pointedAt.set(wholeAt, name.value);
    return name.value;
  }
}
