/**
 * Headers of HTTP/2 as they travel (RFC 7541). Written the plainest way: literals that no proxy may remember. Read in
 * every form; we allow no table of our own (SETTINGS_HEADER_TABLE_SIZE = 0), and remember what comes for it all the same.
 */
import { readHuffman } from "./huffman.ts";

/** Headers in lower case; of those that come several times, the last. */
export type HeaderTable = Readonly<Record<string, string>>;

/** Appendix A: names, with their values where they have one. */
const STATIC: readonly (readonly [string, string])[] = [
  ...[":authority|", ":method|GET", ":method|POST", ":path|/", ":path|/index.html", ":scheme|http"],
  ...[":scheme|https", ":status|200", ":status|204", ":status|206", ":status|304", ":status|400"],
  ...[":status|404", ":status|500", "accept-charset|", "accept-encoding|gzip, deflate"],
  ...["accept-language|", "accept-ranges|", "accept|", "access-control-allow-origin|", "age|", "allow|"],
  ...["authorization|", "cache-control|", "content-disposition|", "content-encoding|"],
  ...["content-language|", "content-length|", "content-location|", "content-range|", "content-type|"],
  ...["cookie|", "date|", "etag|", "expect|", "expires|", "from|", "host|", "if-match|"],
  ...["if-modified-since|", "if-none-match|", "if-range|", "if-unmodified-since|", "last-modified|"],
  ...["link|", "location|", "max-forwards|", "proxy-authenticate|", "proxy-authorization|", "range|"],
  ...["referer|", "refresh|", "retry-after|", "server|", "set-cookie|", "strict-transport-security|"],
  ...["transfer-encoding|", "user-agent|", "vary|", "via|", "www-authenticate|"],
].map((entry): readonly [string, string] => {
  const [name = "", value = ""] = entry.split("|");
  return [name, value];
});

/** Stands for a value that we cannot read. */
const UNREADABLE = "(not readable)";
/** Headers that are remembered of one connection: a table of ours would hold no more. */
const MAX_REMEMBERED = 128;
/** Octets of one number at most. */
const MAX_NUMBER_OCTETS = 5;

/** Writes headers, in their order. */
export function writeHeaders(headers: Iterable<readonly [string, string]>): Uint8Array {
  const octets: number[] = [];
  for (const [name, value] of headers) {
    octets.push(0x10); // a literal, never to be indexed
    for (const text of [name, value]) {
      const bytes = new TextEncoder().encode(text);
      octets.push(...number(bytes.length, 7), ...bytes);
    }
  }
  return Uint8Array.from(octets);
}

/** Reads the blocks of one connection. */
export class HeaderReader {
  readonly #remembered: (readonly [string, string])[] = [];

  /** One block; null when it is broken. */
  read(block: Uint8Array): HeaderTable | null {
    const headers: Record<string, string> = {};
    const cursor = new Cursor(block);
    while (!cursor.atEnd) {
      const first = cursor.peek();
      if (first >= 0x80) {
        const entry = this.#entry(cursor.number(7));
        if (entry === null) return null;
        headers[entry[0]] = entry[1];
      } else if (first >= 0x20 && first < 0x40) {
        cursor.number(5); // a new size of a table that we do not have
      } else {
        const isIndexed = first >= 0x40;
        const index = cursor.number(isIndexed ? 6 : 4);
        const name = index === 0 ? cursor.text() : this.#entry(index)?.[0] ?? null;
        const value = cursor.text();
        if (name === null || value === null) return null;
        headers[name.toLowerCase()] = value;
        if (isIndexed) this.#remember(name.toLowerCase(), value);
      }
      if (cursor.broken) return null;
    }
    return headers;
  }

  #remember(name: string, value: string): void {
    this.#remembered.unshift([name, value]);
    if (this.#remembered.length > MAX_REMEMBERED) this.#remembered.pop();
  }

  #entry(index: number): readonly [string, string] | null {
    return STATIC[index - 1] ?? this.#remembered[index - 1 - STATIC.length] ?? null;
  }
}

function number(value: number, prefix: number): number[] {
  const full = (1 << prefix) - 1;
  if (value < full) return [value];
  const octets = [full];
  let rest = value - full;
  for (; rest >= 0x80; rest >>>= 7) octets.push((rest & 0x7f) | 0x80);
  return [...octets, rest];
}

/** Reads from left to right; past the end it is `broken` and reads zeros. */
class Cursor {
  broken = false;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  peek(): number {
    return this.#bytes[this.#at] ?? 0;
  }

  number(prefix: number): number {
    const full = (1 << prefix) - 1;
    let value = this.#octet() & full;
    if (value < full) return value;
    for (let i = 0; i < MAX_NUMBER_OCTETS; i++) {
      const octet = this.#octet();
      value += (octet & 0x7f) * 2 ** (7 * i);
      if (octet < 0x80) return value;
    }
    this.broken = true;
    return 0;
  }

  text(): string | null {
    const isHuffman = this.peek() >= 0x80;
    const length = this.number(7);
    if (this.broken || this.#at + length > this.#bytes.length) return null;
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return isHuffman ? readHuffman(bytes) ?? UNREADABLE : new TextDecoder().decode(bytes);
  }

  #octet(): number {
    const octet = this.#bytes[this.#at++];
    if (octet === undefined) this.broken = true;
    return octet ?? 0;
  }
}
