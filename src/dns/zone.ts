/** A zone as data, and looking a name up in it. `build_zone.ts` makes one. */
import { isWithin, type Name } from "./name.ts";
import { type Rrset, type Soa, TYPE } from "./record.ts";

/** Everything that one zone holds: no delegations, no wildcards, no DNSSEC. */
export interface ZoneData {
  readonly origin: Name;
  readonly soa: Soa;
  /** Seconds; the SOA record itself. In negative answers it is `negativeTtl`. */
  readonly soaTtl: number;
  /** How long "there is none" may be remembered, seconds: min(TTL of the SOA, minimum) (RFC 2308 section 5). */
  readonly negativeTtl: number;
  /**
   * Each name that exists, by `Name.key`, with its sets by type. A name without any set exists all the same:
   * one between the origin and a deeper name, or one that has nothing to say just now.
   */
  readonly nodes: ReadonlyMap<string, ZoneNode>;
}

/** The sets of one name by type; CNAME stands alone (RFC 1034 section 3.6.2). */
export type ZoneNode = ReadonlyMap<number, Rrset>;

/** CNAMEs followed in one answer; the client follows the rest itself. */
export const CHAIN_MAX = 16;

/** What a zone says to one name and type. */
export type Lookup =
  /** `answers` holds the CNAMEs that led there, then the set. */
  | { readonly kind: "found"; readonly answers: readonly Rrset[] }
  /** The CNAMEs lead out of the zone, in a circle, or on for too long. */
  | { readonly kind: "leads-away"; readonly answers: readonly Rrset[] }
  /** The (last) name exists without such records, or does not exist. */
  | { readonly kind: "no-data" | "no-name"; readonly answers: readonly Rrset[] };

/** Looks up a name inside the zone, following CNAMEs while they stay inside. */
export function lookUp(zone: ZoneData, name: Name, type: number): Lookup {
  const answers: Rrset[] = [];
  const seen = new Set<string>();
  let at = name;
  for (;;) {
    const node = zone.nodes.get(at.key);
    if (node === undefined) return { kind: "no-name", answers };
    const set = type === TYPE.ANY ? anySet(node) : node.get(type) ?? node.get(TYPE.CNAME);
    if (set === undefined) return { kind: "no-data", answers };
    answers.push(set);
    const target = set.data[0];
    if (set.type === type || type === TYPE.ANY || target?.kind !== "CNAME") return { kind: "found", answers };
    seen.add(at.key);
    at = target.target;
    if (!isWithin(at, zone.origin) || seen.has(at.key) || seen.size >= CHAIN_MAX) {
      return { kind: "leads-away", answers };
    }
  }
}

/**
 * One set for QTYPE ANY (RFC 8482 section 4.1). Why a set and not a made-up HINFO: it is true, it is small, and
 * the old software that still asks ANY mostly wants the address.
 */
function anySet(node: ZoneNode): Rrset | undefined {
  for (const type of [TYPE.A, TYPE.AAAA, TYPE.CNAME, TYPE.TXT, TYPE.NS, TYPE.SOA]) {
    const set = node.get(type);
    if (set !== undefined) return set;
  }
  return undefined;
}
