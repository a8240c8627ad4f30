/**
 * Response rate limiting: whoever forges a victim's address to have our answers sent there gets no more of them than
 * this for each network of the victim's. One bucket a network (/24, /56) in a table of fixed size; nothing is
 * allocated for a query.
 *
 * Why one bucket for all answers, not one for each kind of answer as others have: these zones hold a handful of
 * names, and no resolver needs hundreds of answers a second from them.
 */
import { addressOctets, includes, maskOctets, type Networks } from "./network.ts";

/** Networks that are counted at once; two that fall on one place take it from each other. */
const PLACES = 16_384;

export interface RateLimits {
  /** Answers a second and network; as many may come at once. 1 or more. */
  readonly perSecond: number;
  /** Each so-manieth answer that is not given is an empty one with TC (a real client comes back over TCP); 0: none. */
  readonly slip: number;
  /** Networks without a limit. */
  readonly exempt: Networks;
  /** 32 bits that nobody outside knows: which networks share a place. */
  readonly seed: number;
}

/** What of a network is exempt. */
const NONE = 0;
const ALL = 1;
const PART = 2;

export type Verdict = "pass" | "slip" | "drop";

export class RateLimiter {
  /** Empty answers with TC, and answers not given. */
  slipped = 0;
  dropped = 0;
  readonly #limits: RateLimits;
  readonly #network = new Uint32Array(PLACES);
  readonly #left = new Float64Array(PLACES);
  readonly #at = new Float64Array(PLACES).fill(-Infinity);
  readonly #exempt = new Uint8Array(PLACES);
  #refused = 0;

  constructor(limits: RateLimits) {
    this.#limits = limits;
  }

  /** Asks for one answer to this address. `nowMs` never goes back. */
  take(client: string, nowMs: number): Verdict {
    const { perSecond, slip, seed } = this.#limits;
    const network = mixed(networkOf(client), seed);
    const place = network & (PLACES - 1);
    const isKnown = this.#network[place] === network;
    if (isKnown && this.#exempt[place] === ALL) return "pass";
    if (!isKnown) this.#exempt[place] = exemption(client, this.#limits.exempt);
    const gained = (nowMs - this.#at[place]!) / 1000 * perSecond;
    const left = isKnown ? Math.min(perSecond, this.#left[place]! + gained) : perSecond;
    this.#network[place] = network;
    this.#at[place] = nowMs;
    if (left >= 1) {
      this.#left[place] = left - 1;
      return "pass";
    }
    this.#left[place] = left;
    if (this.#exempt[place] !== NONE && includes(this.#limits.exempt, client)) return "pass";
    return slip > 0 && ++this.#refused % slip === 0 ? "slip" : "drop";
  }

  /** Counts what was not given in the end. */
  count(verdict: Verdict): void {
    if (verdict === "slip") this.slipped++;
    else if (verdict === "drop") this.dropped++;
  }
}

/** Found once for each network that is counted, so that those without a limit cost nothing more. */
function exemption(client: string, exempt: Networks): number {
  let found = NONE;
  for (const { octets, prefix } of exempt) {
    const counted = Math.min(prefix, octets.length === 4 ? 24 : 56);
    if (!includes([{ octets: maskOctets(octets, counted), prefix: counted }], client)) continue;
    if (prefix === counted) return ALL;
    found = PART;
  }
  return found;
}

/** 32 bits that stand for the network of an address: the /24 of IPv4, a hash of the /56 of IPv6. */
function networkOf(client: string): number {
  let octet = 0;
  let network = 0;
  for (let i = 0; i < client.length; i++) {
    const code = client.charCodeAt(i);
    if (code === 0x2e) {
      network = (network << 8) | octet;
      octet = 0;
    } else if (code >= 0x30 && code <= 0x39) octet = octet * 10 + code - 0x30;
    else return networkOfSix(client);
  }
  return network;
}

function networkOfSix(client: string): number {
  const octets = addressOctets(client);
  if (octets === null) return 0;
  if (octets.length === 4) return (octets[0]! << 16) | (octets[1]! << 8) | octets[2]!;
  let hash = 0x8000_0000;
  for (let i = 0; i < 7; i++) hash = Math.imul(hash ^ octets[i]!, 0x0100_0193);
  return hash;
}

/** Spreads and blurs; 0 is kept for "nobody yet". */
function mixed(network: number, seed: number): number {
  let hash = network ^ seed;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) || 1;
}
