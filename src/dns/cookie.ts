/**
 * DNS cookies (RFC 7873, with the server cookie of RFC 9018): who sends one back that we gave to its address has
 * shown that it is there, so rate limits need not hold for it. Nothing is kept for a client: the cookie says it all.
 *
 *     client cookie 8 octets | version 1 | reserved 3 | seconds 4 | hash 8
 */
import { addressOctets } from "./network.ts";
import { sipHash, type SipKey } from "./siphash.ts";

/** The EDNS option. */
export const COOKIE_OPTION = 10;
/** What we send back: the client's cookie and ours. */
export const COOKIE_OCTETS = 24;
const CLIENT_OCTETS = 8;
/** Cookies older than this, or from so far ahead, are no proof, s (RFC 9018 section 4.3). */
const OLDEST_S = 3600;
const AHEAD_S = 300;
/** Older ones are given anew, s. */
const RENEW_S = 1800;

/** What a query's cookie is worth and what goes back. */
export interface JudgedCookie {
  /** It is one that we gave to this address not long ago. */
  readonly known: boolean;
  readonly reply: Uint8Array;
}

/** Judges the data of a COOKIE option. Null: it has no length that a cookie can have, which is a format error. */
export function judgeCookie(
  key: SipKey,
  asked: Uint8Array,
  client: string,
  nowS: number,
): JudgedCookie | null {
  if (!isCookieLength(asked.length)) return null;
  const address = addressOctets(client) ?? new Uint8Array(4);
  if (asked.length === COOKIE_OCTETS && asked[8] === 1) {
    const given = seconds(asked);
    const ageS = (nowS - given) | 0; // serial arithmetic
    if (ageS <= OLDEST_S && ageS >= -AHEAD_S && sameEnd(asked, compose(key, asked, address, given))) {
      return { known: true, reply: ageS <= RENEW_S ? asked.slice() : compose(key, asked, address, nowS) };
    }
  }
  return { known: false, reply: compose(key, asked, address, nowS) };
}

/** 8 from a client that has none of ours yet, 16 to 40 with one. */
export function isCookieLength(octets: number): boolean {
  return octets === CLIENT_OCTETS || (octets >= 16 && octets <= 40);
}

function compose(key: SipKey, asked: Uint8Array, address: Uint8Array, stampS: number): Uint8Array {
  const covered = new Uint8Array(16 + address.length);
  covered.set(asked.subarray(0, CLIENT_OCTETS));
  covered[8] = 1;
  // The reserved octets of a cookie that is judged are under its hash as they came.
  if (asked.length === COOKIE_OCTETS && stampS === seconds(asked)) covered.set(asked.subarray(9, 12), 9);
  new DataView(covered.buffer).setUint32(12, stampS >>> 0);
  covered.set(address, 16);
  const cookie = new Uint8Array(COOKIE_OCTETS);
  cookie.set(covered.subarray(0, 16));
  cookie.set(sipHash(key, covered), 16);
  return cookie;
}

function seconds(cookie: Uint8Array): number {
  return new DataView(cookie.buffer, cookie.byteOffset).getUint32(12);
}

/** All eight octets are looked at, so that the time says nothing. */
function sameEnd(a: Uint8Array, b: Uint8Array): boolean {
  let different = 0;
  for (let i = 16; i < COOKIE_OCTETS; i++) different |= a[i]! ^ b[i]!;
  return different === 0;
}
