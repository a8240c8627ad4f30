/** What the loop needs of the world: everything real is behind this, and comes from `adapters`. */
import type { NodeId } from "../base/id.ts";
import type { MonoMs, Random, WallMs } from "../base/time.ts";
import type { Result } from "../base/result.ts";
import type { CheckConfig, TargetConfig } from "../config/config.ts";
import type { ProbeOutcome } from "../health/probing.ts";
import type { Durable, LogEvent, Outcome, Packet, PublisherRef } from "../node/events.ts";
import type { PublishAction, PublishResult } from "../publish/action.ts";
import type { VerifyAnswer } from "../publish/verify.ts";
import type { ClusterState } from "../failover/cluster_state.ts";
import type { Notice } from "../failover/notice.ts";

export interface World {
  readonly clock: { now(): MonoMs; wallMs(): WallMs };
  readonly random: Random;
  /** Seals and sends; never throws, never waits. */
  send(to: NodeId, packet: Packet): void;
  /** Hands over every datagram that is already here. */
  drain(): Promise<void>;
  /** Stores on disk before it returns; null without a state directory. */
  readonly persist: ((durable: Durable) => Result<void, string>) | null;
  /** Never rejects; ends within the check's timeout. */
  probe(check: CheckConfig, target: TargetConfig): Promise<ProbeOutcome>;
  /** Never rejects; ends within `timeoutMs`, or soon after `signal`. */
  publish(
    ref: PublisherRef,
    action: PublishAction,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<PublishResult>;
  /** Asks all places of a publisher's `verify`. Never rejects; ends within `timeoutMs`. */
  verify(ref: PublisherRef, timeoutMs: number): Promise<readonly VerifyAnswer[]>;
  /** A probe starts, so late; for the figures. */
  probeStarted?(lateMs: number): void;
  /** A probe has ended; for the figures. */
  probed?(service: string, target: string, outcome: ProbeOutcome): void;
  /** The committed state changed. */
  committed(cluster: ClusterState | null): void;
  /** Tells one receiver; returns at once. What becomes of it comes as a `told` event. */
  tell(notice: Notice, receiver: string): void;
  outcome(request: string, outcome: Outcome): void;
  event(event: LogEvent): void;
}
