/**
 * Signed DNS messages (RFC 8945): a key that both sides know, a time, a MAC over all of it. The MAC of an answer
 * covers the MAC of its request, so no answer fits another request.
 *
 * Pure: the time comes from the caller. The HMAC is the platform's, which only computes.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { err, ok, type Result } from "../base/result.ts";
import { HEADER_OCTETS } from "./message.ts";
import { formatName, type Name, parseName, ROOT } from "./name.ts";
import { Reader, ReadProblem } from "./reader.ts";
import { CLASS, TYPE } from "./record.ts";
import { Writer } from "./writer.ts";

/** What signs, by its name in configs and in DNS. */
export const TSIG_ALGORITHMS = ["hmac-sha256", "hmac-sha384", "hmac-sha512"] as const;
export type TsigAlgorithm = typeof TSIG_ALGORITHMS[number];

export interface TsigKey {
  readonly name: Name;
  readonly algorithm: TsigAlgorithm;
  readonly secret: Uint8Array;
}

/** How far two clocks may be apart, seconds (section 5.2.3 recommends 300). */
export const FUDGE_S = 300;

/** Error codes inside a TSIG record (section 3). */
export const TSIG_ERROR = { NONE: 0, BADSIG: 16, BADKEY: 17, BADTIME: 18, BADTRUNC: 22 } as const;

/** Why a message is not taken for what it says. */
export type TsigProblem =
  /** There is no TSIG record. */
  | { readonly kind: "unsigned" }
  /** The message cannot be read, or its TSIG record is not the last. */
  | { readonly kind: "malformed" }
  /** The other side says that this is wrong with OUR message; `serverS` is its clock where it says so. */
  | { readonly kind: "refused"; readonly error: number; readonly serverS: number | null }
  /** Signed with another key or algorithm than the one expected. */
  | { readonly kind: "bad-key"; readonly name: string }
  | { readonly kind: "bad-sig" }
  /** Signed properly, but so many seconds from our time (positive: ahead of it). */
  | { readonly kind: "bad-time"; readonly aheadS: number };

export interface Signed {
  readonly bytes: Uint8Array;
  /** To be given to `verifyMessage` for the answer. */
  readonly mac: Uint8Array;
}

export interface SignOptions {
  /** Seconds since 1970. */
  readonly nowS: number;
  readonly fudgeS?: number;
  /** For an answer: the MAC of its request. */
  readonly requestMac?: Uint8Array | null;
  /** For the second and later messages of one answer: the MAC of the message before (section 5.3.1). */
  readonly previousMac?: Uint8Array | null;
  /** For an answer with BADTIME: the time of its request, seconds since 1970; `nowS` goes beside it. */
  readonly signedS?: number;
  /** For an answer: what was wrong with the request's signature (BADTIME; the others are not signed). */
  readonly error?: number;
}

/** Adds a TSIG record to a message that has none. */
export function signMessage(message: Uint8Array, key: TsigKey, options: SignOptions): Signed {
  const { nowS, fudgeS = FUDGE_S, requestMac = null, previousMac = null, error = TSIG_ERROR.NONE } = options;
  const other = error === TSIG_ERROR.BADTIME ? time48(nowS) : new Uint8Array(0);
  const stamp: Stamp = { signedS: Math.floor(options.signedS ?? nowS), fudgeS, error, other };
  const mac = macOf(message, key, stamp, previousMac ?? requestMac, previousMac !== null);
  return { bytes: appendTsig(message, key.name, algorithmName(key.algorithm), stamp, mac), mac };
}

/**
 * Adds the TSIG record of an answer to a request whose key or MAC is not ours to know (section 5.2): it names the
 * error and is not signed. Without a readable TSIG record in the request, the answer stays as it is.
 */
export function refuseSignature(
  answer: Uint8Array,
  request: Uint8Array,
  error: number,
  nowS: number,
): Uint8Array {
  const found = findTsig(request);
  if (found === "unsigned" || found === "malformed") return answer;
  const none = new Uint8Array(0);
  const stamp: Stamp = { signedS: Math.floor(nowS), fudgeS: FUDGE_S, error, other: none };
  return appendTsig(answer, found.name, found.algorithm, stamp, none);
}

