/** Asks name servers and resolvers what they show of one published name: one round of `publish/verify.ts`. */
import type { Random } from "../../base/time.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { formatHostPort } from "../../config/address.ts";
import type { HostPort } from "../../config/config.ts";
import type { PublisherConfig, RecordType, VerifyPoint } from "../../config/publisher.ts";
import { verifyText } from "../../config/verify_field.ts";
import { decodeMessage } from "../../dns/decode.ts";
import { encodeMessage } from "../../dns/encode.ts";
import { type Message, queryFor, RCODE, rcodeName } from "../../dns/message.ts";
import { type Name, parseName, sameName } from "../../dns/name.ts";
import { formatData, TYPE } from "../../dns/record.ts";
import type { VerifyAnswer } from "../../publish/verify.ts";
import { Deadline } from "./deadline.ts";
import { exchange } from "./dns_exchange.ts";
import { type NamedServer, nameServersOf } from "./name_servers.ts";

/** What a round takes from the system. */
export interface VerifyWorld {
  readonly random: Random;
  wallMs(): number;
  /** The authoritative servers of a zone; the error is one phrase for people. Replaced in tests. */
  readonly nameServers?: (
    zone: string,
    signal: AbortSignal,
  ) => Promise<Result<readonly NamedServer[], string>>;
}

type Verifiable = Extract<PublisherConfig, { readonly verify: readonly VerifyPoint[] }>;

/** One place to ask. */
interface Place {
  readonly server: string;
  readonly at: HostPort;
  readonly isResolver: boolean;
}

type Said = Pick<VerifyAnswer, "shows" | "problem">;
type Heard = Said & Pick<Place, "server" | "isResolver"> & { readonly atMs: number };

const DNS_PORT = 53;
const TYPES: readonly number[] = [TYPE.A, TYPE.AAAA, TYPE.CNAME];

/** Asks all places at once. Never rejects; ends within `timeoutMs`, or soon after `signal` fires. */
export async function verifyRound(
  config: Verifiable,
  world: VerifyWorld,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<readonly VerifyAnswer[]> {
  using deadline = new Deadline(timeoutMs, signal);
  const name = parseName(config.name);
  if (!name.ok) return [];
  const found = await Promise.all(config.verify.map((point) => placesOf(point, config, world, deadline)));
  const answers = found.flatMap((places): Promise<Heard>[] => {
    if (!places.ok) {
      const nowhere = { server: "authoritative", isResolver: false };
      return [Promise.resolve({ ...nowhere, shows: undefined, problem: places.error, atMs: world.wallMs() })];
    }
    return places.value.map(async (place) => {
      const said = await ask(place, name.value, config.recordType, world.random, deadline);
      return { ...place, ...said, atMs: world.wallMs() };
    });
  });
  const heard = await Promise.all(answers);
  const endMs = world.wallMs();
  return heard.map(({ server, isResolver, shows, problem, atMs }) => ({
    server,
    isResolver,
    shows,
    problem,
    ageMs: Math.max(0, endMs - atMs),
  }));
}

async function placesOf(
  point: VerifyPoint,
  config: Verifiable,
  world: VerifyWorld,
  deadline: Deadline,
): Promise<Result<readonly Place[], string>> {
  if (point.kind === "resolver") {
    return ok([{ server: verifyText(point), at: { host: point.host, port: point.port }, isResolver: true }]);
  }
  const zone = "zone" in config ? config.zone : config.domain;
  const own = config.type === "rfc2136" ? config.servers : [];
  const places: Place[] = own.map((at) => ({
    server: at.port === DNS_PORT ? at.host : formatHostPort(at),
    at,
    isResolver: false,
  }));
  const listed = await (world.nameServers ?? nameServersOf)(zone, deadline.signal);
  // The primaries that are updated are known without a delegation: a hidden one has none.
  if (!listed.ok) return places.length > 0 ? ok(places) : err(deadline.why ?? listed.error);
  for (const { name, at } of listed.value) {
    if (own.some(({ host, port }) => host === at.host && port === at.port)) continue;
    places.push({ server: name, at, isResolver: false });
  }
  return ok(places);
}

async function ask(
  { at, isResolver }: Place,
  name: Name,
  recordType: RecordType | null,
  random: Random,
  deadline: Deadline,
): Promise<Said> {
  const types = recordType === null ? [TYPE.A, TYPE.AAAA] : [TYPE[recordType]];
  const first = Math.floor(random.next() * 65_536);
  const messages = types.map((type, i) => {
    const query = queryFor((first + i) & 0xffff, name, type);
    return encodeMessage({ ...query, recursionDesired: isResolver }).bytes;
  });
  const said = await exchange(at, "udp", messages, deadline);
  if (!said.ok) return { shows: undefined, problem: said.error.detail };
  const values = new Set<string>();
  for (const bytes of said.value) {
    const answer = decodeMessage(bytes);
    const problem = answer.ok ? problemOf(answer.value, isResolver) : "its answer cannot be read";
    if (!answer.ok || problem !== null) return { shows: undefined, problem };
    for (const record of answer.value.answers) {
      if (TYPES.includes(record.type) && sameName(record.name, name)) values.add(formatData(record.data));
    }
  }
  const shows = values.size === 0
    ? null
    : [...values].map((value) => value.replace(/\.$/, "")).sort().join(",");
  return { shows, problem: null };
}

function problemOf({ rcode, authoritative }: Message, isResolver: boolean): string | null {
  if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) return `it says ${rcodeName(rcode)}`;
  return isResolver || authoritative ? null : "it does not hold the zone (no authoritative answer)";
}
