/**
 * Everything the protocol keeps (ELECTION.md, State of a node), as plain data.
 *
 * Why it is changed in place: `step` owns the state while it runs, the same state, event, time and chance
 * always give the same result, and no copy of a hundred fields is made a thousand times a second in the
 * simulator. Given up: an old state cannot be kept without `structuredClone`.
 */
import type { Incarnation, NodeId } from "../base/id.ts";
import type { MonoMs } from "../base/time.ts";
import type { Ballot } from "./ballot.ts";
import type { Entry, EntryRef, Heard, Refusal } from "./messages.ts";
import type { ElectionSettings, Member } from "./settings.ts";

export interface ElectionState {
  readonly settings: ElectionSettings;
  readonly self: Member;
  readonly incarnation: Incarnation;
  /** Counts asks, claims and recalls of this life. */
  seq: number;

  /** The acceptor's floor: highest ballot granted or released here. */
  highest: Ballot | null;
  /** Highest ballot known to be released. */
  released: Ballot | null;
  /** Whom this acceptor is bound to; the ballot names the holder. */
  promise: { ballot: Ballot; expires: MonoMs } | null;
  /** The replicated register. */
  accepted: Entry | null;
  /** The newest entry known to be committed. */
  committed: Entry | null;
  /** Highest term in any answer; only used to choose a new ballot [4]. */
  seen: number;

  readonly peers: Map<NodeId, Peer>;
  /** Not null while this node may not vote (rules 8 and 9). */
  joining: Joining | null;
  role: Role;
  /** Release being told (rule 4); null when none is. */
  releasing: { ballot: Ballot; successor: NodeId | null; left: number; nextAt: MonoMs } | null;

  /** When a follower without a leader starts to ask; null = to be chosen (rule 5). */
  startAt: MonoMs | null;
  /** No ask before this moment: another was named successor, or the last try failed. */
  notBefore: MonoMs;
  /** Failed tries in this leaderless spell; the pause doubles with each. */
  failures: number;
  /** Ballot of the last tenure that ran out here: counted once (rule 6, k). */
  ranOut: Ballot | null;
  /** A handover that a successor has not taken up yet. */
  handover: { to: NodeId; by: MonoMs } | null;

  /** When this node began to be two-way in touch with Q nodes without a break; null while it is not. */
  steadySince: MonoMs | null;
  nextYieldAt: MonoMs;
  /** The newest entry of the leader, as its last granted claim named it. */
  leaderEntry: EntryRef | null;
  /** Tenures of this node that ran out under it (rule 6, k). */
  ownVanished: number;
  /** A state being pulled in parts. */
  inbox: Inbox | null;
  /** A publish is in flight: no handover before it ends (rule 6). Set by the node around this core. */
  busy: boolean;
  /** Null until told to stop. */
  stopping: { readonly since: MonoMs } | null;
  /** The members that went on without memory together with this one (rule 8a); empty otherwise. */
  cleared: readonly { readonly id: NodeId; readonly incarnation: Incarnation }[];
  /** Another process with this id is alive (rule 9): when it was last told. */
  twinAt: MonoMs | null;
  /** The last denial that a peer gave for another lease length (rule 10). */
  configDeniedBy: Map<NodeId, MonoMs>;
}

/** What this node knows of another. */
export interface Peer {
  readonly member: Member;
  /** The life of it that is heard; null when never heard. */
  incarnation: Incarnation | null;
  /** When another life began to be heard beside this one; null when none is. */
  otherLifeSince: MonoMs | null;
  /** When two lives of it were last heard beside each other: a twin. */
  twinHeardAt: MonoMs;
  /** When the newest datagram of it was sent, by this node's clock; -Infinity when never. */
  heardAt: MonoMs;
  /** Its last header. */
  heard: readonly Heard[];
  joining: boolean;
  /** When its header last said that it hears this node, in this life. */
  hearsUsAt: MonoMs;
  /** Since when both ways have worked without a break; null while they do not. */
  twoWaySince: MonoMs | null;
  /** Its newest stamp on a datagram for this life of this node: another `to` under a later one means a newer twin. */
  addressedUs: number | null;
  /** It addresses another life of this node and says that it hears it: its newest such stamp, since when, and the last time. */
  addressedOther: { readonly stamp: number; readonly since: MonoMs; readonly at: MonoMs } | null;
  /** Smallest (arrival - its stamp) seen, and when: a datagram on time; since when all were later than the window. */
  offset: { min: number; at: MonoMs; lateSince: MonoMs | null } | null;
  /** Its newest stamp and when it arrived, for the echo. */
  lastStamp: { stamp: number; at: MonoMs } | null;
  /** Smoothed round trip, ms; null until measured. */
  rttMs: number | null;
  lastSentAt: MonoMs;
  /** Datagrams sent to it. */
  sentCount: number;
  /** Its `count` when last heard; null before. */
  lastCount: number | null;
  /** Share of its datagrams that were lost lately, 0..1. */
  loss: number;
  /** Tenures of it that ran out, and handovers that it did not take up (rule 6, k). */
  vanished: number;
  /** How often it was answered `outranked` in this leaderless spell (rule 5). */
  outranked: number;
}

/** A node without a vote (rule 8). */
export interface Joining {
  /** End of the quarantine. */
  readonly until: MonoMs;
  /** Memory was kept, learnt or given up on: only quarantine and twins remain. */
  remembers: boolean;
  /** End of the wait for others' memory (rule 8b). */
  readonly giveUpAt: MonoMs;
  nextRecallAt: MonoMs;
  /** The round of recalls under way. */
  round: { seq: number; readonly forgetful: Map<NodeId, Incarnation> } | null;
  /** Q members that had no memory in the round before, as one text; "" when none. */
  lastForgetful: string;
  /** Members not joining that told their memory after the quarantine. */
  readonly told: Set<NodeId>;
  /** The newest memory told so far. */
  highest: Ballot | null;
  released: Ballot | null;
  accepted: EntryRef | null;
  acceptedState: Entry | null;
  /** Whom to fetch `accepted` from. */
  acceptedAt: NodeId | null;
}

