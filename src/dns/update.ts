/**
 * Dynamic updates (RFC 2136): what must hold, and what is to change, as one message. A server does all of it or
 * nothing.
 *
 * Trap: a CNAME added where other data stands, or other data where a CNAME stands, is dropped and still answered with
 * NOERROR (section 3.4.2.2). Ask for `absent` sets in the prerequisites, and read back.
 */
import { type Message, OPCODE, plainHeader } from "./message.ts";
import type { Name } from "./name.ts";
import { CLASS, type RecordData, type ResourceRecord, type Rrset, TYPE } from "./record.ts";

/** What must hold for the update to be done (section 2.4). */
export type Prerequisite =
  /** The set is exactly this one; order and TTL do not matter. */
  | { readonly kind: "is"; readonly name: Name; readonly type: number; readonly data: readonly RecordData[] }
  /** There is such a set, whatever is in it. */
  | { readonly kind: "exists"; readonly name: Name; readonly type: number }
  | { readonly kind: "absent"; readonly name: Name; readonly type: number }
  /** The name has any record, or none. */
  | { readonly kind: "name-in-use" | "name-not-in-use"; readonly name: Name };

/** One change (section 2.5); done in the order given. */
export type Change =
  /** Adds the records of a set to what is there. */
  | { readonly kind: "add"; readonly rrset: Rrset }
  | { readonly kind: "delete-rrset"; readonly name: Name; readonly type: number }
  | { readonly kind: "delete-name"; readonly name: Name }
  | { readonly kind: "delete-record"; readonly name: Name; readonly type: number; readonly data: RecordData };

/** An update of one zone, not yet signed. `id` is 0..65535. */
export function updateMessage(
  id: number,
  zone: Name,
  prerequisites: readonly Prerequisite[],
  changes: readonly Change[],
): Message {
  return {
    ...plainHeader(id, OPCODE.UPDATE),
    questions: [{ name: zone, type: TYPE.SOA, class: CLASS.IN }],
    answers: prerequisites.flatMap(prerequisiteRecords),
    authorities: changes.flatMap(changeRecords),
    additionals: [],
    edns: null,
  };
}

const NO_DATA: RecordData = { kind: "opaque", octets: new Uint8Array(0) };

function bare(name: Name, type: number, klass: number, data: RecordData = NO_DATA): ResourceRecord {
  return { name, type, class: klass, ttl: 0, data };
}

function prerequisiteRecords(prerequisite: Prerequisite): ResourceRecord[] {
  const { name } = prerequisite;
  switch (prerequisite.kind) {
    case "is":
      return prerequisite.data.map((data) => bare(name, prerequisite.type, CLASS.IN, data));
    case "exists":
      return [bare(name, prerequisite.type, CLASS.ANY)];
    case "absent":
      return [bare(name, prerequisite.type, CLASS.NONE)];
    case "name-in-use":
      return [bare(name, TYPE.ANY, CLASS.ANY)];
    case "name-not-in-use":
      return [bare(name, TYPE.ANY, CLASS.NONE)];
  }
}

function changeRecords(change: Change): ResourceRecord[] {
  switch (change.kind) {
    case "add": {
      const { name, type, ttl, data } = change.rrset;
      return data.map((one) => ({ name, type, class: CLASS.IN, ttl, data: one }));
    }
    case "delete-rrset":
      return [bare(change.name, change.type, CLASS.ANY)];
    case "delete-name":
      return [bare(change.name, TYPE.ANY, CLASS.ANY)];
    case "delete-record":
      return [bare(change.name, change.type, CLASS.NONE, change.data)];
  }
}
