/** Makes a zone from what the config and the committed state say. */
import { err, ok, type Result } from "../base/result.ts";
import { parseIpv4, parseIpv6 } from "./address.ts";
import { explainName, formatName, isWithin, type Name, nameFromLabels, parentOf, parseName } from "./name.ts";
import { prepareAnswers } from "./prepared.ts";
import { type RecordData, type Rrset, type Soa, TYPE, typeName } from "./record.ts";
import type { Zone } from "./prepared.ts";
import type { ZoneData, ZoneNode } from "./zone.ts";

/** What a zone is made of. All names are absolute, a final dot is optional. */
export interface ZoneInput {
  /** The name of the zone, such as `ha.example.com`. */
  readonly origin: string;
  /** At least one; the first is also named as the primary in the SOA. */
  readonly nameservers: readonly string[];
  /** Whom to write to, as `name@domain` or as a domain name; default `hostmaster.` and the origin. */
  readonly hostmaster?: string;
  /** 0..2^32-1; rises with every change (RFC 1982). */
  readonly serial: number;
  readonly records: readonly ZoneRecordInput[];
  /** Addresses of name servers inside the zone; of others they are ignored, as they are not ours to tell. */
  readonly glue?: readonly { readonly name: string; readonly address: string }[];
  /** Of SOA, NS and glue, seconds; default 3600. */
  readonly apexTtlSeconds?: number;
  /**
   * How long clients may remember "there is none", seconds; default: the lowest TTL of `records`, at least 1 and
   * at most 60, so that a name that comes back is seen as fast as one that moves; 5 without records.
   */
  readonly negativeTtlSeconds?: number;
}

/** One name and what it says. The same name may come more than once with different addresses or texts. */
export interface ZoneRecordInput {
  readonly name: string;
  /** Whole seconds, 0..2^31-1. */
  readonly ttlSeconds: number;
  /**
   * An IP address becomes A or AAAA, a name CNAME, a text TXT. Null: the name exists and has nothing to say just
   * now (withdrawn, not yet decided); it answers "no data" rather than "no such name".
   */
  readonly value: { readonly kind: "address" | "name" | "text"; readonly text: string } | null;
}

const APEX_TTL_SECONDS = 3600;
const NEGATIVE_TTL_SECONDS = 5;
const NEGATIVE_TTL_SECONDS_MAX = 60;
const REFRESH_SECONDS = 3600;
const RETRY_SECONDS = 600;
const EXPIRE_SECONDS = 604_800;
const TTL_SECONDS_MAX = 0x7fff_ffff;

/** Builds the zone and its ready-made answers, or says in one sentence what is wrong. */
export function buildZone(input: ZoneInput): Result<Zone, string> {
  try {
    const data = collect(input);
    return ok({ ...data, prepared: prepareAnswers(data) });
  } catch (problem) {
    if (problem instanceof InputProblem) return err(problem.message);
    throw problem;
  }
}

/** Thrown and caught in this file alone. */
class InputProblem extends Error {}

function collect(input: ZoneInput): ZoneData {
  const origin = readName(input.origin, "zone");
  if (!Number.isInteger(input.serial) || input.serial < 0 || input.serial > 0xffff_ffff) {
    throw new InputProblem(`serial ${input.serial} is not a whole number from 0 to 4294967295`);
  }
  const apexTtl = readTtl(input.apexTtlSeconds ?? APEX_TTL_SECONDS, "zone");
  const negativeTtl = readTtl(input.negativeTtlSeconds ?? defaultNegativeTtl(input), "negative answers");
  const nameservers = input.nameservers.map((text) => readName(text, "name server"));
  const [primary] = nameservers;
  if (primary === undefined) throw new InputProblem(`zone ${input.origin} needs at least one name server`);
  const soa: Soa = {
    kind: "SOA",
    mname: primary,
    rname: readHostmaster(input.hostmaster ?? `hostmaster.${input.origin}`),
    serial: input.serial,
    refresh: REFRESH_SECONDS,
    retry: RETRY_SECONDS,
    expire: EXPIRE_SECONDS,
    minimum: negativeTtl,
  };
  const nodes = new Nodes(origin);
  nodes.add(origin, TYPE.SOA, apexTtl, soa);
  for (const target of nameservers) {
    nodes.add(origin, TYPE.NS, apexTtl, { kind: "NS", target });
    if (isWithin(target, origin)) nodes.exists(target);
  }
  for (const glue of input.glue ?? []) addGlue(nodes, glue, nameservers, apexTtl);
  for (const record of input.records) addRecord(nodes, record);
  nodes.check(nameservers);
  return { origin, soa, soaTtl: apexTtl, negativeTtl: Math.min(apexTtl, negativeTtl), nodes: nodes.byKey };
}

function addRecord(nodes: Nodes, record: ZoneRecordInput): void {
  const name = readName(record.name, "record");
  if (!isWithin(name, nodes.origin)) {
    throw new InputProblem(`${record.name} does not lie in the zone ${formatName(nodes.origin)}`);
  }
  if (name.labels[0]?.length === 1 && name.labels[0][0] === 0x2a) {
    throw new InputProblem(`${record.name}: wildcard names are not served`);
  }
  const ttl = readTtl(record.ttlSeconds, record.name);
  nodes.exists(name);
  if (record.value === null) return;
  const [type, data] = readValue(record.value, record.name);
  nodes.add(name, type, ttl, data);
}

