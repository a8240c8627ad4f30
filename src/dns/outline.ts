import { type Name, nameFromLabels } from "./name.ts";
import { COOKIE_OCTETS } from "./cookie.ts";
import { TYPE } from "./record.ts";
import { OPT_OCTETS, uint16 } from "./usual_query.ts";

/** What counters and logs want to know of a response. */
export interface Outline {
  /** 12 bits, with what OPT adds. */
  readonly rcode: number;
  readonly truncated: boolean;
  /** Type of the question; null when the response echoes none. */
  readonly type: number | null;
  /** The name asked for, in the letter case of the query; a function, as most callers only count. */
  name(): Name | null;
}

/** Reads the outline of a response that this folder composed: OPT comes last, without options or with a cookie. */
export function outlineOf(response: Uint8Array): Outline {
  let rcode = response[3]! & 0xf;
  if (response[10] !== 0 || response[11] !== 0) {
    const plainAt = response.length - OPT_OCTETS;
    const cookieAt = plainAt - 4 - COOKIE_OCTETS;
    const optAt = isOpt(response, plainAt) ? plainAt : isOpt(response, cookieAt) ? cookieAt : -1;
    if (optAt >= 0) rcode |= response[optAt + 5]! << 4;
  }
  let typeAt = 12;
  if (response[4] === 0 && response[5] === 1) {
    while (response[typeAt] !== 0) typeAt += 1 + response[typeAt]!;
    typeAt++;
  }
  return new ReadOutline(rcode, typeAt, response);
}

class ReadOutline implements Outline {
  readonly #typeAt: number;
  readonly #response: Uint8Array;

  constructor(readonly rcode: number, typeAt: number, response: Uint8Array) {
    this.#typeAt = typeAt;
    this.#response = response;
  }

  get truncated(): boolean {
    return (this.#response[2]! & 0x02) !== 0;
  }

  get type(): number | null {
    return this.#typeAt > 12 ? uint16(this.#response, this.#typeAt) : null;
  }

  name(): Name | null {
    return this.#typeAt > 12 ? readName(this.#response, this.#typeAt - 1) : null;
  }
}

/** An OPT record that reaches to the end. */
function isOpt(response: Uint8Array, at: number): boolean {
  return at >= 12 && response[at] === 0 && uint16(response, at + 1) === TYPE.OPT &&
    at + OPT_OCTETS + uint16(response, at + 9) === response.length;
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
