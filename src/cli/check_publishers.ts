/** `abfail check --try-publishers`: reads each publisher with the user's own credentials; never writes. */
import { createPublishers, type Publishers } from "../adapters/publishers/index.ts";
import { systemRandom } from "../adapters/random.ts";
import { hostKind } from "../config/address.ts";
import type { Config, PublisherConfig, ServiceConfig } from "../config/config.ts";
import { type AddressPublisher, canRead, MACHINES } from "../config/publisher.ts";
import type { PublishResult } from "../publish/action.ts";
import type { VerifyAnswer } from "../publish/verify.ts";

/** What came of one publisher. */
export interface TriedPublisher {
  readonly service: string;
  readonly type: PublisherConfig["type"];
  readonly name: string;
  /** `unreadable`: it has no way to be read, so nothing was tried. */
  readonly result: "ok" | "failed" | "unreadable";
  /** What the world shows; null = nothing, or not known. */
  readonly shows: string | null;
  /** The target that publishes it; null where that is none of the service's. */
  readonly target: string | null;
  /** The epoch of the last write, where the far side keeps one; null = it keeps none, or none was written. */
  readonly lastEpoch: string | null;
  /** What it would write for each target. */
  readonly wouldWrite: readonly Wished[];
  /** Why it could not be read; null when it could. */
  readonly error: string | null;
  /** What name servers and resolvers show, where `verify` asks any. */
  readonly verify: readonly VerifyAnswer[];
}

/** What is written for one target. */
export interface Wished {
  readonly target: string;
  /** Null where it is no DNS record: programs and webhooks get the value. */
  readonly recordType: string | null;
  readonly value: string;
  readonly ttlMs: number | null;
  /** It stands there already. */
  readonly isShown: boolean;
}

type Acting = Exclude<PublisherConfig, { type: "dns" }>;

interface Asked {
  readonly service: ServiceConfig;
  readonly index: number;
  readonly publisher: Acting;
}

/** Publishers that are asked at the same time. */
const AT_ONCE = 8;
/** Below every epoch that a node can have: whatever stands there is later. */
const NO_EPOCH = "0.0";
const VERIFY_MS = 4000;

/** Reads all publishers but the embedded one, a few at a time; in the order of the config. */
export async function tryPublishers(
  config: Config,
  wallMs: () => number,
): Promise<readonly TriedPublisher[]> {
  const publishers = createPublishers(config, { wallMs, random: systemRandom });
  const asked = config.services.flatMap((service) =>
    service.publish.flatMap((publisher, index): Asked[] =>
      publisher.type === "dns" ? [] : [{ service, index, publisher }]
    )
  );
  const tried: TriedPublisher[] = [];
  for (let at = 0; at < asked.length; at += AT_ONCE) {
    tried.push(...await Promise.all(asked.slice(at, at + AT_ONCE).map((one) => tryOne(publishers, one))));
  }
  await publishers.close();
  return tried;
}

async function tryOne(publishers: Publishers, asked: Asked): Promise<TriedPublisher> {
  const { service, index, publisher } = asked;
  const ref = { service: service.name, index };
  if (!canRead(publisher)) {
    const missing = await missingProgram(publisher);
    return triedOf(asked, null, null, missing, missing === null ? "unreadable" : "failed", []);
  }
  const perform = (epoch?: string): Promise<PublishResult> => {
    const action = epoch === undefined ? { kind: "read" } as const : { kind: "read", epoch } as const;
    return publishers.perform(ref, action, publisher.timeoutMs, new AbortController().signal);
  };
  const read = await perform();
  const verify = "verify" in publisher && publisher.verify.length > 0
    ? await publishers.verify(ref, VERIFY_MS)
    : [];
  if (read.kind !== "ok") return triedOf(asked, null, null, problemOf(read), "failed", verify);
  const shows = read.shows ?? null;
  // Its fence is another record: that one must be readable too, and ours.
  const mark = hasRecord(publisher) ? await perform(NO_EPOCH) : read;
  if (mark.kind === "failed") return triedOf(asked, shows, null, mark.detail, "failed", verify);
  const missing = await missingProgram(publisher);
  const lastEpoch = mark.kind === "fenced" ? mark.epoch : null;
  return triedOf(asked, shows, lastEpoch, missing, missing === null ? "ok" : "failed", verify);
}

function triedOf(
  { service, publisher }: Asked,
  shows: string | null,
  lastEpoch: string | null,
  error: string | null,
  result: TriedPublisher["result"],
  verify: readonly VerifyAnswer[],
): TriedPublisher {
  const isRecord = hasRecord(publisher);
  return {
    service: service.name,
    type: publisher.type,
    name: publisher.name,
    result,
    shows,
    target: service.targets.find(({ publish }) => publish === shows)?.name ?? null,
    lastEpoch,
    wouldWrite: service.targets.map(({ name, publish }) => ({
      target: name,
      recordType: isRecord ? recordTypeOf(publish) : null,
      value: "machines" in publisher ? machineOf(publisher, name) : publish,
      ttlMs: "ttlMs" in publisher ? publisher.ttlMs : null,
      isShown: publish === shows,
    })),
    error,
    verify,
  };
}

/** Programs and webhooks get the value and make of it what they will; an address that moves is no record. */
function hasRecord(publisher: Acting): boolean {
  return publisher.type !== "exec" && publisher.type !== "webhook" && !("machines" in publisher);
}

function machineOf({ type, machines }: AddressPublisher, target: string): string {
  return `${MACHINES[type].machine} ${machines[target] ?? "(none)"}`;
}

function problemOf(result: PublishResult): string {
  return result.kind === "failed" ? result.detail : `unexpected answer: ${result.kind}`;
}

function recordTypeOf(value: string): string {
  const kind = hostKind(value);
  return kind === "ipv4" ? "A" : kind === "ipv6" ? "AAAA" : "CNAME";
}

/** A program that is named by its path can be looked for without running it. */
async function missingProgram(publisher: Acting): Promise<string | null> {
  if (publisher.type !== "exec") return null;
  const program = publisher.command[0] ?? "";
  if (!program.includes("/")) return null;
  try {
    const { isFile, mode } = await Deno.stat(program);
    if (!isFile) return `${program} is no file`;
    return mode !== null && (mode & 0o111) === 0 ? `${program} may not be executed` : null;
  } catch {
    return `there is no program ${program}`;
  }
}
