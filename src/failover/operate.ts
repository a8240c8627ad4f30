/**
 * What an operator does to a service: pin, unpin, drain, undrain. Only the wish is noted here; `decide` switches
 * because of it. A wish that is fulfilled already gives back the very same state.
 */
import { err, ok, type Result } from "../base/result.ts";
import type { ServiceConfig } from "../config/config.ts";
import { nearest } from "../config/suggest.ts";
import type { Stamp } from "./apply.ts";
import {
  type ByHand,
  type ClusterState,
  decisionOn,
  emptyState,
  isDecided,
  type ServiceDecision,
  withDecision,
} from "./cluster_state.ts";

/** Who wishes it, and when. */
export interface Wisher extends Stamp {
  readonly who: string;
}

/** Puts one target in charge, whatever its health, until `unpin`. Refused for a drained one. */
export function pin(
  state: ClusterState | null,
  services: readonly ServiceConfig[],
  service: string,
  target: string,
  by: Wisher,
): Result<ClusterState, string> {
  const found = find(state, services, service, target);
  if (!found.ok) return found;
  const { cluster, decision } = found.value;
  if (decision.drained.includes(target)) {
    return err(`${target} is drained; "abfail undrain ${service} ${target}" first`);
  }
  if (decision.pinned === target) return ok(cluster);
  const falls = others(decision.falls, target);
  return ok(withDecision(cluster, service, { ...decision, pinned: target, pinnedBy: byHand(by), falls }));
}

/** Back to automatic. What is active stays so, until the rules say otherwise. */
export function unpin(
  state: ClusterState | null,
  services: readonly ServiceConfig[],
  service: string,
  by: Wisher,
): Result<ClusterState, string> {
  const found = find(state, services, service, null);
  if (!found.ok) return found;
  const { cluster, decision } = found.value;
  if (decision.pinned === null) return ok(cluster);
  const undoneBy = { ...byHand(by), target: decision.pinned };
  return ok(withDecision(cluster, service, { ...decision, pinned: null, pinnedBy: undefined, undoneBy }));
}

/**
 * Takes a target out until `undrain`: traffic leaves it as soon as another is healthy. Refused for a pinned one,
 * and before anything is decided (the world may show this very target, and nobody has looked yet).
 */
export function drain(
  state: ClusterState | null,
  services: readonly ServiceConfig[],
  service: string,
  target: string,
  by: Wisher,
): Result<ClusterState, string> {
  const found = find(state, services, service, target);
  if (!found.ok) return found;
  const { cluster, decision } = found.value;
  if (decision.drained.includes(target)) return ok(cluster);
  if (decision.pinned === target) {
    return err(`${service} is pinned to ${target}; "abfail unpin ${service}" first`);
  }
  if (!isDecided(decision)) return err(`nothing is decided about ${service} yet; try again once it is`);
  const drained = [...decision.drained, target].sort();
  const drainedBy = [...others(decision.drainedBy, target), { ...byHand(by), target }];
  return ok(withDecision(cluster, service, { ...decision, drained, drainedBy }));
}

/** Lets a drained target be used again. */
export function undrain(
  state: ClusterState | null,
  services: readonly ServiceConfig[],
  service: string,
  target: string,
  by: Wisher,
): Result<ClusterState, string> {
  const found = find(state, services, service, target);
  if (!found.ok) return found;
  const { cluster, decision } = found.value;
  if (!decision.drained.includes(target)) return ok(cluster);
  const drained = decision.drained.filter((name) => name !== target);
  return ok(withDecision(cluster, service, {
    ...decision,
    drained,
    drainedBy: others(decision.drainedBy, target),
    undoneBy: { ...byHand(by), target },
    falls: others(decision.falls, target),
  }));
}

/** Characters kept of who it was. */
const MAX_WHO = 100;

function byHand(by: Wisher): ByHand {
  return { who: by.who.slice(0, MAX_WHO) || "somebody", atWallMs: by.wallMs };
}

function others<T extends { readonly target: string }>(list: readonly T[] | undefined, target: string): T[] {
  return list?.filter((one) => one.target !== target) ?? [];
}

const UNDECIDED: ServiceDecision = {
  active: null,
  activeSinceWallMs: 0,
  pinned: null,
  drained: [],
  lastSwitch: null,
};

interface Found {
  readonly cluster: ClusterState;
  readonly decision: ServiceDecision;
}

function find(
  state: ClusterState | null,
  services: readonly ServiceConfig[],
  service: string,
  target: string | null,
): Result<Found, string> {
  const config = services.find((candidate) => candidate.name === service);
  if (config === undefined) return err(unknownName("service", service, services.map(({ name }) => name)));
  const targets = config.targets.map(({ name }) => name);
  if (target !== null && !targets.includes(target)) {
    return err(unknownName(`target of ${service}`, target, targets));
  }
  const cluster = state ?? emptyState();
  return ok({ cluster, decision: decisionOn(cluster, service) ?? UNDECIDED });
}

/** Names listed in a message at most. */
const MAX_LISTED = 20;
/** Characters repeated of a name that is none, at most. */
const MAX_ECHO = 64;

function unknownName(what: string, found: string, allowed: readonly string[]): string {
  const near = nearest(found, allowed);
  const hint = near === null ? "" : `; did you mean "${near}"?`;
  const more = allowed.length > MAX_LISTED ? `, and ${allowed.length - MAX_LISTED} more` : "";
  const list = allowed.length === 0 ? "there are none" : allowed.slice(0, MAX_LISTED).join(", ") + more;
  return `there is no ${what} called "${found.slice(0, MAX_ECHO)}"${hint} (allowed: ${list})`;
}
