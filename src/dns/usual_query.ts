/** Reads the queries that resolvers send all day, without making anything of their parts. */
import { COOKIE_OPTION, isCookieLength } from "./cookie.ts";
import { lowerOctet } from "./name.ts";
import { CLASS, TYPE } from "./record.ts";

/** One question of class IN and no meta type, nothing else but a plain OPT. */
export interface UsualQuery {
  /** Of the name, whatever its letter case. */
  readonly hash: number;
  readonly type: number;
  readonly questionEnd: number;
  /** Null without EDNS. */
  readonly payloadSize: number | null;
  readonly dnssecOk: boolean;
  /** Where the data of its COOKIE option are; 0 without one. */
  readonly cookieAt: number;
  readonly cookieOctets: number;
}

/** Octets of an OPT record without options. */
export const OPT_OCTETS = 11;
const HASH_START = 0x811c9dc5;

/** Null for anything that is not as usual. */
export function readUsualQuery(query: Uint8Array): UsualQuery | null {
  const length = query.length;
  if (length < 17 || (query[2]! & 0xf8) !== 0) return null;
  if (uint16(query, 4) !== 1 || uint16(query, 6) !== 0 || uint16(query, 8) !== 0) return null;
  const additionals = uint16(query, 10);
  if (additionals > 1) return null;
  let at = 12;
  let hash = HASH_START;
  for (;;) {
    const label = query[at]!;
    const end = at + label;
    // 5 = the root and the rest of the question.
    if (label > 63 || end + 5 > length) return null;
    for (; at <= end; at++) hash = hashStep(hash, lowerOctet(query[at]!));
    if (label === 0) break;
  }
  const type = uint16(query, at);
  const questionEnd = at + 4;
  if (uint16(query, at + 2) !== CLASS.IN || isMeta(type)) return null;
  if (additionals === 0) {
    if (questionEnd !== length) return null;
    return { hash, type, questionEnd, payloadSize: null, dnssecOk: false, cookieAt: 0, cookieOctets: 0 };
  }
  const cookieAt = findCookie(query, questionEnd);
  if (cookieAt < 0) return null;
  return {
    hash,
    type,
    questionEnd,
    payloadSize: uint16(query, questionEnd + 3),
    dnssecOk: (query[questionEnd + 7]! & 0x80) !== 0,
    cookieAt,
    cookieOctets: cookieAt === 0 ? 0 : uint16(query, cookieAt - 2),
  };
}

/**
 * Where the cookie in the OPT record at `at` has its data, 0 without a cookie; -1 when that is no OPT of version 0
 * with well-formed options and nothing behind it.
 */
function findCookie(query: Uint8Array, at: number): number {
  if (at + OPT_OCTETS > query.length) return -1;
  if (query[at] !== 0 || uint16(query, at + 1) !== TYPE.OPT || query[at + 6] !== 0) return -1;
  let next = at + OPT_OCTETS;
  if (next + uint16(query, at + 9) !== query.length) return -1;
  let cookieAt = 0;
  while (next < query.length) {
    if (next + 4 > query.length) return -1;
    const octets = uint16(query, next + 2);
    if (cookieAt === 0 && uint16(query, next) === COOKIE_OPTION) {
      if (!isCookieLength(octets)) return -1;
      cookieAt = next + 4;
    }
    next += 4 + octets;
  }
  return next === query.length ? cookieAt : -1;
}

/** The hash of a name as on the wire, in lower case. */
export function nameHash(wire: Uint8Array): number {
  let hash = HASH_START;
  for (const octet of wire) hash = hashStep(hash, octet);
  return hash;
}

/** Two octets as a number. */
export function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function isMeta(type: number): boolean {
  return type === TYPE.OPT || (type >= TYPE.TSIG && type <= TYPE.ANY);
}

/** FNV-1a. Names that exist are few and ours, so nobody can choose them to collide. */
function hashStep(hash: number, octet: number): number {
  return Math.imul(hash ^ octet, 0x01000193);
}
