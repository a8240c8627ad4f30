/**
 * What goes into one node and what comes out of it. `runtime` performs the effects on the real world,
 * `sim` on a virtual one; neither decides anything (STYLE.md, How data flows).
 */
import type { MonoMs } from "../base/time.ts";
import type { NodeId } from "../base/id.ts";
import type { Config } from "../config/config.ts";
import type { Ballot } from "../election/ballot.ts";
import type { Entry, Header, Message } from "../election/messages.ts";
import type { Notice, NoticePhase } from "../failover/notice.ts";
import type { ProbeOutcome } from "../health/probing.ts";
import type { PublishAction, PublishResult } from "../publish/action.ts";
import type { VerifyAnswer } from "../publish/verify.ts";

/** One opened and verified datagram. */
export interface Packet {
  readonly header: Header;
  readonly message: Message | NodeMessage;
  /** The sender's opinions of the targets, packed by `node/report.ts`; null where it sent none. */
  readonly report: Uint8Array | null;
  /** Digest of the sender's config, 32 bits. */
  readonly configDigest: number;
}

/** Messages between nodes that the election knows nothing of. */
export type NodeMessage =
  /** An operator's wish on its way to the leader; sent again until an `outcome` comes. */
  | { readonly kind: "command"; readonly request: string; readonly command: Command; readonly who: string }
  | { readonly kind: "outcome"; readonly request: string; readonly outcome: Outcome }
  /** Digests of the sender's config, key by key, to name what differs. */
  | { readonly kind: "config-ask"; readonly part: number }
  | {
    readonly kind: "config-tell";
    readonly part: number;
    readonly parts: number;
    /** Pairs of 32-bit digests: key path, value. */
    readonly pairs: readonly (readonly [number, number])[];
  };

/** What an operator may ask for (PRODUCT.md, Commands). */
export type Command =
  | { readonly kind: "switch"; readonly service: string; readonly target: string; readonly dryRun: boolean }
  | { readonly kind: "unpin"; readonly service: string }
  | { readonly kind: "drain"; readonly service: string; readonly target: string }
  | { readonly kind: "undrain"; readonly service: string; readonly target: string }
  | { readonly kind: "step-down" };

/** What became of a command. */
export type Outcome =
  | { readonly ok: true; readonly message: string }
  /** `busy`: no leader right now; ask again. `refused`: it cannot be done, and why. */
  | { readonly ok: false; readonly reason: "busy" | "refused" | "unknown"; readonly message: string };

/** What can happen to a node. */
export type NodeEvent =
  | { readonly kind: "received"; readonly packet: Packet }
  /** A deadline may be due; harmless when none is. */
  | { readonly kind: "deadline" }
  | {
    readonly kind: "probed";
    readonly service: string;
    readonly target: string;
    readonly outcome: ProbeOutcome;
  }
  | {
    readonly kind: "published";
    readonly publisher: PublisherRef;
    readonly operation: number;
    readonly result: PublishResult;
  }
  /** What name servers and resolvers show. */
  | {
    readonly kind: "verified";
    readonly publisher: PublisherRef;
    readonly round: number;
    readonly answers: readonly VerifyAnswer[];
  }
  | { readonly kind: "command"; readonly request: string; readonly command: Command; readonly who: string }
  /** A receiver took a notice, or was given up (`tell`). */
  | { readonly kind: "told"; readonly key: string; readonly phase: NoticePhase; readonly receiver: string }
  /** The state directory took the last `persist`, or did not. */
  | { readonly kind: "persisted"; readonly ok: boolean; readonly detail: string }
  /** This process did not run for `gapMs`; its socket has been drained. */
  | { readonly kind: "woke"; readonly gapMs: number }
  /** Another config, that of the same members and election (SIGHUP). */
  | { readonly kind: "reload"; readonly config: Config }
  /** A timer was late by so much, though this process ran: its machine is busy. */
  | { readonly kind: "late"; readonly lateMs: number }
  /** Release the lease and end. */
  | { readonly kind: "stop" };

/** One publisher of one service: the n-th `[[services.publish]]` of it. */
export interface PublisherRef {
  readonly service: string;
  readonly index: number;
}

/** What a node remembers over restarts with `state_dir` (rule 8). */
export interface Durable {
  readonly highest: Ballot | null;
  readonly released: Ballot | null;
  readonly accepted: Entry | null;
}

/**
 * Performed in this order, each list as given: persist, send, publish, log. A `persist` must be on disk
 * before any later effect of the same list leaves (rule 8).
 */
export type Effect =
  | { readonly kind: "persist"; readonly durable: Durable }
  | { readonly kind: "send"; readonly to: NodeId; readonly packet: Packet }
  | {
    readonly kind: "probe";
    readonly service: string;
    readonly target: string;
    readonly timeoutMs: number;
    /** When it was to start: what is later than this is lateness. */
    readonly dueAt: MonoMs;
  }
  /**
   * Start only while `mayAct(state, now)` still holds with `deadline` ahead: asked again by the
   * performer at the moment of use. Answered by a `published` event in any case.
   */
  | {
    readonly kind: "publish";
    readonly publisher: PublisherRef;
    readonly operation: number;
    readonly action: PublishAction;
    /** The lease must outlive this moment for a write to start, mono ms. */
    readonly deadline: MonoMs;
    readonly timeoutMs: number;
  }
  /** Ask the name servers and resolvers of `verify` what they show. Answered by a `verified` event in any case. */
  | {
    readonly kind: "verify";
    readonly publisher: PublisherRef;
    readonly round: number;
    readonly timeoutMs: number;
  }
  /** The committed state changed: the embedded DNS server answers anew. */
  | { readonly kind: "committed" }
  | { readonly kind: "outcome"; readonly request: string; readonly outcome: Outcome }
  /** Tell one receiver (`NotifyConfig.id`) of something; answered by a `told` event, unless the lease ends. */
  | { readonly kind: "tell"; readonly notice: Notice; readonly receiver: string }
  | { readonly kind: "event"; readonly event: LogEvent }
  /** After `stop`: the lease is released and told; the process may end. */
  | { readonly kind: "stopped" };

/** One thing worth telling: a log line, an event of the API, a notification. */
export interface LogEvent {
  readonly level: "debug" | "info" | "warning" | "error";
  /** Stable name, such as `leader`, `switch`, `opinion`, `publish-failed`. */
  readonly name: string;
  /** One sentence for people. */
  readonly text: string;
  readonly epoch: string | null;
  readonly service: string | null;
  readonly data: Readonly<Record<string, string | number | boolean | null>>;
}
