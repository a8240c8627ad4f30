/**
 * The datagrams of the election (ELECTION.md, Messages), as plain data. `wire` encodes and seals
 * them; the simulator passes them on as they are.
 *
 *     message  from -> to             means
 *     hello    any -> any             I am here (and: this is whom I hear)
 *     ask      candidate -> all       would you grant me a new ballot? changes no state
 *     would    any -> candidate       yes, or no and why
 *     claim    candidate/leader -> all   grant me this ballot; from a leader also the heartbeat
 *     grant    acceptor -> claimant   granted for L; what I have accepted
 *     deny     acceptor -> claimant   not granted and why
 *     release  holder -> all          this ballot is over; perhaps who shall follow
 *     yield    follower -> leader     I have more authority and am steady: hand over
 *     fetch    any -> any             send me parts of this accepted state
 *     chunk    any -> any             one part of it
 *     recall   joining -> all         I have lost my memory: tell me what you know
 *     told     any -> joining         highest, released and accepted here
 */
import type { Incarnation, NodeId } from "../base/id.ts";
import type { Ballot } from "./ballot.ts";

/** Names one accepted state of the register: its ballot, its index and a digest of its bytes. */
export interface EntryRef {
  readonly ballot: Ballot;
  /** Counts decisions, from 1. */
  readonly index: number;
  /** FNV-1a 32-bit digest of the bytes. */
  readonly digest: number;
  /** Length in bytes. */
  readonly size: number;
}

/** An accepted state of the register with its bytes. */
export interface Entry extends EntryRef {
  readonly state: Uint8Array;
}

/** A peer that the sender heard within its window (rule 5 [8], rule 9 [2]). */
export interface Heard {
  readonly id: NodeId;
  /** The newest life of that id which the sender knows. */
  readonly incarnation: Incarnation;
  /** True when an older life of that id was heard within the window too: a twin. */
  readonly twin: boolean;
}

/** What every datagram carries beside its message. */
export interface Header {
  readonly from: NodeId;
  readonly incarnation: Incarnation;
  /** The life of the receiver that this is meant for; null when the sender has heard none yet. */
  readonly to: Incarnation | null;
  /** The sender's monotonic clock when it sent this, ms; only its own echo gives it meaning. */
  readonly stamp: number;
  /** The receiver's last `stamp` that arrived here, and how long ago that was, ms; null when none. */
  readonly echo: { readonly stamp: number; readonly heldMs: number } | null;
  /** Datagrams that this life has sent to the receiver, this one included, modulo 2^32: gaps are losses. */
  readonly count: number;
  /** Peers heard within the window. */
  readonly heard: readonly Heard[];
  /** True while the sender may not vote (rule 8). */
  readonly joining: boolean;
}

/** Why a node would not grant. */
export type Refusal =
  /** A promise to another holder is running. */
  | "promised"
  /** The ballot is below one already granted or released here. */
  | "stale"
  /** The ballot was released. */
  | "released"
  /** May not vote: restarted a moment ago, or a newer twin of it is alive (rules 8, 9). */
  | "joining"
  /** Another lease length (rule 10). */
  | "config"
  /** A more authoritative node starts at once instead (rule 5). */
  | "outranked"
  /** Holding back for the successor that a leader named (rule 6). */
  | "successor";

/** What nodes say to each other (ELECTION.md, Messages); all of it sealed. */
export type Message =
  | { readonly kind: "hello" }
  | { readonly kind: "ask"; readonly seq: number; readonly released: Ballot | null }
  | {
    readonly kind: "would";
    readonly seq: number;
    readonly yes: boolean;
    readonly reason: Refusal | null;
    /** Term of the highest ballot granted or released there; 0 when none. */
    readonly term: number;
    /** Whom a promise there binds to; null when none is running. */
    readonly holder: NodeId | null;
    /** How long that promise still binds, ms. */
    readonly remainingMs: number;
  }
  | {
    readonly kind: "claim";
    readonly ballot: Ballot;
    /** Counts the claims of one incarnation; a grant answers one of them. */
    readonly seq: number;
    readonly leaseMs: number;
    /** Index of the newest entry of THIS ballot known to be committed; 0 when none. */
    readonly commit: number;
    /** The newest entry that the claimant accepted; a proposal when its ballot is the claim's. */
    readonly entry: EntryRef | null;
    /** Bytes of `entry`, where the receiver may lack it and it fits. */
    readonly state: Uint8Array | null;
    readonly released: Ballot | null;
  }
  | {
    readonly kind: "grant";
    readonly ballot: Ballot;
    readonly seq: number;
    readonly accepted: EntryRef | null;
    /** Bytes of `accepted`, where the claimant may lack it and it fits. */
    readonly state: Uint8Array | null;
  }
  | {
    readonly kind: "deny";
    readonly ballot: Ballot;
    readonly seq: number;
    readonly reason: Refusal;
    readonly highest: Ballot | null;
    readonly holder: NodeId | null;
    readonly remainingMs: number;
  }
  | { readonly kind: "release"; readonly ballot: Ballot; readonly successor: NodeId | null }
  | { readonly kind: "yield"; readonly ballot: Ballot }
  | {
    readonly kind: "fetch";
    readonly ballot: Ballot;
    readonly index: number;
    /** First part wanted, from 0. */
    readonly part: number;
    /** How many parts from there, 1..64. */
    readonly count: number;
  }
  | {
    readonly kind: "chunk";
    readonly entry: EntryRef;
    readonly part: number;
    readonly bytes: Uint8Array;
  }
  | { readonly kind: "recall"; readonly seq: number }
  | {
    readonly kind: "told";
    readonly seq: number;
    /** False while this node has no memory itself (rule 8). */
    readonly remembers: boolean;
    readonly highest: Ballot | null;
    readonly released: Ballot | null;
    readonly accepted: EntryRef | null;
    /** Bytes of `accepted` where they fit. */
    readonly state: Uint8Array | null;
    /** Members that went on without memory together (rule 8a); empty otherwise. */
    readonly cleared: readonly { readonly id: NodeId; readonly incarnation: Incarnation }[];
  };
