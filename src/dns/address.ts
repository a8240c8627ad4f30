/** IP addresses as text and as octets, strictly: what is not exactly an address is none. */

/** The four octets of a dotted quad; null for anything else (leading zeros, spaces, fewer parts ...). */
export function parseIpv4(text: string): Uint8Array | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  const octets = new Uint8Array(4);
  for (const [i, part] of parts.entries()) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return null;
    octets[i] = Number(part);
  }
  return octets;
}

/**
 * The sixteen octets of an IPv6 address as in RFC 4291 section 2.2, `::` and a dotted quad at the end included;
 * null for anything else, brackets and zones (`%eth0`) too.
 */
export function parseIpv6(text: string): Uint8Array | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const gap = halves.length === 2;
  const head = parseGroups(halves[0] ?? "", !gap);
  const tail = gap ? parseGroups(halves[1] ?? "", true) : [];
  if (head === null || tail === null) return null;
  const missing = 16 - head.length - tail.length;
  if (gap ? missing < 2 : missing !== 0) return null;
  const octets = new Uint8Array(16);
  octets.set(head, 0);
  octets.set(tail, 16 - tail.length);
  return octets;
}

/** Dotted quad of four octets. */
export function formatIpv4(octets: Uint8Array): string {
  return octets.join(".");
}

/** The canonical text of sixteen octets: lower case, the longest run of zeros as `::` (RFC 5952). */
export function formatIpv6(octets: Uint8Array): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((octets[i] ?? 0) << 8) | (octets[i + 1] ?? 0));
  let best = { at: 0, length: 1 };
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0) length++;
    if (length > best.length) best = { at: i, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.length < 2) return hex.join(":");
  return `${hex.slice(0, best.at).join(":")}::${hex.slice(best.at + best.length).join(":")}`;
}

/** Octets of `:`-separated groups; a dotted quad may come last where `quadAllowed`. */
function parseGroups(text: string, quadAllowed: boolean): number[] | null {
  if (text === "") return [];
  const octets: number[] = [];
  const groups = text.split(":");
  for (const [i, group] of groups.entries()) {
    if (group.includes(".")) {
      const quad = quadAllowed && i === groups.length - 1 ? parseIpv4(group) : null;
      if (quad === null) return null;
      octets.push(...quad);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return null;
      const value = parseInt(group, 16);
      octets.push(value >> 8, value & 0xff);
    }
    if (octets.length > 16) return null;
  }
  return octets;
}
