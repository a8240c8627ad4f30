/** What of an answer is a status: each field of `view/status_type.ts`, by its type. */
import type { Status } from "../view/status_type.ts";
import {
  fields,
  flag,
  listOf,
  mapOf,
  name,
  nullable,
  number,
  optional,
  sentence,
  shaped,
  words,
} from "./shape.ts";

const link = fields({ id: number, rttMs: nullable(number), lossPercent: nullable(number) });
const byHand = nullable(fields({ who: name, atMs: number }));
const opinion = words("unknown", "up", "down");

const peer = fields({
  id: number,
  zone: name,
  address: name,
  alive: flag,
  suspicion: number,
  lastHeardMs: nullable(number),
  rttMs: nullable(number),
  lossPercent: nullable(number),
  problem: nullable(sentence),
  role: optional(name),
  hears: optional(listOf(number)),
  links: optional(listOf(link)),
});

const target = fields({
  name,
  health: words("unknown", "up", "suspect", "down"),
  drained: flag,
  opinions: mapOf(opinion),
  lastProbe: nullable(
    fields({ ok: flag, latencyMs: number, detail: sentence, warning: optional(sentence), ageMs: number }),
  ),
  opinionAgesMs: optional(mapOf(number)),
  drainedBy: optional(byHand),
  falls: optional(number),
  address: optional(name),
  publish: optional(name),
});

const verify = fields({
  server: name,
  shows: nullable(name),
  agrees: flag,
  lagMs: nullable(number),
  state: words("pending", "ok", "lagging", "silent"),
  error: nullable(sentence),
});

const publisher = fields({
  type: name,
  name,
  shows: nullable(name),
  fence: words("lease-only", "claim", "compare-and-set"),
  state: words("pending", "ok", "failed", "drift"),
  atLeader: optional(flag),
  lastChangeMs: nullable(number),
  verifiedMs: nullable(number),
  error: nullable(sentence),
  rehearsal: optional(fields({
    state: words("due", "off", "ok", "failed"),
    provenMs: nullable(number),
    nextMs: nullable(number),
    error: nullable(sentence),
  })),
  verify: optional(listOf(verify)),
  history: optional(listOf(fields({
    atMs: number,
    from: nullable(name),
    to: nullable(name),
    by: words("other", "us", "former"),
  }))),
});

const service = fields({
  name,
  active: nullable(name),
  activeSinceMs: nullable(number),
  pinned: nullable(name),
  pinnedBy: optional(byHand),
  waitingFor: optional(nullable(sentence)),
  heldBack: optional(listOf(fields({ target: name, falls: number, forMs: nullable(number) }))),
  state: words("unknown", "ok", "degraded", "down"),
  targets: listOf(target),
  publishers: listOf(publisher),
  lastSwitch: nullable(fields({
    from: nullable(name),
    to: nullable(name),
    reason: name,
    atMs: number,
    detectMs: nullable(number),
    decideMs: nullable(number),
    publishMs: nullable(number),
  })),
});

const status = fields({
  version: name,
  cluster: name,
  time: name,
  node: fields({
    id: number,
    zone: name,
    role: name,
    term: number,
    epoch: nullable(name),
    leaseRemainingMs: nullable(number),
    uptimeMs: number,
    incarnation: name,
    address: optional(name),
  }),
  leader: nullable(fields({ id: number, zone: name, epoch: name, sinceMs: number })),
  quorum: fields({ size: number, needed: number, alive: number }),
  peers: listOf(peer),
  services: listOf(service),
  problems: listOf(sentence),
});

/** A status, and the paths of what it did not tell or told in another way. */
export interface ReadStatus {
  readonly status: Status;
  readonly missing: readonly string[];
}

/** Reads it; null where so little is right that it is of no node. */
export function readStatus(value: unknown): ReadStatus | null {
  if (typeof value !== "object" || value === null) return null;
  const { cluster, version, node, services, peers } = value as Readonly<Record<string, unknown>>;
  if (typeof cluster !== "string" || typeof version !== "string") return null;
  if (typeof node !== "object" || node === null || !Array.isArray(services) || !Array.isArray(peers)) {
    return null;
  }
  const missing = new Set<string>();
  const read = shaped(value, status, (path) => {
    if (missing.size < MOST_MISSING) missing.add(path.replaceAll(/\[\d+\]/g, "[]"));
  });
  return { status: read as Status, missing: [...missing] };
}

/** How many paths are remembered. */
const MOST_MISSING = 100;