function appendTsig(
  message: Uint8Array,
  keyName: Name,
  algorithm: Name,
  { signedS, fudgeS, error, other }: Stamp,
  mac: Uint8Array,
): Uint8Array {
  const id = (message[0] ?? 0) * 256 + (message[1] ?? 0);
  const record = new Writer();
  record.name(keyName, false);
  record.uint16(TYPE.TSIG);
  record.uint16(CLASS.ANY);
  record.uint32(0);
  const data = new Writer();
  data.name(algorithm, false);
  data.octets(time48(signedS));
  data.uint16(fudgeS);
  data.uint16(mac.length);
  data.octets(mac);
  data.uint16(id);
  data.uint16(error);
  data.uint16(other.length);
  data.octets(other);
  const octets = data.finish();
  record.uint16(octets.length);
  record.octets(octets);
  const tail = record.finish();
  const bytes = new Uint8Array(message.length + tail.length);
  bytes.set(message);
  bytes.set(tail, message.length);
  setAdditionals(bytes, additionals(bytes) + 1);
  return bytes;
}

/**
 * Checks a message against the key and the time: the key, then the MAC, then the time (section 5.2). Truncated MACs
 * are not taken. On success, the MAC (a request's is needed to sign the answer) and the message without TSIG.
 */
export function verifyMessage(
  bytes: Uint8Array,
  key: TsigKey,
  options: {
    readonly nowS: number;
    readonly requestMac?: Uint8Array | null;
    readonly previousMac?: Uint8Array | null;
  },
): Result<Signed, TsigProblem> {
  const found = findTsig(bytes);
  if (found === "malformed" || found === "unsigned") return err({ kind: found });
  const { stamp, mac } = found;
  const { error } = stamp;
  const serverS = error === TSIG_ERROR.BADTIME && stamp.other.length === 6 ? readTime48(stamp.other) : null;
  // The answers to a key or a MAC that is unknown over there cannot be signed; they change nothing but our mood.
  if (mac.length === 0 && error !== TSIG_ERROR.NONE) return err({ kind: "refused", error, serverS });
  const sameKey = found.name.key === key.name.key && found.algorithm.key === algorithmName(key.algorithm).key;
  if (!sameKey) return err({ kind: "bad-key", name: formatName(found.name) });
  const unsigned = bytes.slice(0, found.start);
  setAdditionals(unsigned, additionals(unsigned) - 1);
  unsigned[0] = found.originalId >>> 8;
  unsigned[1] = found.originalId & 0xff;
  const { requestMac = null, previousMac = null } = options;
  const expected = macOf(unsigned, key, stamp, previousMac ?? requestMac, previousMac !== null);
  if (expected.length !== mac.length || !timingSafeEqual(expected, mac)) return err({ kind: "bad-sig" });
  if (error !== TSIG_ERROR.NONE) return err({ kind: "refused", error, serverS });
  const aheadS = stamp.signedS - options.nowS;
  if (Math.abs(aheadS) > stamp.fudgeS) return err({ kind: "bad-time", aheadS: Math.round(aheadS) });
  return ok({ bytes: unsigned, mac });
}

/** `BADSIG`, `BADKEY` ..., or the number. */
export function tsigErrorName(error: number): string {
  const name = Object.entries(TSIG_ERROR).find(([, code]) => code === error)?.[0];
  return name ?? `TSIG error ${error}`;
}

interface Stamp {
  readonly signedS: number;
  readonly fudgeS: number;
  readonly error: number;
  readonly other: Uint8Array;
}

interface Found {
  /** Where the TSIG record begins. */
  readonly start: number;
  readonly name: Name;
  readonly algorithm: Name;
  readonly stamp: Stamp;
  readonly mac: Uint8Array;
  readonly originalId: number;
}

