/**
 * What the embedded server says to one client: answers from its zones, and whole zones for those who may have them.
 *
 *     too many answers to that network already?   (rate_limit.ts; not for those whom a cookie proves, cookie.ts)
 *     usual query -> ready-made answer            (prepared.ts)
 *     signed      -> the signature is judged, the answer is signed  (tsig.ts, RFC 8945)
 *     AXFR, IXFR  -> who asks? -> the zone      (transfer.ts) | REFUSED
 *     all others  -> the general way            (respond.ts)
 *
 * Pure: clients, keys and time come from the caller.
 */
import { COOKIE_OPTION, judgeCookie, type JudgedCookie } from "./cookie.ts";
import { decodeQuery } from "./decode.ts";
import { type Message, RCODE } from "./message.ts";
import { includes, type Networks } from "./network.ts";
import { answerPrepared } from "./prepared.ts";
import type { RateLimiter } from "./rate_limit.ts";
import { type AnswerOptions, respond, respondRcode, respondTruncated, type Transport } from "./respond.ts";
import type { SipKey } from "./siphash.ts";
import { transferMessages, type TransferRequest, transferRequestOf } from "./transfer.ts";
import {
  refuseSignature,
  type Signed,
  signMessage,
  TSIG_ERROR,
  type TsigKey,
  verifyMessage,
} from "./tsig.ts";
import { readUsualQuery } from "./usual_query.ts";
import type { Zone } from "./prepared.ts";

/** Who may copy the zones. */
export interface TransferRule {
  /** From where; null: from anywhere, by the key alone. */
  readonly from: Networks | null;
  /** Signed with it; null: no signature is asked for. */
  readonly key: TsigKey | null;
  /** A key is asked for, be it there or not (its file cannot be read just now, say). */
  readonly needsKey: boolean;
}

/** What is served at this moment. */
export interface Served {
  /** None lies in another. */
  readonly zones: readonly Zone[];
  /** Null: nobody may copy. */
  readonly transfer: TransferRule | null;
  /**
   * False while this node's zones are not those that the serial stands for (its config is older or newer than the
   * leader's): nobody may copy them then, as a copy would stay wrong until the serial rises again.
   */
  readonly copyable: boolean;
}

/** What keeps the server from being used against others. */
export interface Shield {
  /** Null: no limit. */
  readonly limiter: RateLimiter | null;
  /** Secret of the cookies that this server gives. */
  readonly cookies: SipKey;
  /** Asked only where it matters. */
  readonly clock: {
    /** Seconds since 1970, whole. */
    nowS(): number;
    /** Any clock that never goes back, for limits. */
    nowMs(): number;
  };
}

/** One query and where it came from. */
export interface Request {
  readonly query: Uint8Array;
  readonly transport: Transport;
  /** IP address. */
  readonly client: string;
  /** The answer may be written here; it is then a part of this. */
  readonly room?: Uint8Array | null;
}

/** One message, several of a transfer, or silence. */
export type Reply = Uint8Array | readonly Uint8Array[] | null;

/** Answers one query. */
export function serve(served: Served, request: Request, shield: Shield): Reply {
  const { query, transport, client } = request;
  const usual = readUsualQuery(query);
  const cookie = usual === null || usual.cookieAt === 0 ? null : judgeCookie(
    shield.cookies,
    query.subarray(usual.cookieAt, usual.cookieAt + usual.cookieOctets),
    client,
    shield.clock.nowS(),
  );
  if (transport === "udp" && shield.limiter !== null) {
    const verdict = shield.limiter.take(client, shield.clock.nowMs());
    if (verdict !== "pass" && !isTrusted(request, shield, cookie)) {
      shield.limiter.count(verdict);
      return verdict === "slip" ? respondTruncated(query, cookieOptions(request, shield)) : null;
    }
  }
  if (usual !== null) {
    const ready = answerPrepared(served.zones, query, transport, usual, cookie?.reply ?? null, request.room);
    if (ready !== null) return ready;
  }
  if (needsCare(query)) return serveWithCare(served, request, shield.clock.nowS());
  return respond(served.zones, query, transport, cookieOptions(request, shield));
}

/** Asked only when a limit is reached: it costs more than an answer. */
function isTrusted(request: Request, shield: Shield, cookie: JudgedCookie | null): boolean {
  if (cookie?.known === true) return true;
  if (cookie !== null) return false;
  const decoded = decodeQuery(request.query);
  const option = decoded.ok
    ? decoded.value.edns?.options.find(({ code }) => code === COOKIE_OPTION)
    : undefined;
  if (option === undefined) return false;
  return judgeCookie(shield.cookies, option.octets, request.client, shield.clock.nowS())?.known === true;
}

/** The COOKIE option of an answer on the general way. */
function cookieOptions({ client }: Request, { cookies, clock }: Shield): AnswerOptions {
  return {
    edns: (asked) => {
      const option = asked.find(({ code }) => code === COOKIE_OPTION);
      if (option === undefined) return [];
      const judged = judgeCookie(cookies, option.octets, client, clock.nowS());
      return judged === null ? "malformed" : [{ code: COOKIE_OPTION, octets: judged.reply }];
    },
  };
}