/** What a node is doing about the lease (the chart is in `step.ts`). */
export type Role =
  | { readonly kind: "follower" }
  | {
    readonly kind: "preparing";
    readonly seq: number;
    readonly answers: Map<NodeId, Answer>;
    nextAt: MonoMs;
    sent: number;
  }
  | {
    readonly kind: "claiming";
    readonly tenure: Tenure;
    nextAt: MonoMs;
    sent: number;
    readonly giveUpAt: MonoMs;
  }
  | { readonly kind: "leader"; readonly tenure: Tenure; nextAt: MonoMs };

/** An answer to an ask. */
export interface Answer {
  readonly yes: boolean;
  readonly reason: Refusal | null;
  /** When its promise ends, by this node's clock. */
  readonly freeAt: MonoMs;
}

/** One holding of the lease, or the attempt at one. */
export interface Tenure {
  /** The ballot of the claims that go out. */
  ballot: Ballot;
  /** The ballot that Q nodes granted and that this node acts under; null before the first quorum. */
  acting: Ballot | null;
  since: MonoMs;
  /** When each recent claim was sent, by seq; older than the lease is dropped. */
  readonly sentAt: Map<number, MonoMs>;
  /** When the newest claim of this tenure that each node granted was sent. */
  readonly granted: Map<NodeId, MonoMs>;
  /** The same, of `ballot` alone: a majority here makes it `acting`. */
  readonly grantedNow: Map<NodeId, { sentAt: MonoMs; accepted: EntryRef | null; state: Uint8Array | null }>;
  readonly denied: Set<NodeId>;
  /** Denials' remaining times, for the next try. */
  readonly freeAt: Map<NodeId, MonoMs>;
  /** Lease end by this node's clock; never moves backward. */
  validUntil: MonoMs;
  /** The newest entry among the Q grants, while its bytes are being pulled (rule 7). */
  choice: { readonly ref: EntryRef; readonly since: MonoMs } | null;
  /** The entry of `acting` that is on its way to Q nodes, or has got there. */
  proposal: { readonly entry: Entry; committed: boolean; resends: number } | null;
  /** Rule 7 is done for `acting`: the node may act. */
  ready: boolean;
  /** A more authoritative node asks for the lease (rule 6). */
  yieldFrom: { id: NodeId; until: MonoMs } | null;
  /** Told to step down by hand. */
  stepDown: boolean;
}

/** Parts of a state on their way here. */
export interface Inbox {
  readonly ref: EntryRef;
  from: NodeId;
  readonly parts: (Uint8Array | null)[];
  missing: number;
  nextAt: MonoMs;
  /** When the last new part came; at first, when the pull began. */
  heardAt: MonoMs;
}

/** What a node remembers over restarts with `state_dir` (rule 8). */
export interface Memory {
  readonly highest: Ballot | null;
  readonly released: Ballot | null;
  readonly accepted: Entry | null;
}

/** A node at its start: without a vote until its quarantine is over (rule 8). */
export function createElection(
  settings: ElectionSettings,
  incarnation: Incarnation,
  memory: Memory | null,
  now: MonoMs,
): ElectionState {
  const self = settings.members.find((m) => m.id === settings.self);
  if (self === undefined) throw new Error(`node ${settings.self} is not a member`);
  const peers = new Map<NodeId, Peer>();
  for (const member of settings.members) if (member !== self) peers.set(member.id, createPeer(member));
  return {
    settings,
    self,
    incarnation,
    seq: 0,
    highest: memory?.highest ?? null,
    released: memory?.released ?? null,
    promise: null,
    accepted: memory?.accepted ?? null,
    committed: null,
    seen: memory?.highest?.term ?? 0,
    peers,
    joining: createJoining(settings, memory !== null, now),
    role: { kind: "follower" },
    releasing: null,
    startAt: null,
    notBefore: now,
    failures: 0,
    ranOut: null,
    handover: null,
    steadySince: null,
    nextYieldAt: now,
    leaderEntry: null,
    ownVanished: 0,
    inbox: null,
    busy: false,
    stopping: null,
    cleared: [],
    twinAt: null,
    configDeniedBy: new Map(),
  };
}

/** The state of a node that lost its vote: at a start, or when a newer twin is alive. */
export function createJoining(settings: ElectionSettings, remembers: boolean, now: MonoMs): Joining {
  return {
    until: now + settings.quarantineMs,
    remembers,
    giveUpAt: now + settings.rejoinWaitMs,
    nextRecallAt: now + settings.quarantineMs,
    round: null,
    lastForgetful: "",
    told: new Set(),
    highest: null,
    released: null,
    accepted: null,
    acceptedState: null,
    acceptedAt: null,
  };
}

function createPeer(member: Member): Peer {
  return {
    member,
    incarnation: null,
    otherLifeSince: null,
    twinHeardAt: -Infinity,
    heardAt: -Infinity,
    heard: [],
    joining: true,
    hearsUsAt: -Infinity,
    twoWaySince: null,
    addressedUs: null,
    addressedOther: null,
    offset: null,
    lastStamp: null,
    rttMs: null,
    lastSentAt: -Infinity,
    sentCount: 0,
    lastCount: null,
    loss: 0,
    vanished: 0,
    outranked: 0,
  };
}