function addGlue(
  nodes: Nodes,
  glue: { readonly name: string; readonly address: string },
  nameservers: readonly Name[],
  ttl: number,
): void {
  const name = readName(glue.name, "name server");
  if (!isWithin(name, nodes.origin) || !nameservers.some((server) => server.key === name.key)) return;
  const [type, data] = readValue({ kind: "address", text: glue.address }, glue.name);
  nodes.add(name, type, ttl, data);
}

/** The sets of all names while the zone grows. */
class Nodes {
  readonly #nodes = new Map<string, Map<number, Rrset>>();

  constructor(readonly origin: Name) {}

  get byKey(): ReadonlyMap<string, ZoneNode> {
    return this.#nodes;
  }

  /** Makes the name exist, and all names between it and the origin. */
  exists(name: Name): Map<number, Rrset> {
    const known = this.#nodes.get(name.key);
    if (known !== undefined) return known;
    const node = new Map<number, Rrset>();
    this.#nodes.set(name.key, node);
    const parent = parentOf(name);
    if (parent !== null && isWithin(parent, this.origin)) this.exists(parent);
    return node;
  }

  /** Adds one record; a second one of the same value adds nothing; of two TTLs the lower counts for both. */
  add(name: Name, type: number, ttl: number, data: RecordData): void {
    const node = this.exists(name);
    const set = node.get(type);
    const known = set?.data ?? [];
    node.set(type, {
      name: set?.name ?? name,
      type,
      ttl: Math.min(set?.ttl ?? ttl, ttl),
      data: known.some((other) => sameData(other, data)) ? known : [...known, data],
    });
  }

  /** CNAME stands alone, and a name server is not an alias (RFC 2181 section 10.3). */
  check(nameservers: readonly Name[]): void {
    for (const node of this.#nodes.values()) {
      const alias = node.get(TYPE.CNAME);
      if (alias === undefined) continue;
      const name = formatName(alias.name);
      const other = [...node.keys()].find((type) => type !== TYPE.CNAME);
      if (alias.name.key === this.origin.key) {
        throw new InputProblem(
          `${name} is the zone itself and cannot be an alias (CNAME); publish an address`,
        );
      }
      if (other !== undefined) {
        throw new InputProblem(
          `${name} is an alias (CNAME) and cannot have ${typeName(other)} records as well`,
        );
      }
      if (alias.data.length > 1) throw new InputProblem(`${name} is an alias (CNAME) for more than one name`);
      if (nameservers.some((server) => server.key === alias.name.key)) {
        throw new InputProblem(`${name} is a name server and cannot be an alias (CNAME); publish an address`);
      }
    }
  }
}

function readName(text: string, what: string): Name {
  const name = parseName(text);
  if (!name.ok) throw new InputProblem(`${what} "${text}": ${explainName(name.error)}`);
  return name.value;
}

function readTtl(seconds: number, what: string): number {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= TTL_SECONDS_MAX) return seconds;
  throw new InputProblem(`${what}: a TTL of ${seconds} s is not a whole number from 0 to ${TTL_SECONDS_MAX}`);
}

/** In `name@domain` the part before the @ is one label, dots and all (RFC 1035 section 8). */
function readHostmaster(text: string): Name {
  const at = text.lastIndexOf("@");
  if (at === -1) return readName(text, "hostmaster");
  const local = new TextEncoder().encode(text.slice(0, at));
  const name = nameFromLabels([local, ...readName(text.slice(at + 1), "hostmaster").labels]);
  if (!name.ok) throw new InputProblem(`hostmaster "${text}": ${explainName(name.error)}`);
  return name.value;
}

function readValue(value: NonNullable<ZoneRecordInput["value"]>, owner: string): [number, RecordData] {
  if (value.kind === "text") return [TYPE.TXT, { kind: "TXT", strings: splitText(value.text) }];
  const ipv4 = parseIpv4(value.text);
  if (ipv4 !== null) return [TYPE.A, { kind: "A", address: ipv4 }];
  const ipv6 = parseIpv6(value.text);
  if (ipv6 !== null) return [TYPE.AAAA, { kind: "AAAA", address: ipv6 }];
  if (value.kind === "address") throw new InputProblem(`${owner}: "${value.text}" is not an IP address`);
  return [TYPE.CNAME, { kind: "CNAME", target: readName(value.text, owner) }];
}

/** UTF-8 in pieces of at most 255 octets (RFC 1035 section 3.3.14). */
function splitText(text: string): Uint8Array[] {
  const octets = new TextEncoder().encode(text);
  const strings: Uint8Array[] = [octets.slice(0, 255)];
  for (let at = 255; at < octets.length; at += 255) strings.push(octets.slice(at, at + 255));
  return strings;
}

function sameData(a: RecordData, b: RecordData): boolean {
  if ("target" in a && "target" in b) return a.target.key === b.target.key;
  if ("address" in a && "address" in b) return a.address.join() === b.address.join();
  if (a.kind === "TXT" && b.kind === "TXT") return a.strings.join("|") === b.strings.join("|");
  return false;
}

function defaultNegativeTtl(input: ZoneInput): number {
  const ttls = input.records.map((record) => record.ttlSeconds).filter(Number.isFinite);
  if (ttls.length === 0) return NEGATIVE_TTL_SECONDS;
  return Math.min(Math.max(Math.min(...ttls), 1), NEGATIVE_TTL_SECONDS_MAX);
}
