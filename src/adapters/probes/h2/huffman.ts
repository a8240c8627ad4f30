/**
 * The Huffman code of HTTP/2 headers (RFC 7541, Appendix B), for reading. The code is canonical: its words follow from
 * their lengths. Words of more than 15 bits, for characters that no header needs, are not read.
 */

/** Characters by the bits of their word, in the order of the words. */
const LENGTHS: readonly (readonly [number, string])[] = [
  [5, "012aceiost"],
  [6, " %-./3456789=A_bdfghlmnpru"],
  [7, ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz"],
  [8, "&*,;XZ"],
  [10, '!"()?'],
  [11, "'+|"],
  [12, "#>"],
  [13, "\0$@[]~"],
  [14, "^}"],
  [15, "<`{"],
];
const LONGEST = 15;

/** Characters by `length * 2^15 + word`. */
const WORDS = new Map<number, string>();
let word = 0;
let before = 0;
for (const [length, characters] of LENGTHS) {
  word <<= length - before;
  before = length;
  for (const character of characters) WORDS.set(length * 0x8000 + word++, character);
}

/** The text; null when it is not one in this code. What is left at the end is at most seven bits, all set. */
export function readHuffman(bytes: Uint8Array): string | null {
  let text = "";
  let value = 0;
  let length = 0;
  for (const octet of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      value = (value << 1) | ((octet >> bit) & 1);
      length++;
      const character = WORDS.get(length * 0x8000 + value);
      if (character !== undefined) {
        text += character;
        value = 0;
        length = 0;
      } else if (length === LONGEST) return null;
    }
  }
  return length < 8 && value === (1 << length) - 1 ? text : null;
}
