import type { Incarnation, NodeId } from "../base/id.ts";

/**
 * One tenure of the lease. Ballots are ordered by term, then node, then incarnation; a ballot is
 * never used again (ELECTION.md L2, [1]).
 */
export interface Ballot {
  /** Whole number below 2^53; starts near the wall clock in milliseconds. */
  readonly term: number;
  readonly node: NodeId;
  readonly incarnation: Incarnation;
}

/** Negative when `a` comes before `b`, positive when after, 0 when they are the same ballot. */
export function compareBallots(a: Ballot, b: Ballot): number {
  if (a.term !== b.term) return a.term - b.term;
  if (a.node !== b.node) return a.node - b.node;
  return a.incarnation < b.incarnation ? -1 : a.incarnation > b.incarnation ? 1 : 0;
}

/** The higher of two ballots, where null stands for "none yet" and is below every ballot. */
export function higherBallot(a: Ballot | null, b: Ballot | null): Ballot | null {
  if (a === null) return b;
  if (b === null) return a;
  return compareBallots(a, b) >= 0 ? a : b;
}

/** True when both name one holder: the same node in the same life. */
export function sameHolder(a: Ballot, b: Ballot): boolean {
  return a.node === b.node && a.incarnation === b.incarnation;
}

/** The epoch as users and DNS servers see it: `term.node` (PRODUCT.md, Words). */
export function formatEpoch(ballot: Ballot): string {
  return `${ballot.term}.${ballot.node}`;
}
