/** The news of who leads. */
import { formatEpoch } from "../election/ballot.ts";
import { knownLeader } from "../election/step.ts";
import type { NodeTurn } from "./turn.ts";

/** Tells once who leads, as this node sees it. A handover leaves no leader for a moment: that is no news. */
export function tellLeader(turn: NodeTurn): void {
  const { state, now } = turn;
  const ballot = knownLeader(state.election, now);
  if (ballot === null) {
    if (state.leaderThen === null) return;
    state.leaderlessSince ??= now;
    if (now - state.leaderlessSince < state.config.election.heartbeatMs) return;
    turn.log("warning", "leader", `No leader is known; it was node ${state.leaderThen.id}.`, {
      data: { node: null },
    });
    state.leaderThen = null;
    return;
  }
  state.leaderlessSince = null;
  const peer = state.peers.get(ballot.node);
  if (peer !== undefined) peer.hasLed = true;
  const epoch = formatEpoch(ballot);
  if (state.leaderThen?.epoch === epoch) return;
  if (ballot.node !== state.self) state.telling.lastLeader = ballot.node;
  state.leaderThen = { id: ballot.node, epoch, since: now };
  turn.log("info", "leader", `Node ${ballot.node} leads, epoch ${epoch}.`, {
    epoch,
    data: { node: ballot.node },
  });
}
