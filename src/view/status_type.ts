/**
 * What `status --json` and `GET /v1/status` hold (PRODUCT.md): one node's view of the whole cluster. The
 * page, the terminal, the metrics and the exit code are all made from this and nothing else. Keys may be
 * added, never renamed. `*Ms` are milliseconds; those that say "age" are counted back from `time`.
 */
import type { NodeId } from "../base/id.ts";
import type { SwitchReason } from "../failover/cluster_state.ts";
import type { Opinion } from "../health/probing.ts";

/** Where a node stands in the election (ELECTION.md). */
export type Role = "joining" | "follower" | "preparing" | "claiming" | "leader";

/** Many opinions made one: `suspect` when some say down, `down` when enough do. */
export type Health = "up" | "suspect" | "down" | "unknown";

/** How a service is, all told. */
export type ServiceState = "ok" | "degraded" | "down" | "unknown";

/** How one publisher is doing. `drift`: the world shows something else than what was published. */
export type PublisherState = "ok" | "pending" | "failed" | "drift";

/** What stops a late write of an older epoch. */
export type Fence = "compare-and-set" | "claim" | "lease-only";

/** What `GET /v1/status` holds (PRODUCT.md). Keys may be added, never renamed; `*Ms` are ages or durations. */
export interface Status {
  /** Version of abfail on the node that answers. */
  readonly version: string;
  /** Name of the cluster. */
  readonly cluster: string;
  /** When this was true, RFC 3339 in UTC. */
  readonly time: string;
  readonly node: NodeStatus;
  /** Null when this node knows of none. */
  readonly leader: LeaderStatus | null;
  readonly quorum: QuorumStatus;
  /** Every other node, in the order of the config. */
  readonly peers: readonly PeerStatus[];
  readonly services: readonly ServiceStatus[];
  /** Sentences for people, the worst first; empty when all is well. */
  readonly problems: readonly string[];
}

/** The node that answers. */
export interface NodeStatus {
  readonly id: NodeId;
  readonly zone: string;
  readonly role: Role;
  /** Highest term seen; 0 when none. */
  readonly term: number;
  /** Epoch of its own lease on the leader, of the lease it granted elsewhere; null when none. */
  readonly epoch: string | null;
  /** How long that lease still binds, ms; null when none runs. */
  readonly leaseRemainingMs: number | null;
  readonly uptimeMs: number;
  readonly incarnation: string;
  /** UDP address as the others reach it. */
  readonly address?: string;
}

export interface LeaderStatus {
  readonly id: NodeId;
  readonly zone: string;
  readonly epoch: string;
  /** Age: how long it has led, as far as this node knows. */
  readonly sinceMs: number;
}

export interface QuorumStatus {
  readonly size: number;
  readonly needed: number;
  /** Nodes alive as seen from here, this one included. */
  readonly alive: number;
}

export interface PeerStatus {
  readonly id: NodeId;
  readonly zone: string;
  readonly address: string;
  readonly alive: boolean;
  /** 0 = heard a moment ago, 1 and above = held dead. */
  readonly suspicion: number;
  /** Age of the last verified datagram; null when never heard. */
  readonly lastHeardMs: number | null;
  readonly rttMs: number | null;
  /** 0..100. */
  readonly lossPercent: number | null;
  /** Such as `3 hears you, you do not hear 3`; null when fine. */
  readonly problem: string | null;
  /** Its role, where known. */
  readonly role?: Role;
  /** The nodes that it says it hears; absent while it is not heard itself. */
  readonly hears?: readonly NodeId[];
  /** How far away it finds the others; absent while it is not heard, shorter than `hears` where it has not told. */
  readonly links?: readonly LinkStatus[];
}

/** What a node measures to another. */
export interface LinkStatus {
  readonly id: NodeId;
  readonly rttMs: number | null;
  /** 0..100. */
  readonly lossPercent: number | null;
}

export interface ServiceStatus {
  readonly name: string;
  /** Name of the target in charge; null when nothing is published. */
  readonly active: string | null;
  /** Age; null when there was no decision yet. */
  readonly activeSinceMs: number | null;
  /** Target pinned by hand; null = automatic. */
  readonly pinned: string | null;
  /** Who pinned it; null while it is not, or where it is not known. */
  readonly pinnedBy?: ByHandStatus | null;
  /** What the leader's next decision waits for; null = nothing, or this node does not lead. */
  readonly waitingFor?: string | null;
  /** Flapping targets that are preferred to the active one and gone back to later than usual. */
  readonly heldBack?: readonly HeldBackStatus[];
  readonly state: ServiceState;
  /** In order of preference. */
  readonly targets: readonly TargetStatus[];
  readonly publishers: readonly PublisherStatus[];
  readonly lastSwitch: SwitchStatus | null;
}

