/**
 * Ready-made answers. For each name of the zone the response to each type is composed by `respond.ts` when it is
 * first asked for; a query that is as usual then costs a hash, a comparison and a copy: the id, RD, the letter case
 * of the question and OPT are patched in. Owner names in a response point at the question, so they follow its case.
 *
 * Why: one thread also runs the election; the DNS must not take its time. That is also why nothing is composed ahead:
 * of 1024 names, all answers take a tenth of a second, at each switch. Names that do not exist, answers that do not
 * fit, and all unusual queries go the general way.
 */
import { encodeMessage } from "./encode.ts";
import { queryFor, UDP_OCTETS_MAX } from "./message.ts";
import { lowerOctet, type Name, nameFromLabels } from "./name.ts";
import { COOKIE_OPTION } from "./cookie.ts";
import { TYPE } from "./record.ts";
import { nameHash, OPT_OCTETS, uint16, type UsualQuery } from "./usual_query.ts";
import { answerLimit, respond, type Transport } from "./respond.ts";
import type { ZoneData } from "./zone.ts";

/** Answers by hash of the name. */
export type Prepared = ReadonlyMap<number, readonly PreparedName[]>;

/** A zone with its ready-made answers. */
export interface Zone extends ZoneData {
  readonly prepared: Prepared;
}

interface PreparedName {
  readonly zone: ZoneData;
  readonly key: string;
  /** As on the wire, lower case, with the root. */
  readonly wire: Uint8Array;
  /** Responses without OPT by type, as they are asked for: to the types that the zone can hold, and to `OTHER_TYPE`. */
  readonly byType: Map<number, Uint8Array>;
}

/** Types whose answers are looked up; all others share one: no data, or the CNAME. */
const TYPES: readonly number[] = [TYPE.A, TYPE.NS, TYPE.CNAME, TYPE.SOA, TYPE.TXT, TYPE.AAAA];
/** A type for private use, that no zone of ours holds (RFC 6895 section 3.1): stands for all others but meta types. */
const OTHER_TYPE = 65280;

/** Makes a place for the answers of every name that exists. */
export function prepareAnswers(zone: ZoneData): Prepared {
  const prepared = new Map<number, PreparedName[]>();
  for (const key of zone.nodes.keys()) {
    const wire = wireOf(key);
    const hash = nameHash(wire);
    const slot = prepared.get(hash) ?? [];
    slot.push({ zone, key, wire, byType: new Map() });
    prepared.set(hash, slot);
  }
  return prepared;
}

/**
 * The response to a usual query for a name that exists; null: go the general way. `cookie` is the data of a COOKIE
 * option for the answer (RFC 7873); null: none. The answer is written into `room` where it fits.
 */
export function answerPrepared(
  zones: readonly { readonly prepared: Prepared }[],
  query: Uint8Array,
  transport: Transport,
  asked: UsualQuery,
  cookie: Uint8Array | null = null,
  room: Uint8Array | null | undefined = null,
): Uint8Array | null {
  let ready: PreparedName | undefined;
  for (let i = 0; i < zones.length && ready === undefined; i++) {
    ready = find(zones[i]!.prepared, asked.hash, query);
  }
  if (ready === undefined) return null;
  const body = ready.byType.get(asked.type) ?? firstTime(ready, asked.type);
  const optOctets = asked.payloadSize === null
    ? 0
    : cookie === null
    ? OPT_OCTETS
    : OPT_OCTETS + 4 + cookie.length;
  const total = body.length + optOctets;
  if (total > answerLimit(transport, asked.payloadSize)) return null;
  const out = room && total <= room.length ? room.subarray(0, total) : new Uint8Array(total);
  out.set(body);
  out[0] = query[0]!;
  out[1] = query[1]!;
  out[2]! |= query[2]! & 0x01;
  for (let i = 12; i < asked.questionEnd; i++) out[i] = query[i]!;
  if (optOctets > 0) appendOpt(out, body.length, asked.dnssecOk, cookie);
  return out;
}

function find(prepared: Prepared, hash: number, query: Uint8Array): PreparedName | undefined {
  return prepared.get(hash)?.find(({ wire }) => {
    for (let i = 0; i < wire.length; i++) if (lowerOctet(query[12 + i]!) !== wire[i]) return false;
    return true;
  });
}

function appendOpt(out: Uint8Array, at: number, dnssecOk: boolean, cookie: Uint8Array | null): void {
  const additionals = uint16(out, 10) + 1;
  out[10] = additionals >> 8;
  out[11] = additionals & 0xff;
  out.fill(0, at);
  out[at + 2] = TYPE.OPT;
  out[at + 3] = UDP_OCTETS_MAX >> 8;
  out[at + 4] = UDP_OCTETS_MAX & 0xff;
  out[at + 7] = dnssecOk ? 0x80 : 0;
  if (cookie === null) return;
  out[at + 10] = 4 + cookie.length;
  out[at + 12] = COOKIE_OPTION;
  out[at + 14] = cookie.length;
  out.set(cookie, at + 15);
}

function firstTime({ zone, key, byType }: PreparedName, asked: number): Uint8Array {
  const type = TYPES.includes(asked) ? asked : OTHER_TYPE;
  const known = byType.get(type);
  if (known !== undefined) return known;
  const body = compose(zone, nameOfKey(key), type);
  byType.set(type, body);
  return body;
}

/** Over TCP, so that nothing is cut; what is too long for UDP is seen when it is asked for. */
function compose(zone: ZoneData, name: Name, type: number): Uint8Array {
  const response = respond([zone], encodeMessage(queryFor(0, name, type, null)).bytes, "tcp");
  if (response === null) throw new Error("a query that we composed ourselves has no answer");
  return response;
}

function wireOf(key: string): Uint8Array {
  const wire = new Uint8Array(key.length + 1); // ends with the root
  for (let i = 0; i < key.length; i++) wire[i] = key.charCodeAt(i);
  return wire;
}

function nameOfKey(key: string): Name {
  const labels: Uint8Array[] = [];
  for (let at = 0; at < key.length; at += 1 + key.charCodeAt(at)) {
    const text = key.slice(at + 1, at + 1 + key.charCodeAt(at));
    labels.push(Uint8Array.from(text, (char) => char.charCodeAt(0)));
  }
  const name = nameFromLabels(labels);
  if (!name.ok) throw new Error("a key is no name");
  return name.value;
}
