/** Taking up a lease that another let go (rule 6). */
import { learnRelease, runningPromise } from "./acceptor.ts";
import { compareBallots } from "./ballot.ts";
import { claim } from "./candidate.ts";
import { delta } from "./detector.ts";
import type { Message } from "./messages.ts";
import { HOLD_BACK_DELTAS } from "./release.ts";
import type { Turn } from "./turn.ts";

/** Another node let go. Its successor claims at once, the others hold back (rule 6). */
export function onRelease(turn: Turn, release: Extract<Message, { kind: "release" }>): void {
  const { state, now } = turn;
  learnRelease(turn, release.ballot);
  if (release.successor === null || state.released === null) return;
  if (compareBallots(release.ballot, state.released) !== 0 || runningPromise(state, now) !== null) return;
  const waiting = state.role.kind === "follower" || state.role.kind === "preparing";
  if (release.successor !== state.self.id) {
    state.notBefore = Math.max(state.notBefore, now + HOLD_BACK_DELTAS * delta(state));
  } else if (waiting && state.joining === null && state.stopping === null) {
    claim(turn);
  }
}
