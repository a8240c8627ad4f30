/** Everything one node keeps: the cores' states side by side, and what joins them. Changed in place by `stepNode`. */
import type { Incarnation, NodeId } from "../base/id.ts";
import type { MonoMs, WallMs } from "../base/time.ts";
import type { Config, PublisherConfig, ServiceConfig, TargetConfig } from "../config/config.ts";
import type { ElectionState } from "../election/state.ts";
import type { Entry } from "../election/messages.ts";
import type { ClusterState } from "../failover/cluster_state.ts";
import type { FailoverTimers } from "../failover/decide.ts";
import type { Opinion, Probing } from "../health/probing.ts";
import type { Reconciler } from "../publish/reconcile.ts";
import type { Verifier } from "../publish/verify.ts";
import type { Telling } from "./telling_state.ts";
import type { Agenda } from "./agenda.ts";
import type { Command, Outcome } from "./events.ts";
import type { Link } from "./links.ts";

/** Why a node has no say; null = it has. */
export type NoSay = "cut-off" | "paused" | "starved";

/** A node's own timing, as far as its opinions depend on it. */
export interface Say {
  /** Until when its timing takes its say away; -Infinity = it does not. */
  until: MonoMs;
  why: "paused" | "starved";
  /** When timers were late, lately. */
  lates: MonoMs[];
  /** As last told in an event. */
  told: NoSay | null;
}

/** Everything that one node keeps, changed in place by its step. */
export interface NodeState {
  /** Changed by `reload.ts` alone, with all that follows from it. */
  config: Config;
  readonly self: NodeId;
  readonly incarnation: Incarnation;
  readonly zone: string;
  readonly startedAt: MonoMs;
  readonly election: ElectionState;
  /** The committed state, decoded; null before the first. */
  cluster: ClusterState | null;
  /** The entry that `cluster` was decoded from. */
  clusterEntry: Entry | null;
  /** All targets of all services, in the order of the config. */
  targets: readonly TargetSlot[];
  /** The same by `targetKey`. */
  targetByName: ReadonlyMap<string, TargetSlot>;
  /** When which target is to be probed. */
  agenda: Agenda;
  /** Digest of the list of targets, for reports. */
  targetsDigest: number;
  services: readonly ServiceSlot[];
  readonly peers: Map<NodeId, PeerSlot>;
  /** The epoch under which this node does a leader's work; null while it does not. */
  leading: { readonly epoch: string; readonly term: number; readonly since: MonoMs } | null;
  /** Something that decisions depend on has changed. */
  dirty: boolean;
  /** Who was alive when the leader last decided, as one text. */
  aliveThen: string;
  /** The leader as last told in an event. */
  leaderThen: { readonly id: NodeId; readonly epoch: string; readonly since: MonoMs } | null;
  /** Since when no leader is known; null while one is. */
  leaderlessSince: MonoMs | null;
  /** The state on its way to a majority, with the wishes in it. */
  proposed: {
    readonly bytes: Uint8Array;
    readonly at: MonoMs;
    readonly wishes: readonly Wish[];
    readonly switched: readonly string[];
  } | null;
  /** Operators' wishes here for the leader to take up. */
  wishes: Wish[];
  /** Operators' wishes on their way to the leader. */
  readonly errands: Map<string, Errand>;
  /** Outcomes told, so that a wish sent twice is done once; the oldest are forgotten. */
  readonly outcomes: Map<string, Outcome>;
  configDigest: number;
  /** Digest of what the embedded zones are made of (`config/zone_digest.ts`); null without them. */
  zoneDigest: number | null;
  /** The next slice of opinions to send. */
  reportFrom: number;
  stopping: { readonly at: MonoMs; released: boolean; told: boolean } | null;
  /** What the state directory last said; null = nothing wrong. */
  persistProblem: string | null;
  /** Whether this node's opinions count. */
  readonly say: Say;
  /** When the opinions were last shared out of turn, and whether they have changed since. */
  readonly sharing: { at: MonoMs; pending: boolean };
  /** What a leader tells people. */
  readonly telling: Telling;
  /** When a leader last looked at its services. */
  decidedAt: MonoMs;
}

/** Names one target among all. */
export function targetKey(service: string, target: string): string {
  return `${service}/${target}`;
}

/** One target of one service. */
export interface TargetSlot {
  readonly service: ServiceConfig;
  readonly target: TargetConfig;
  readonly index: number;
  readonly probing: Probing;
}

/** One service and what this node does for it. */
export interface ServiceSlot {
  readonly config: ServiceConfig;
  readonly targets: readonly TargetSlot[];
  readonly publishers: readonly PublisherSlot[];
  /** Of the leader; null while this node does not lead. */
  timers: FailoverTimers | null;
  /** When the decision must be looked at again; Infinity when only news can change it. */
  reviewAt: MonoMs;
  waitingFor: string | null;
  /** How long the last switch took here; null where another node led it. */
  times: {
    readonly epoch: string;
    readonly atWallMs: WallMs;
    readonly decideMs: number;
    readonly committedAt: MonoMs;
    publishMs: number | null;
    /** It has been told that the world shows it. */
    told: boolean;
  } | null;
}

/** One publisher; `reconciler` is null for the embedded DNS server, which answers from the committed state. */
export interface PublisherSlot {
  readonly config: PublisherConfig;
  readonly reconciler: Reconciler | null;
  /** Who else is asked what is shown; null = nobody. */
  readonly verifier: Verifier | null;
}

/** What this node knows of another beyond the election. */
export interface PeerSlot {
  /** Its opinion of each target, in the order of the config. */
  opinions: Opinion[];
  /** When its last report came; -Infinity when none did. */
  reportedAt: MonoMs;
  /** It says itself that its opinions count. */
  hasSay: boolean;
  /** How far away it finds the others, as it told last. */
  links: readonly Link[];
  /** Digest of its config; null until heard. */
  configDigest: number | null;
  /** Its list of targets is another one. */
  otherTargets: boolean;
  alive: boolean;
  /** It has led, as far as this node knows. */
  hasLed: boolean;
  /** Keys that differ from this node's config, once asked and told. */
  differs: readonly string[];
  /** Digests told so far, and when to ask again. */
  compare: { parts: Map<number, readonly (readonly [number, number])[]>; nextAskAt: MonoMs };
}

/** An operator's wish, where it came from and whom to tell. */
export interface Wish {
  readonly request: string;
  readonly command: Command;
  readonly who: string;
  /** Null = this node's own API. */
  readonly from: NodeId | null;
}

/** A wish that waits for the leader's outcome. */
export interface Errand {
  readonly wish: Wish;
  readonly until: MonoMs;
  nextAt: MonoMs;
  /** Whom it was sent to last. */
  askedOf: NodeId | null;
}
