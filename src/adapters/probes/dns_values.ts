/** The values in a DNS answer, and whether the expected ones are among them. */
import { formatIpv6, parseIpv6 } from "../../dns/address.ts";
import { type Name, parseName } from "../../dns/name.ts";
import { formatData, type RecordData, type ResourceRecord, TYPE } from "../../dns/record.ts";

/** Aliases followed in one answer. */
const MAX_ALIASES = 16;
/** Values looked at in one answer: one of 64 KiB can hold thousands of long names. */
const MAX_VALUES = 256;

/** The records of a name and type, behind aliases (CNAME) where there are some, as people write them. */
export function valuesOf(answers: readonly ResourceRecord[], name: Name, type: number): string[] {
  let key = name.key;
  for (let i = 0; i <= MAX_ALIASES; i++) {
    const own = answers.filter((record) => record.name.key === key && record.class === 1);
    const found = own.filter((record) => record.type === type);
    if (found.length > 0) return found.slice(0, MAX_VALUES).map((record) => valueText(record.data));
    const alias = own.map((record) => record.data).find((data) => data.kind === "CNAME");
    if (alias === undefined || alias.kind !== "CNAME" || type === TYPE.CNAME) return [];
    key = alias.target.key;
  }
  return [];
}

/** The first expected value that is not there; null when all are. */
export function missingFrom(
  values: readonly string[],
  record: string,
  expected: readonly string[],
): string | null {
  const there = new Set(values.map((value) => canonical(record, value)));
  return expected.find((value) => !there.has(canonical(record, value))) ?? null;
}

/**
 * TXT as one text, without the quotes: nobody cares where it is cut into strings. Names in lower case: the random case
 * of our question comes back in them.
 */
function valueText(data: RecordData): string {
  if (data.kind !== "TXT") return formatData(data).toLowerCase();
  return data.strings.map((part) => new TextDecoder().decode(part)).join("");
}

/** One form for values that mean the same. */
function canonical(record: string, value: string): string {
  switch (record) {
    case "AAAA": {
      const octets = parseIpv6(value);
      return octets === null ? value : formatIpv6(octets);
    }
    case "CNAME":
    case "NS":
    case "PTR": {
      const name = parseName(value);
      return name.ok ? name.value.key : value;
    }
    case "MX":
    case "SRV":
    case "SOA":
      return value.toLowerCase().split(/\s+/).map((part) => part.replace(/(.)\.$/, "$1")).join(" ");
    default:
      return value;
  }
}