/**
 * The MAC of a message without TSIG, and of what the record says (section 4.3); of the times alone in the second
 * and later messages of one answer (section 5.3.1).
 */
function macOf(
  message: Uint8Array,
  key: TsigKey,
  stamp: Stamp,
  earlierMac: Uint8Array | null,
  timesOnly: boolean,
): Uint8Array {
  const hmac = createHmac(key.algorithm.slice("hmac-".length), key.secret);
  if (earlierMac !== null) {
    const length = new Writer();
    length.uint16(earlierMac.length);
    hmac.update(length.finish());
    hmac.update(earlierMac);
  }
  hmac.update(message);
  const variables = new Writer();
  if (timesOnly) {
    variables.octets(time48(stamp.signedS));
    variables.uint16(stamp.fudgeS);
    hmac.update(variables.finish());
    return new Uint8Array(hmac.digest());
  }
  variables.octets(canonical(key.name));
  variables.uint16(CLASS.ANY);
  variables.uint32(0);
  variables.octets(canonical(algorithmName(key.algorithm)));
  variables.octets(time48(stamp.signedS));
  variables.uint16(stamp.fudgeS);
  variables.uint16(stamp.error);
  variables.uint16(stamp.other.length);
  variables.octets(stamp.other);
  hmac.update(variables.finish());
  return new Uint8Array(hmac.digest());
}

/** Uncompressed, in lower case. */
function canonical(name: Name): Uint8Array {
  const octets = new Uint8Array(name.key.length + 1);
  for (let i = 0; i < name.key.length; i++) octets[i] = name.key.charCodeAt(i);
  return octets;
}

function algorithmName(algorithm: TsigAlgorithm): Name {
  const name = parseName(algorithm);
  return name.ok ? name.value : ROOT;
}

function time48(seconds: number): Uint8Array {
  const octets = new Uint8Array(6);
  let rest = Math.floor(seconds);
  for (let i = 5; i >= 0; i--) {
    octets[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return octets;
}

function readTime48(octets: Uint8Array): number {
  return octets.reduce((seconds, octet) => seconds * 256 + octet, 0);
}

function additionals(bytes: Uint8Array): number {
  return (bytes[10] ?? 0) * 256 + (bytes[11] ?? 0);
}

function setAdditionals(bytes: Uint8Array, count: number): void {
  bytes[10] = count >>> 8;
  bytes[11] = count & 0xff;
}

function findTsig(bytes: Uint8Array): Found | "unsigned" | "malformed" {
  if (bytes.length < HEADER_OCTETS) return "malformed";
  try {
    return readTsig(new Reader(bytes));
  } catch (problem) {
    if (problem instanceof ReadProblem) return "malformed";
    throw problem;
  }
}

function readTsig(reader: Reader): Found | "unsigned" | "malformed" {
  reader.at = 4;
  const questions = reader.uint16();
  const others = reader.uint16() + reader.uint16();
  const last = reader.uint16();
  for (let i = 0; i < questions; i++) {
    reader.name();
    reader.uint32();
  }
  for (let i = 0; i < others + last; i++) {
    const start = reader.at;
    const name = reader.name();
    const type = reader.uint16();
    const klass = reader.uint16();
    const ttl = reader.uint32();
    const length = reader.uint16();
    const end = reader.at + length;
    if (type === TYPE.TSIG) {
      return klass === CLASS.ANY && ttl === 0 && i === others + last - 1 && last > 0
        ? readData(reader, start, name, end)
        : "malformed";
    }
    reader.octets(length);
  }
  return "unsigned";
}

function readData(reader: Reader, start: number, name: Name, end: number): Found | "malformed" {
  const algorithm = reader.name();
  const signedS = readTime48(reader.octets(6));
  const fudgeS = reader.uint16();
  const mac = reader.octets(reader.uint16());
  const originalId = reader.uint16();
  const error = reader.uint16();
  const other = reader.octets(reader.uint16());
  if (reader.at !== end) return "malformed";
  return { start, name, algorithm, stamp: { signedS, fudgeS, error, other }, mac, originalId };
}
