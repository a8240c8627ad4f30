/** The messages of the publisher `rfc2136`, and what their answers say. Computes only; `rfc2136.ts` sends. */
import { err, ok, type Result } from "../../base/result.ts";
import { hostKind } from "../../config/address.ts";
import type { RecordType, Rfc2136Publisher } from "../../config/publisher.ts";
import { parseIpv4, parseIpv6 } from "../../dns/address.ts";
import { type Message, queryFor, RCODE, rcodeName } from "../../dns/message.ts";
import { formatName, type Name, parseName, sameName } from "../../dns/name.ts";
import { formatData, type RecordData, TYPE, typeName } from "../../dns/record.ts";
import { TSIG_ERROR, tsigErrorName, type TsigProblem } from "../../dns/tsig.ts";
import { type Change, type Prerequisite, updateMessage } from "../../dns/update.ts";

/** The label under which the mark of the epoch stands: a CNAME bears no TXT beside it (RFC 1034 section 3.6.2). */
const FENCE_LABEL = "_abfail";

/** Names of one publisher, read once. */
export interface Names {
  readonly zone: Name;
  readonly name: Name;
  readonly fence: Name;
}

/** What stands at the name and at the fence. */
export interface Standing {
  /** The fence's text; null = there is none, undefined = there are several, or it is no single string. */
  readonly mark: string | null | undefined;
  readonly values: readonly string[];
}

const VALUE_TYPES: readonly number[] = [TYPE.A, TYPE.AAAA, TYPE.CNAME];
/** Data beside which a server drops a CNAME without a word: asked to be absent, so that it says so. */
const NEIGHBOURS: readonly number[] = [
  ...[TYPE.TXT, TYPE.MX, TYPE.SRV, TYPE.CAA, TYPE.HTTPS, TYPE.SVCB, TYPE.NS, TYPE.PTR],
];

/** The names that a config gives; it was checked. */
export function namesOf({ zone, name }: Rfc2136Publisher): Names {
  return { zone: nameOf(zone), name: nameOf(name), fence: nameOf(`${FENCE_LABEL}.${name}`) };
}

/** The questions that tell all that stands there. */
export function questions(names: Names, type: RecordType | null, nextId: () => number): Message[] {
  const types = type === null ? [TYPE.A, TYPE.AAAA] : [TYPE[type]];
  return [
    queryFor(nextId(), names.fence, TYPE.TXT),
    ...types.map((one) => queryFor(nextId(), names.name, one)),
  ];
}

/** What answers to `questions` say; the error is one phrase for people. */
export function standing(names: Names, answers: readonly Message[]): Result<Standing, string> {
  for (const { rcode, authoritative } of answers) {
    if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) return err(`asked, it says ${rcodeName(rcode)}`);
    if (!authoritative) {
      return err(`it does not hold the zone ${formatName(names.zone)} (no authoritative answer)`);
    }
  }
  const [fence, ...others] = answers;
  const marks = (fence?.answers ?? []).filter(({ name, type }) =>
    type === TYPE.TXT && sameName(name, names.fence)
  );
  const values = others.flatMap(({ answers }) => answers)
    .filter(({ name, type }) => VALUE_TYPES.includes(type) && sameName(name, names.name))
    .map(({ data }) => formatData(data));
  return ok({
    mark: marks.length === 0 ? null : marks.length > 1 ? undefined : markText(marks[0]?.data),
    values: [...new Set(values)].sort(),
  });
}

/** One atomic update: only while the fence is what it was seen to be, and nothing stands in the way of the value. */
export function update(
  names: Names,
  config: Rfc2136Publisher,
  change: { readonly from: string | null; readonly to: string; readonly value: string | null },
  id: number,
): Result<Message, string> {
  const { name, fence } = names;
  const data = change.value === null ? null : dataOf(change.value);
  const type = data === null ? null : TYPE[data.kind];
  const { recordType } = config;
  if (data !== null && recordType !== null && data.kind !== recordType) {
    return err(`${change.value} takes a record of type ${data.kind}, not ${recordType} (record_type)`);
  }
  const ours = recordType === null ? VALUE_TYPES : [TYPE[recordType]];
  const ttl = config.ttlMs / 1000;
  const prerequisites: Prerequisite[] = [
    change.from === null
      ? { kind: "absent", name: fence, type: TYPE.TXT }
      : { kind: "is", name: fence, type: TYPE.TXT, data: [textData(change.from)] },
  ];
  for (const other of blockers(type, ours)) prerequisites.push({ kind: "absent", name, type: other });
  const changes: Change[] = [
    { kind: "delete-rrset", name: fence, type: TYPE.TXT },
    { kind: "add", rrset: { name: fence, type: TYPE.TXT, ttl: 0, data: [textData(change.to)] } },
    ...ours.map((one): Change => ({ kind: "delete-rrset", name, type: one })),
  ];
  if (data !== null && type !== null) changes.push({ kind: "add", rrset: { name, type, ttl, data: [data] } });
  return ok(updateMessage(id, names.zone, prerequisites, changes));
}

