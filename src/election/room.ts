/**
 * How many bytes of a state a datagram has room for, so that none exceeds `DATAGRAM_BYTES` (rule 7). It depends on the
 * number of members alone, which all members agree on (the member list is part of what a datagram proves): so the parts
 * of a state are cut alike everywhere. Small clusters have the same room; from some ten nodes on, naming the members
 * that are heard takes from it. `tests/unit/wire/codec_test.ts` measures the largest datagram of each kind.
 */

/** The most that a datagram between nodes has, bytes: passes wherever IPv6 does (RFC 8200 section 5: 1280), tunnels too. */
export const DATAGRAM_BYTES = 1200;

/** The largest part of a state in one datagram, bytes. */
const PART_MOST = 900;
/** The largest state that rides inside a claim, grant or told, bytes. */
const INLINE_MOST = 640;

/** A claim with a full report of opinions, beside what grows with the members, bytes. */
const CLAIM_REST = 445;
/** A told, likewise. */
const TOLD_REST = 170;
/** A chunk, likewise. */
const CHUNK_REST = 126;
/** A member with its life: heard, or cleared (rule 8a). */
const MEMBER_BYTES = 11;
/** A link in a report (`node/links.ts`), and how many at most. */
const LINK_BYTES = 5;
const LINKS = 16;

/** What is cut and what rides inside, in a cluster of so many members. */
export interface Room {
  /** Bytes of a state that one part carries. */
  readonly partBytes: number;
  /** The largest state that rides inside a claim or a grant, bytes. */
  readonly inlineBytes: number;
}

/** The room in datagrams of a cluster of `members` nodes, 1 to 64. */
export function roomOf(members: number): Room {
  const others = members - 1;
  const heard = others * MEMBER_BYTES;
  const inline = DATAGRAM_BYTES - CLAIM_REST - heard - Math.min(LINKS, others) * LINK_BYTES;
  return {
    partBytes: Math.min(PART_MOST, DATAGRAM_BYTES - CHUNK_REST - heard),
    inlineBytes: Math.max(0, Math.min(INLINE_MOST, inline)),
  };
}

/** The largest state that rides inside a told that names `cleared` members, bytes; negative: none. */
export function toldRoom(members: number, cleared: number): number {
  const named = (members - 1 + cleared) * MEMBER_BYTES;
  return Math.min(INLINE_MOST, DATAGRAM_BYTES - TOLD_REST - named);
}
