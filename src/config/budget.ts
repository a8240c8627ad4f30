/**
 * How long a failover takes, computed from the config: from the moment the active target dies to the moment the
 * last client goes to the next one. Four parts, in this order:
 *
 * **detect**: the target dies just after or just before a probe, so the first bad one starts within
 * `0..interval`; `fall - 1` more follow `fast_interval` apart. Enough observers must find out: with n nodes
 * whose probes are spread evenly, the k-th of them meets the death after `k/(n+1)` of the interval on average.
 *
 *     best     (fall - 1) * fast                                      it refuses connections, found at once
 *     typical  interval * k/(n+1) + (fall - 1) * fast + heartbeat/2   it refuses connections
 *     worst    interval + fall * timeout + (fall - 1) * fast + heartbeat     it hangs: each probe waits in vain
 *
 * Opinions ride to the leader in answers to its heartbeats: up to one heartbeat later; none when `observers` lets
 * the leader decide alone.
 *
 * **decide**: the switch is committed by a majority: one round trip. In the worst case the leader is lost just
 * before: the lease runs out, and an election takes one and a half delta (`ELECTION.md`: delta = 2 round trips,
 * within 20 ms..lease/5) and three round trips (ask, claim, commit of what was known).
 *
 *     best, typical  round trip            worst  lease + 1.5 * delta + 4 * round trip
 *
 * **publish**: the embedded DNS server answers anew on the leader at once and on the others with the next heartbeat;
 * the others take what their far side takes, `timeout` at most, twice when a new leader reads first.
 *
 *     dns   best 1 ms     typical heartbeat/2     worst heartbeat + round trip
 *     else  best 1 ms     typical timeout/10      worst timeout (twice where it can be read)
 *
 * **ttl**: what resolvers remember: `0`, `ttl/2`, `ttl`. They may remember longer against the rules; clients
 * too. Of several publishers, the slowest counts (publish and ttl together).
 *
 * Not a promise: the parts in the formulas that the config does not tell are assumed (`ASSUMED_ROUND_TRIP_MS`).
 */
import { assert } from "../base/assert.ts";
import type { Config, PublisherConfig, ServiceConfig } from "./config.ts";
import { durationText } from "./duration.ts";
import { canRead, CLOUD_MIN_TTL_MS } from "./publisher.ts";

/** Three cases of one duration, ms. */
export interface Cases {
  readonly best: number;
  readonly typical: number;
  readonly worst: number;
}

/** What a failover of one service takes. */
export interface Budget {
  readonly service: string;
  readonly detect: Cases;
  readonly decide: Cases;
  readonly publish: Cases;
  readonly ttl: Cases;
  readonly total: Cases;
  /** The publisher that the last two are of, such as `dns web.ha.example.com`; null when nothing is published. */
  readonly slowest: string | null;
  /** What would shorten the worst case most; null when nothing would by a tenth. */
  readonly shorten: Advice | null;
}

/** One setting, and what half of it would save. */
export interface Advice {
  /** Key path of the setting. */
  readonly path: string;
  readonly from: string;
  readonly to: string;
  /** Taken off the worst case, ms. */
  readonly savesMs: number;
}

/** Round trips between nodes that are assumed, by `timing`, ms. */
export const ASSUMED_ROUND_TRIP_MS: Readonly<Record<Config["election"]["timing"], Cases>> = {
  local: { best: 0.1, typical: 0.3, worst: 2 },
  lan: { best: 0.3, typical: 1, worst: 5 },
  wan: { best: 1, typical: 10, worst: 80 },
};

/** The budget of one service of a config. */
export function failoverBudget(config: Config, service: ServiceConfig): Budget {
  const parts = partsOf(config, service);
  const total = sum([parts.detect, parts.decide, parts.publish, parts.ttl]);
  return { service: service.name, ...parts, total, shorten: adviceFor(config, service, total.worst) };
}

/** Probes that one target of a service gets in a second, from all nodes together, while all is well. */
export function probesPerSecond(config: Config, service: ServiceConfig): number {
  return config.cluster.nodes.length * 1000 / service.check.intervalMs;
}

type Parts = Omit<Budget, "service" | "total" | "shorten">;

function partsOf(config: Config, service: ServiceConfig): Parts {
  const { publish, ttl, slowest } = slowestPublisher(config, service);
  return { detect: detection(config, service), decide: decision(config), publish, ttl, slowest };
}

/** How many nodes must agree that a target is down. */
export function observersNeeded(config: Config, service: ServiceConfig): number {
  const n = config.cluster.nodes.length;
  switch (service.observers) {
    case "leader":
    case "any":
      return 1;
    case "all":
      return n;
    case "majority":
      return Math.floor(n / 2) + 1;
    default:
      return service.observers;
  }
}

function detection(config: Config, service: ServiceConfig): Cases {
  const { intervalMs, fastIntervalMs, timeoutMs, fall } = service.check;
  const { heartbeatMs } = config.election;
  const n = config.cluster.nodes.length;
  const more = (fall - 1) * fastIntervalMs;
  // The leader's own opinion needs no way; `any` is decided by whoever finds out first.
  const told = service.observers === "leader" ? 0 : heartbeatMs;
  const share = service.observers === "leader" ? 1 / 2 : observersNeeded(config, service) / (n + 1);
  return {
    best: more,
    typical: intervalMs * share + more + told / 2,
    worst: intervalMs + fall * timeoutMs + more + told,
  };
}

