/**
 * What the cluster has decided: the state that the register replicates (ELECTION.md rule 7). It travels
 * and is stored as JSON bytes. Wall-clock times in it are for people alone.
 */
import type { WallMs } from "../base/time.ts";
import type { Notice } from "./notice.ts";

/** What the cluster has decided: the state that the register replicates (ELECTION.md, rule 7). */
export interface ClusterState {
  /** SOA serial of the embedded DNS zone; rises with every change of what is published (RFC 1982 arithmetic). */
  readonly serial: number;
  /** Digest of the config that the zone of this serial is made from (`config/zone_digest.ts`); absent: not known. */
  readonly zone?: number;
  readonly services: Readonly<Record<string, ServiceDecision>>;
  /** What is still to be told to people, and what lasts (`notices.ts`); absent: nothing. */
  readonly notices?: readonly Notice[];
}

/** The decision on one service. */
export interface ServiceDecision {
  /** Name of the target in charge; null = nothing is published. */
  readonly active: string | null;
  readonly activeSinceWallMs: WallMs;
  /** Target pinned by hand; null = automatic. */
  readonly pinned: string | null;
  /** Targets taken out by hand. */
  readonly drained: readonly string[];
  readonly lastSwitch: SwitchRecord | null;
  /** Who pinned it; absent while it is not pinned. */
  readonly pinnedBy?: ByHand;
  /** Who drained which target; one entry for each that is drained. */
  readonly drainedBy?: readonly (ByHand & { readonly target: string })[];
  /** Who last took a pin or a drain back; `target` is the one it was about. */
  readonly undoneBy?: ByHand & { readonly target: string };
  /** Targets that were left because they were down, and have not stayed in charge for long since (`flaps.ts`). */
  readonly falls?: readonly Falls[];
  /** When its publishers were last seen to take a write (`rehearse`). */
  readonly proven?: readonly Proof[];
  /** What is wrong with its publishers, as the leader found: so that every node can say so. */
  readonly ailing?: readonly Ailing[];
}

/** How a publisher ails. `unproven`: its rehearsal failed. */
export const AILMENTS = ["failed", "drift", "unproven"] as const;

/** Something is wrong with a publisher, and lasts. */
export interface Ailing {
  /** Type and name of it. */
  readonly publisher: string;
  readonly how: typeof AILMENTS[number];
  /** One sentence for people, without a full stop; AILING_TEXT_MAX characters at most. */
  readonly why: string;
  readonly atWallMs: WallMs;
}

/** Characters of `Ailing.why` at most. */
export const AILING_TEXT_MAX = 200;

/** A publisher took a write. */
export interface Proof {
  /** Type and name of it. */
  readonly publisher: string;
  readonly atWallMs: WallMs;
}

/** Who did something by hand, and when. */
export interface ByHand {
  /** Such as `token from 10.0.0.7`; 1 to 100 characters. */
  readonly who: string;
  readonly atWallMs: WallMs;
}

/** How often a target went down while it was in charge. */
export interface Falls {
  readonly target: string;
  /** 1 or more. */
  readonly count: number;
  /** When it last did. */
  readonly atWallMs: WallMs;
}

/** Why a service is active where it is. */
export type SwitchReason =
  /** First decision of a cluster without one. */
  | "initial"
  /** First decision: what the world already showed was kept. */
  | "adopted"
  | "down"
  | "failback"
  | "drained"
  | "manual"
  /** The target is no longer in the config. */
  | "removed"
  /** `on_all_down`. */
  | "all-down";

/** The last switch of a service. */
export interface SwitchRecord {
  readonly from: string | null;
  readonly to: string | null;
  readonly reason: SwitchReason;
  readonly atWallMs: WallMs;
  readonly epoch: string;
  /** First bad probe seen by the leader until the quorum held it down, ms; null where no probe began it. */
  readonly detectMs: number | null;
}

/** The state of a cluster that has decided nothing. */
export function emptyState(): ClusterState {
  return { serial: 1, services: servicesOf([]) };
}

/** A table of decisions, sorted by name. It has no prototype: a service may be called `constructor`. */
export function servicesOf(
  entries: Iterable<readonly [string, ServiceDecision]>,
): Readonly<Record<string, ServiceDecision>> {
  const services: Record<string, ServiceDecision> = Object.create(null);
  const sorted = [...entries].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
  for (const [name, decision] of sorted) services[name] = decision;
  return services;
}

/** The decision on one service; null when none was ever made. */
export function decisionOn(state: ClusterState, service: string): ServiceDecision | null {
  return Object.hasOwn(state.services, service) ? state.services[service] ?? null : null;
}

/** True once something was decided: what is published follows from it, be it nothing at all. */
export function isDecided(decision: ServiceDecision | null): decision is ServiceDecision {
  return decision !== null && (decision.active !== null || decision.lastSwitch !== null);
}

/** The same state with another decision on one service. */
export function withDecision(state: ClusterState, service: string, decision: ServiceDecision): ClusterState {
  const others = Object.entries(state.services).filter(([name]) => name !== service);
  return { ...state, services: servicesOf([...others, [service, tidy(decision)]]) };
}

/** What came later to the type is left out where it says nothing: equal states have equal bytes. */
function tidy(decision: ServiceDecision): ServiceDecision {
  const { active, activeSinceWallMs, pinned, drained, lastSwitch, pinnedBy, undoneBy } = decision;
  const drainedBy = decision.drainedBy?.filter(({ target }) => drained.includes(target)) ?? [];
  const { falls = [], proven = [], ailing = [] } = decision;
  return {
    active,
    activeSinceWallMs,
    pinned,
    drained,
    lastSwitch,
    ...(pinned === null || pinnedBy === undefined ? {} : { pinnedBy }),
    ...(drainedBy.length === 0 ? {} : { drainedBy }),
    ...(undoneBy === undefined ? {} : { undoneBy }),
    ...(falls.length === 0 ? {} : { falls }),
    ...(proven.length === 0 ? {} : { proven }),
    ...(ailing.length === 0 ? {} : { ailing }),
  };
}
