/** The news of a say that is lost or back. */
import { noSay, noSayText } from "./say.ts";
import type { NodeTurn } from "./turn.ts";

/** Tells when the say is lost or back; looked at with every step, so at least once a heartbeat. */
export function followSay(turn: NodeTurn): void {
  const { state, now } = turn;
  const why = noSay(state, now);
  if (why === state.say.told) return;
  const first = state.say.told === null && state.election.joining !== null; // nobody is heard yet at a start
  state.say.told = why;
  state.dirty = true;
  if (first) return;
  if (why === null) turn.log("info", "say", "This node's opinions of the targets count again.");
  else {
    turn.log("warning", "say", `This node's opinions of the targets do not count: ${noSayText(why)}.`, {
      data: { why },
    });
  }
  turn.shareReport();
}
