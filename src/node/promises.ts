/**
 * Promises that a running node can see broken with certainty; the simulator judges all of them by true time. A node
 * sees datagrams alone, late and out of order, so only what no delay can explain is told here:
 *
 *     one leader   another node leads while this one does
 *
 * Left out, since a sound cluster can show it: a later epoch at a publisher (someone restored a backup of it, or all
 * memory was lost: the leader goes on above it, `fenced`), and an active target that is down beside a usable one
 * (held by hand, `min_hold`, or a register that cannot commit: status says which).
 */
import { compareBallots, formatEpoch } from "../election/ballot.ts";
import { mayAct } from "../election/step.ts";
import type { Packet } from "./events.ts";
import type { NodeState } from "./state.ts";

/** A promise that was seen broken. */
export interface BrokenPromise {
  readonly promise: "one-leader";
  /** What was seen, one sentence. */
  readonly text: string;
  /** The other leader. */
  readonly node: number;
  readonly otherEpoch: string;
}

/** Stamps travel rounded: one must be so much later than the lease's begin to be after it, ms. */
const ROUNDING_MS = 5;

/**
 * Whether a datagram proves a second leader, judged before the node takes it. It does when all of this is true:
 *
 *     - this node has held the lease from `leading.since` until now;
 *     - it is a claim with something committed under its own ballot: only who holds the lease sends such;
 *     - it is of another ballot, made by another node, for this very life of this node;
 *     - it echoes a datagram that this node sent AFTER its lease began: so it was sent since then, and before now.
 *
 * A duplicate, or one that was under way for long, has an older echo, whatever the network does.
 */
export function secondLeader(state: NodeState, packet: Packet, now: number): BrokenPromise | null {
  const { header, message } = packet;
  const { leading, election } = state;
  if (leading === null || message.kind !== "claim" || message.commit === 0) return null;
  if (header.from === state.self || message.ballot.node !== header.from) return null;
  if (header.to !== state.incarnation || header.echo === null) return null;
  if (header.echo.stamp <= leading.since + ROUNDING_MS || !mayAct(election, now)) return null;
  if (election.role.kind !== "leader" || election.role.tenure.acting === null) return null;
  if (compareBallots(election.role.tenure.acting, message.ballot) === 0) return null;
  const otherEpoch = formatEpoch(message.ballot);
  return {
    promise: "one-leader",
    text: `Two nodes lead at once: this one in epoch ${leading.epoch}, node ${header.from} in epoch ` +
      `${otherEpoch}. This node publishes nothing until the leader changes or it is restarted.`,
    node: header.from,
    otherEpoch,
  };
}