/** The update that changes nothing: only while mark and value are there, and then it adds just these. */
export function rehearsal(
  names: Names,
  config: Rfc2136Publisher,
  { mark, value }: { readonly mark: string; readonly value: string | null },
  id: number,
): Result<Message, string> {
  const data = value === null ? null : dataOf(value);
  if (data === null) return err("nothing is published: there is nothing to rehearse with");
  const type = TYPE[data.kind];
  const ttl = config.ttlMs / 1000;
  const prerequisites: Prerequisite[] = [
    { kind: "is", name: names.fence, type: TYPE.TXT, data: [textData(mark)] },
    { kind: "is", name: names.name, type, data: [data] },
  ];
  const changes: Change[] = [
    { kind: "add", rrset: { name: names.fence, type: TYPE.TXT, ttl: 0, data: [textData(mark)] } },
    { kind: "add", rrset: { name: names.name, type, ttl, data: [data] } },
  ];
  return ok(updateMessage(id, names.zone, prerequisites, changes));
}

/** Types that must not stand at the name for a record of `type` to be kept. */
function blockers(type: number | null, ours: readonly number[]): number[] {
  if (type === null) return [];
  const all = type === TYPE.CNAME ? [TYPE.A, TYPE.AAAA, ...NEIGHBOURS] : [TYPE.CNAME];
  return all.filter((one) => !ours.includes(one));
}

/** What to ask for, to name what is in the way of `value`. */
export function blockerQuestions(
  names: Names,
  { recordType }: Rfc2136Publisher,
  value: string | null,
  nextId: () => number,
): Message[] {
  const type = value === null ? null : TYPE[dataOf(value).kind];
  const ours = recordType === null ? VALUE_TYPES : [TYPE[recordType]];
  return blockers(type, ours).map((one) => queryFor(nextId(), names.name, one));
}

/** Kinds of records that stand at the name, of those asked for. */
export function standingTypes(names: Names, answers: readonly Message[]): string[] {
  return [
    ...new Set(
      answers.flatMap((message) => message.answers)
        .filter(({ name }) => sameName(name, names.name)).map(({ type }) => typeName(type)),
    ),
  ];
}

/** Words for a response code. */
export function explainRcode(rcode: number, { zone, name, key }: Rfc2136Publisher): string {
  const who = key === null ? "this address" : `the key ${key.name}`;
  switch (rcode) {
    case RCODE.REFUSED:
      return `REFUSED: the server does not let ${who} change ${name}`;
    case RCODE.NOTAUTH:
      return `NOTAUTH: the server is not the primary of the zone ${zone}, or does not let ${who} change it`;
    case RCODE.NOTZONE:
      return `NOTZONE: ${name} is not within the zone ${zone} over there`;
    case RCODE.NOTIMP:
      return "NOTIMP: the server does not take updates";
    case RCODE.SERVFAIL:
      return "SERVFAIL: the server failed to change the zone; its log says why";
    default:
      return rcodeName(rcode);
  }
}

/** Words for a signature that will not do. */
export function explainTsig(problem: TsigProblem, { key }: Rfc2136Publisher): string {
  const who = key === null ? "" : `the key ${key.name}`;
  switch (problem.kind) {
    case "unsigned":
      return "its answer is not signed";
    case "malformed":
      return "its answer cannot be read";
    case "bad-key":
      return `its answer is signed with the key ${problem.name}, not with ${who}`;
    case "bad-sig":
      return `its answer's signature is wrong: ${who} has another secret there`;
    case "bad-time":
      return `the clocks are ${Math.abs(problem.aheadS)} s apart`;
    case "refused": {
      const name = tsigErrorName(problem.error);
      switch (problem.error) {
        case TSIG_ERROR.BADKEY:
          return `NOTAUTH (${name}): the server does not know ${who} (${key?.algorithm})`;
        case TSIG_ERROR.BADSIG:
          return `NOTAUTH (${name}): ${who} has another secret on the server`;
        case TSIG_ERROR.BADTIME:
          return `NOTAUTH (${name}): the clocks of this node and the server are too far apart`;
        default:
          return `NOTAUTH (${name})`;
      }
    }
  }
}

function markText(data: RecordData | undefined): string | undefined {
  if (data?.kind !== "TXT" || data.strings.length !== 1) return undefined;
  return new TextDecoder().decode(data.strings[0]);
}

function textData(text: string): RecordData {
  return { kind: "TXT", strings: [new TextEncoder().encode(text)] };
}

function dataOf(
  value: string,
): Extract<RecordData, { kind: "A" | "AAAA" }> | { kind: "CNAME"; target: Name } {
  switch (hostKind(value)) {
    case "ipv4":
      return { kind: "A", address: parseIpv4(value) ?? new Uint8Array(4) };
    case "ipv6":
      return { kind: "AAAA", address: parseIpv6(value) ?? new Uint8Array(16) };
    default:
      return { kind: "CNAME", target: nameOf(value) };
  }
}

/** A name of the config. */
function nameOf(text: string): Name {
  const name = parseName(text);
  if (!name.ok) throw new Error(`${text} is no name`);
  return name.value;
}
