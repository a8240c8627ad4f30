/** Resource records (RFC 1035 section 3.2): type and class numbers, record data, sets of records. */
import { formatIpv4, formatIpv6 } from "./address.ts";
import { formatName, type Name } from "./name.ts";

/** Types by name. Types that are not listed travel as plain numbers. */
export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  DS: 43,
  RRSIG: 46,
  DNSKEY: 48,
  SVCB: 64,
  HTTPS: 65,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
  CAA: 257,
} as const;

/** Classes by name. NONE and ANY have a meaning in RFC 2136 updates. */
export const CLASS = { IN: 1, CH: 3, NONE: 254, ANY: 255 } as const;

/** Record data. The kind names the layout; `opaque` is every type that this codec does not look into. */
export type RecordData =
  | { readonly kind: "A"; readonly address: Uint8Array }
  | { readonly kind: "AAAA"; readonly address: Uint8Array }
  | { readonly kind: "CNAME" | "NS" | "PTR"; readonly target: Name }
  | { readonly kind: "TXT"; readonly strings: readonly Uint8Array[] }
  | { readonly kind: "MX"; readonly preference: number; readonly target: Name }
  | {
    readonly kind: "SRV";
    readonly priority: number;
    readonly weight: number;
    readonly port: number;
    readonly target: Name;
  }
  | Soa
  /** Also any type with no data at all: RFC 2136 prerequisites and deletions. */
  | { readonly kind: "opaque"; readonly octets: Uint8Array };

/** Start of authority. Times in seconds; `minimum` is the negative TTL (RFC 2308). */
export interface Soa {
  readonly kind: "SOA";
  readonly mname: Name;
  readonly rname: Name;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

/** One record as it travels. */
export interface ResourceRecord {
  readonly name: Name;
  readonly type: number;
  readonly class: number;
  /** Seconds, 0..2^31-1 (RFC 2181 section 8). */
  readonly ttl: number;
  readonly data: RecordData;
}

/** All records of one name and type, with one TTL (RFC 2181 section 5). Never empty; class IN. */
export interface Rrset {
  readonly name: Name;
  readonly type: number;
  /** Seconds. */
  readonly ttl: number;
  readonly data: readonly RecordData[];
}

/** The records of a set. */
export function recordsOf(rrset: Rrset): ResourceRecord[] {
  const { name, type, ttl } = rrset;
  return rrset.data.map((data) => ({ name, type, class: CLASS.IN, ttl, data }));
}

/** `A`, `AAAA` ..., or `TYPE12345` (RFC 3597). */
export function typeName(type: number): string {
  return TYPE_NAMES.get(type) ?? `TYPE${type}`;
}

/** The number of a type that is written as in `typeName`, in any letter case; null when it is none. */
export function parseType(text: string): number | null {
  const upper = text.toUpperCase();
  for (const [type, name] of TYPE_NAMES) if (name === upper) return type;
  const match = /^TYPE([0-9]{1,5})$/.exec(upper);
  if (match === null || Number(match[1]) > 0xffff) return null;
  return Number(match[1]);
}

/** Record data for people, as in a zone file. */
export function formatData(data: RecordData): string {
  switch (data.kind) {
    case "A":
      return formatIpv4(data.address);
    case "AAAA":
      return formatIpv6(data.address);
    case "CNAME":
    case "NS":
    case "PTR":
      return formatName(data.target);
    case "TXT":
      return data.strings.map((text) => `"${quoteOctets(text)}"`).join(" ");
    case "MX":
      return `${data.preference} ${formatName(data.target)}`;
    case "SRV":
      return `${data.priority} ${data.weight} ${data.port} ${formatName(data.target)}`;
    case "SOA":
      return [
        formatName(data.mname),
        formatName(data.rname),
        data.serial,
        data.refresh,
        data.retry,
        data.expire,
        data.minimum,
      ].join(" ");
    case "opaque":
      return `\\# ${data.octets.length} ${
        Array.from(data.octets, (octet) => octet.toString(16).padStart(2, "0")).join("")
      }`.trimEnd();
  }
}

const TYPE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(TYPE).map(([name, type]) => [type, name]),
);

function quoteOctets(octets: Uint8Array): string {
  let text = "";
  for (const octet of octets) {
    if (octet < 0x20 || octet > 0x7e) text += `\\${String(octet).padStart(3, "0")}`;
    else if (octet === 0x22 || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`;
    else text += String.fromCharCode(octet);
  }
  return text;
}
