import { RCODE } from "./message.ts";
import { type Name, nameFromLabels } from "./name.ts";
import { COOKIE_OCTETS } from "./cookie.ts";
import { TYPE } from "./record.ts";
import { OPT_OCTETS } from "./usual_query.ts";

/** What counters and logs want to know of a response. */
export interface Outline {
  /** 12 bits, with what OPT adds. */
  readonly rcode: number;
  readonly truncated: boolean;
  /** Type of the question; null when the response echoes none. */
  readonly type: number | null;
  /** The name asked for, in the letter case of the query; a function, as most callers only count. */
  readonly name: () => Name | null;
}

/** Reads the outline of a response that this folder composed: OPT comes last, without options or with a cookie. */
export function outlineOf(response: Uint8Array): Outline {
  const view = new DataView(response.buffer, response.byteOffset, response.byteLength);
  const additionals = view.getUint16(10) > 0;
  const ends = additionals ? [OPT_OCTETS, OPT_OCTETS + 4 + COOKIE_OCTETS] : [];
  const optAt = ends.map((octets) => response.length - octets).find((at) => isOpt(view, at)) ?? -1;
  const hasOpt = optAt >= 0;
  let typeAt = 12;
  if (view.getUint16(4) === 1) {
    while (view.getUint8(typeAt) !== 0) typeAt += 1 + view.getUint8(typeAt);
    typeAt++;
  }
  return {
    rcode: (view.getUint8(3) & 0xf) | (hasOpt ? view.getUint8(optAt + 5) << 4 : RCODE.NOERROR),
    truncated: (view.getUint8(2) & 0x02) !== 0,
    type: typeAt > 12 ? view.getUint16(typeAt) : null,
    name: () => typeAt > 12 ? readName(response, typeAt - 1) : null,
  };
}

/** An OPT record that reaches to the end. */
function isOpt(view: DataView, at: number): boolean {
  return at >= 12 && view.getUint8(at) === 0 && view.getUint16(at + 1) === TYPE.OPT &&
    at + OPT_OCTETS + view.getUint16(at + 9) === view.byteLength;
}

function readName(response: Uint8Array, end: number): Name | null {
  const labels: Uint8Array[] = [];
  for (let at = 12; at < end;) {
    const next = at + 1 + (response[at] ?? 0);
    labels.push(response.slice(at + 1, next));
    at = next;
  }
  const name = nameFromLabels(labels);
  return name.ok ? name.value : null;
}