function decision(config: Config): Cases {
  const { timing, leaseMs } = config.election;
  const trip = ASSUMED_ROUND_TRIP_MS[timing];
  const delta = Math.min(Math.max(2 * trip.worst, 20), Math.max(20, leaseMs / 5));
  return { best: trip.best, typical: trip.typical, worst: leaseMs + 1.5 * delta + 4 * trip.worst };
}

function slowestPublisher(
  config: Config,
  service: ServiceConfig,
): { readonly publish: Cases; readonly ttl: Cases; readonly slowest: string | null } {
  const none: Cases = { best: 0, typical: 0, worst: 0 };
  let slowest: { publish: Cases; ttl: Cases; slowest: string | null } = {
    publish: none,
    ttl: none,
    slowest: null,
  };
  for (const publisher of service.publish) {
    const publish = publication(config, publisher);
    const ttlMs = "ttlMs" in publisher ? publisher.ttlMs : 0;
    const ttl = { best: 0, typical: ttlMs / 2, worst: ttlMs };
    if (slowest.slowest !== null && publish.worst + ttl.worst <= slowest.publish.worst + slowest.ttl.worst) {
      continue;
    }
    slowest = { publish, ttl, slowest: `${publisher.type} ${publisher.name}` };
  }
  return slowest;
}

function publication(config: Config, publisher: PublisherConfig): Cases {
  const { heartbeatMs, timing } = config.election;
  if (publisher.type === "dns") {
    return { best: 1, typical: heartbeatMs / 2, worst: heartbeatMs + ASSUMED_ROUND_TRIP_MS[timing].worst };
  }
  const { timeoutMs } = publisher;
  return { best: 1, typical: timeoutMs / 10, worst: timeoutMs * (canRead(publisher) ? 2 : 1) };
}

/** Halves each setting in turn and looks what becomes of the worst case. */
function adviceFor(config: Config, service: ServiceConfig, worstMs: number): Advice | null {
  let best: Advice | null = null;
  for (const { path, from, to, changed } of settings(config, service)) {
    if (to < 1 || to >= from) continue;
    const parts = partsOf(changed.config ?? config, changed.service ?? service);
    const savesMs = worstMs - sum([parts.detect, parts.decide, parts.publish, parts.ttl]).worst;
    if (savesMs < worstMs / 10 || savesMs <= (best?.savesMs ?? 0)) continue;
    best = { path, from: durationText(from), to: durationText(to), savesMs };
  }
  return best;
}

/** One setting made about half as long, within what the config allows. */
interface Setting {
  readonly path: string;
  readonly from: number;
  readonly to: number;
  readonly changed: { readonly config?: Config; readonly service?: ServiceConfig };
}

function settings(config: Config, service: ServiceConfig): Setting[] {
  const { check, publish } = service;
  const { election } = config;
  const checked = (
    key: string,
    name: "intervalMs" | "fastIntervalMs" | "timeoutMs",
    least: number,
  ): Setting => {
    const to = Math.max(least, Math.round(check[name] / 2));
    const changed = { service: { ...service, check: { ...check, [name]: to } } };
    return { path: `services.${service.name}.check.${key}`, from: check[name], to, changed };
  };
  const leaseMs = Math.max(3 * election.heartbeatMs, Math.round(election.leaseMs / 2));
  const lease = { config: { ...config, election: { ...election, leaseMs } } };
  return [
    ...publish.map((publisher, i): Setting => {
      const at = `services.${service.name}.publish[${i}]`;
      const halved = halve(publisher);
      const changed = { service: { ...service, publish: publish.with(i, halved.publisher) } };
      return { path: `${at}.${halved.key}`, from: halved.from, to: halved.to, changed };
    }),
    checked("interval", "intervalMs", check.fastIntervalMs),
    checked("fast_interval", "fastIntervalMs", 10),
    checked("timeout", "timeoutMs", 10),
    { path: "election.lease", from: election.leaseMs, to: leaseMs, changed: lease },
  ];
}

function halve(
  publisher: PublisherConfig,
): { readonly key: string; readonly from: number; readonly to: number; readonly publisher: PublisherConfig } {
  if (publisher.type !== "dns" && !("ttlMs" in publisher && publisher.ttlMs >= 2 * publisher.timeoutMs)) {
    const to = Math.round(publisher.timeoutMs / 2);
    return { key: "timeout", from: publisher.timeoutMs, to, publisher: { ...publisher, timeoutMs: to } };
  }
  const least = Object.hasOwn(CLOUD_MIN_TTL_MS, publisher.type)
    ? CLOUD_MIN_TTL_MS[publisher.type as keyof typeof CLOUD_MIN_TTL_MS]
    : 0;
  const to = Math.max(least, Math.floor(publisher.ttlMs / 2000) * 1000); // DNS counts in seconds
  return { key: "ttl", from: publisher.ttlMs, to, publisher: { ...publisher, ttlMs: to } };
}

function sum(parts: readonly Cases[]): Cases {
  const total = (pick: (cases: Cases) => number): number => parts.reduce((all, part) => all + pick(part), 0);
  const cases = {
    best: total((p) => p.best),
    typical: total((p) => p.typical),
    worst: total((p) => p.worst),
  };
  assert(cases.best <= cases.typical && cases.typical <= cases.worst, "the cases of a budget are in order");
  return cases;
}
