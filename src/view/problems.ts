/**
 * The order of the sentences under `problems` in the status: what hurts the users of a service first, what
 * merely may hurt later last.
 */

/** What a problem is about, from the worst to the mildest. */
export const PROBLEM_KINDS = [
  /** A service has no healthy target. */
  "service-down",
  /** The world shows something else than what was published. */
  "drift",
  /** A publisher cannot make it so. */
  "publish-failed",
  "no-quorum",
  "no-leader",
  /** A node may not vote, or acts on another config. */
  "config",
  /** A node is silent, or hears and is not heard. */
  "peer",
  /** A target that is not in charge is down or suspect, drained, or pinned against its health. */
  "target",
  /** This host pauses, cannot store, is slow. */
  "host",
  /** Worth knowing: a certificate that ends soon, a warning of the config. */
  "notice",
] as const;

export type ProblemKind = typeof PROBLEM_KINDS[number];

/** One thing that is wrong. */
export interface Problem {
  readonly kind: ProblemKind;
  /** One sentence for people, without a full stop. */
  readonly text: string;
}

/** The sentences, worst first, each once; those of one kind keep their order. */
export function orderProblems(problems: readonly Problem[]): string[] {
  const sorted = problems.toSorted((a, b) => PROBLEM_KINDS.indexOf(a.kind) - PROBLEM_KINDS.indexOf(b.kind));
  return [...new Set(sorted.map((problem) => problem.text))];
}