export interface TargetStatus {
  readonly name: string;
  readonly health: Health;
  readonly drained: boolean;
  /** What each node thinks, by node id; a node that has not told is missing. */
  readonly opinions: Readonly<Record<string, Opinion>>;
  /** This node's last probe; null when there was none. */
  readonly lastProbe: ProbeStatus | null;
  /** How old each of these opinions is, by node id. */
  readonly opinionAgesMs?: Readonly<Record<string, number>>;
  /** Who drained it; null while it is not drained, or where it is not known. */
  readonly drainedBy?: ByHandStatus | null;
  /** How often it went down while in charge, of late. */
  readonly falls?: number;
  /** Where it is checked. */
  readonly address?: string;
  /** What is published when it is active. */
  readonly publish?: string;
}

/** Who did something by hand. */
export interface ByHandStatus {
  readonly who: string;
  /** Age. */
  readonly atMs: number;
}

/** A target that went down again and again. */
export interface HeldBackStatus {
  readonly target: string;
  /** How often, of late. */
  readonly falls: number;
  /** For how long it must still stay well; null where it is not well now, or where this node does not lead. */
  readonly forMs: number | null;
}

export interface ProbeStatus {
  readonly ok: boolean;
  readonly latencyMs: number;
  /** `HTTP 200`, `connection refused` ... */
  readonly detail: string;
  /** All is well, but not for long: `certificate ends in 5 days`; absent when there is nothing to say. */
  readonly warning?: string;
  readonly ageMs: number;
}

export interface PublisherStatus {
  readonly type: string;
  readonly name: string;
  /** What the world shows, as last read; null when nothing, or not known. */
  readonly shows: string | null;
  readonly fence: Fence;
  readonly state: PublisherState;
  /** Only there, and true, where another node leads: it publishes, and `ok` says that it has told of nothing wrong. */
  readonly atLeader?: true;
  /** Age of the last change made; null when none was. */
  readonly lastChangeMs: number | null;
  /** Age of the last read that agreed; null when none did. */
  readonly verifiedMs: number | null;
  /** Why it is not ok; null when it is. */
  readonly error: string | null;
  /** Whether the next switch would get out; absent for the embedded server, which needs nobody. */
  readonly rehearsal?: RehearsalStatus;
  /** What each name server and resolver of `verify` shows; absent where none is asked. */
  readonly verify?: readonly VerifyStatus[];
  /** What the world came to show, as this node saw it since it runs; the newest last. */
  readonly history?: readonly ChangeStatus[];
}

/** How it goes with proving that a publisher could be written (`rehearse`). */
export interface RehearsalStatus {
  /** `off`: not asked for. `due`: to come. `failed`: a failover would not be published. */
  readonly state: "off" | "due" | "ok" | "failed";
  /** Age of the last write that was done, rehearsed or not, as the cluster knows; null when there was none. */
  readonly provenMs: number | null;
  /** When it is rehearsed next, ms from now; null where this node does not lead, or not at all. */
  readonly nextMs: number | null;
  /** Why the last rehearsal failed; null when it did not. */
  readonly error: string | null;
}

/** What one name server or resolver shows. */
export interface VerifyStatus {
  /** Such as `ns1.example.com` or `resolver 1.1.1.1`. */
  readonly server: string;
  /** Null when nothing, or where it did not tell. */
  readonly shows: string | null;
  readonly agrees: boolean;
  /** How long it took to show what was published last; how long it has not, where it does not agree; null = not known. */
  readonly lagMs: number | null;
  /** `pending`: it may take a while. `lagging`, `silent`: it has taken too long. */
  readonly state: "ok" | "pending" | "lagging" | "silent";
  /** Why it did not tell; null when it did. */
  readonly error: string | null;
}

/** One change of what the world shows. */
export interface ChangeStatus {
  /** Age. */
  readonly atMs: number;
  readonly from: string | null;
  readonly to: string | null;
  /** `us`: written by this node. `former`: most likely a late write of a former leader. `other`: someone else. */
  readonly by: "us" | "former" | "other";
}

export interface SwitchStatus {
  readonly from: string | null;
  readonly to: string | null;
  readonly reason: SwitchReason;
  /** Age. */
  readonly atMs: number;
  /** First bad probe until the quorum held it down; null where no probe began it. */
  readonly detectMs: number | null;
  /** From there until a majority had accepted the new target; null when not known here. */
  readonly decideMs: number | null;
  /** From there until the last publisher had shown it; null when not (yet) known here. */
  readonly publishMs: number | null;
}
