/** Everything that was promised, held against everything that was seen. Pure; see the modules it joins for the rules. */
import type { Entry, Setting } from "./history.ts";
import { judgeLease } from "./judge_lease.ts";
import { judgeAnswers, judgeCalls, judgeCrashes, judgeRecoveries } from "./judge_service.ts";
import { judgeWrites } from "./judge_writes.ts";

export const PROMISES = [
  "one-leader",
  "epochs-rise",
  "one-target",
  "lost-time",
  "recovers",
  "stays-up",
] as const;

export interface Violation {
  readonly promise: typeof PROMISES[number];
  readonly at: number;
  readonly text: string;
}

export interface Verdict {
  /** In the order of time. */
  readonly violations: readonly Violation[];
  /** Writes that no lease could have held back: see `judge_writes.ts`. */
  readonly undecided: number;
}

export function judge(history: readonly Entry[], setting: Setting): Verdict {
  const writes = judgeWrites(history, setting);
  const violations = [
    ...judgeLease(history),
    ...writes.violations,
    ...judgeAnswers(history, setting),
    ...judgeCalls(history),
    ...judgeRecoveries(history),
    ...judgeCrashes(history),
  ].sort((a, b) => a.at - b.at);
  return { violations, undecided: writes.undecided };
}