/** True for whatever may be signed or ask for a transfer: it has a record of another kind than OPT, or such a type. */
function needsCare(query: Uint8Array): boolean {
  if (query.length < 12 || (query[2]! & 0x80) !== 0) return false;
  let at = 12;
  while (at < query.length && query[at] !== 0) at += 1 + query[at]!;
  const type = (query[at + 1]! << 8) | query[at + 2]!;
  if (type === 251 || type === 252) return true;
  const records = ((query[6]! | query[7]! | query[8]! | query[9]!) !== 0) || query[10] !== 0 ||
    query[11]! > 1;
  const other = query[11] === 1 && !(query[at + 5] === 0 && query[at + 6] === 0 && query[at + 7] === 41);
  return records || other;
}

function serveWithCare(served: Served, request: Request, nowS: number): Reply {
  const { query, transport } = request;
  // What is no query is none with a signature either: judging it first would read all of it.
  if (!decodeQuery(query).ok) return respond(served.zones, query, transport);
  const signature = judgeSignature(query, served.transfer?.key ?? null, nowS);
  if (signature.kind === "bad") return refuse(request, signature, served.transfer?.key ?? null, nowS);
  const bytes = signature.kind === "good" ? withIdOf(query, signature.signed.bytes) : query;
  const decoded = decodeQuery(bytes);
  const transfer = decoded.ok ? transferRequestOf(decoded.value) : null;
  const reply = transfer === null
    ? respond(served.zones, bytes, transport)
    : transferTo(served, request, transfer, signature.kind === "good");
  if (signature.kind !== "good" || reply === null) return reply;
  return signAll(reply, signature.key, signature.signed.mac, nowS);
}

/** What was verified has the id that was signed; who passed it on may have given it another, and waits for that. */
function withIdOf(query: Uint8Array, verified: Uint8Array): Uint8Array {
  const bytes = verified.slice();
  bytes.set(query.subarray(0, 2));
  return bytes;
}

function transferTo(served: Served, request: Request, transfer: TransferRequest, signed: boolean): Reply {
  const { query, transport, client } = request;
  const zone = zoneAsked(served.zones, transfer.query);
  if (zone === null || !mayCopy(served.transfer, client, signed)) {
    return respondRcode(RCODE.REFUSED, query, transport);
  }
  // AXFR is for TCP alone (RFC 5936 section 4.2).
  if (transport === "udp" && transfer.serial === null) return respondRcode(RCODE.REFUSED, query, transport);
  if (!served.copyable) return respondRcode(RCODE.SERVFAIL, query, transport);
  return transferMessages(zone, transfer, transport);
}

function zoneAsked(zones: readonly Zone[], query: Message): Zone | null {
  return zones.find(({ origin }) => origin.key === query.questions[0]?.name.key) ?? null;
}

function mayCopy(rule: TransferRule | null, client: string, signed: boolean): boolean {
  if (rule === null || (rule.needsKey && !signed)) return false;
  return rule.from === null ? rule.needsKey : includes(rule.from, client);
}

type Signature =
  | { readonly kind: "none" }
  | { readonly kind: "good"; readonly signed: Signed; readonly key: TsigKey }
  | { readonly kind: "bad"; readonly error: number; /** Of BADTIME. */ readonly signedS?: number };

/** The rcode of a bad one is NOTAUTH, with the error in the TSIG record (section 5.2). */
function judgeSignature(query: Uint8Array, key: TsigKey | null, nowS: number): Signature {
  const verified = verifyMessage(query, key ?? NO_KEY, { nowS });
  if (verified.ok) return key === null ? { kind: "none" } : { kind: "good", signed: verified.value, key };
  switch (verified.error.kind) {
    case "unsigned":
    case "malformed": // the general way says FORMERR
      return { kind: "none" };
    case "bad-key":
      return { kind: "bad", error: TSIG_ERROR.BADKEY };
    case "bad-time":
      return { kind: "bad", error: TSIG_ERROR.BADTIME, signedS: nowS + verified.error.aheadS };
    case "bad-sig":
    case "refused": // a request that carries an error
      return { kind: "bad", error: key === null ? TSIG_ERROR.BADKEY : TSIG_ERROR.BADSIG };
  }
}

/** A key that nobody has: its name is empty, so every key is another one. */
const NO_KEY: TsigKey = {
  name: { labels: [], key: "\0" },
  algorithm: "hmac-sha256",
  secret: new Uint8Array(32),
};

function refuse(
  { query, transport }: Request,
  { error, signedS }: Extract<Signature, { kind: "bad" }>,
  key: TsigKey | null,
  nowS: number,
): Reply {
  const answer = respondRcode(RCODE.NOTAUTH, query, transport);
  if (answer === null) return null;
  const requestMac = signedS === undefined || key === null ? null : macOfLate(query, key);
  if (key === null || requestMac === null) return refuseSignature(answer, query, error, nowS);
  // Only the clocks differ: signed at the request's time, and ours beside it (section 5.2.3).
  return signMessage(answer, key, { nowS, signedS, requestMac, error }).bytes;
}

/** The MAC of a request that is right but for its time. */
function macOfLate(query: Uint8Array, key: TsigKey): Uint8Array | null {
  const late = verifyMessage(query, key, { nowS: Number.NaN });
  return late.ok ? late.value.mac : null;
}

function signAll(
  reply: Uint8Array | readonly Uint8Array[],
  key: TsigKey,
  requestMac: Uint8Array,
  nowS: number,
): Reply {
  if (reply instanceof Uint8Array) return signMessage(reply, key, { nowS, requestMac }).bytes;
  const signed: Uint8Array[] = [];
  let previousMac: Uint8Array | null = null;
  for (const message of reply) {
    const one: Signed = signMessage(message, key, { nowS, requestMac, previousMac });
    signed.push(one.bytes);
    previousMac = one.mac;
  }
  return signed;
}
