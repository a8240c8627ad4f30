import type { NodeId } from "../base/id.ts";
import { type Room, roomOf } from "./room.ts";

/** One member of the fixed cluster. */
export interface Member {
  readonly id: NodeId;
  /** Higher leads first; equal priorities are ordered by id, lower first. */
  readonly priority: number;
}

/** What the protocol runs with (ELECTION.md, State of a node, Durations). All durations are milliseconds. */
export interface ElectionSettings {
  readonly self: NodeId;
  readonly members: readonly Member[];
  /** How often a leader renews. */
  readonly heartbeatMs: number;
  /** How long an acceptor's promise binds it (Gray and Cheriton 1989). */
  readonly leaseMs: number;
  /** Bound on how far a clock's rate may be off real time; default 0.01. */
  readonly rho: number;
  readonly preempt: boolean;
  readonly preemptDelayMs: number;
  /** After a start: grant and claim nothing for so long. */
  readonly quarantineMs: number;
  /** Rule 8b: how long to wait for others' memory. */
  readonly rejoinWaitMs: number;
  /** What fits a datagram. */
  readonly room: Room;
}

/** Fills in what follows from the lease. `quarantineMs` can only be lengthened (rule 10). */
export function completeSettings(
  given: Omit<ElectionSettings, "rho" | "quarantineMs" | "rejoinWaitMs" | "room"> & {
    readonly rho?: number;
    readonly quarantineMs?: number | null;
  },
): ElectionSettings {
  const rho = given.rho ?? 0.01;
  const needed = given.leaseMs * (1 + rho) / (1 - rho);
  return {
    ...given,
    rho,
    quarantineMs: Math.max(needed, given.quarantineMs ?? 0),
    rejoinWaitMs: 5 * given.leaseMs,
    room: roomOf(given.members.length),
  };
}

/** Q: how many nodes make a majority. */
export function quorumSize(settings: { readonly members: readonly unknown[] }): number {
  return Math.floor(settings.members.length / 2) + 1;
}

/** L': how long a leader trusts a round, counted from the moment it was sent. */
export function trustedLeaseMs(settings: ElectionSettings): number {
  return settings.leaseMs * (1 - settings.rho) / (1 + settings.rho);
}

/** The failure detector's window: heard within it = alive. */
export function windowMs(settings: ElectionSettings): number {
  return Math.max(500, settings.leaseMs);
}

/** True when `a` has more authority than `b`: higher priority, then lower id. */
export function outranks(a: Member, b: Member): boolean {
  return a.priority !== b.priority ? a.priority > b.priority : a.id < b.id;
}
