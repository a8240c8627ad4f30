/** What a node takes from a packet of another: the election's message, the report in it, or a message of its own. */
import { unreachable } from "../base/assert.ts";
import type { NodeId } from "../base/id.ts";
import { isAlive } from "../election/detector.ts";
import type { Header } from "../election/messages.ts";
import { step } from "../election/step.ts";
import { noteDigest, onConfigAsk, onConfigTell } from "./compare.ts";
import type { NodeMessage, Packet } from "./events.ts";
import { onCarried, onOutcome } from "./operate.ts";
import { expectLateWrites } from "./publishing.ts";
import { unpackLinks } from "./links.ts";
import { behindReport, reportDigest, reportHasSay, unpackReport } from "./report.ts";
import type { NodeState, PeerSlot } from "./state.ts";
import type { NodeTurn } from "./turn.ts";

/** A packet that was opened and is no replay; of no member, or of an earlier life, it changes nothing here. */
export function onReceived(turn: NodeTurn, packet: Packet): void {
  const { state, now } = turn;
  const { header, message } = packet;
  const peer = state.peers.get(header.from);
  if (peer === undefined) return;
  const known = state.election.peers.get(header.from);
  const heardBefore = known?.heardAt ?? -Infinity;
  const electionMessage = isNodeMessage(message) ? null : message;
  turn.takeElection(step(state.election, { kind: "received", header, message: electionMessage }, turn.env));
  // A follower has few deadlines of its own.
  if (electionMessage?.kind === "claim") noticeSilent(turn);
  const fresh = known !== undefined && known.incarnation === header.incarnation && isForUs(state, header);
  if (!fresh) return;
  if (packet.report !== null && known.heardAt > heardBefore) takeReport(turn, peer, packet.report);
  noteDigest(turn, header.from, peer, packet.configDigest);
  if (isNodeMessage(message)) onNodeMessage(turn, header.from, peer, message);
  if (!peer.alive && isAlive(state.election, known, now)) {
    peer.alive = true;
    if (peer.hasLed) expectLateWrites(turn);
    turn.log("info", "peer", `Node ${header.from} is heard.`, { data: { node: header.from, alive: true } });
  }
}

/** Tells of each peer that is not heard any more. */
export function noticeSilent(turn: NodeTurn): void {
  for (const [id, peer] of turn.state.peers) {
    const known = turn.state.election.peers.get(id);
    if (!peer.alive || (known !== undefined && isAlive(turn.state.election, known, turn.now))) continue;
    peer.alive = false;
    turn.log("warning", "peer", `Node ${id} is not heard any more.`, { data: { node: id, alive: false } });
  }
}

function isForUs(state: NodeState, header: Header): boolean {
  return header.to === null || header.to === state.incarnation;
}

function isNodeMessage(message: Packet["message"]): message is NodeMessage {
  switch (message.kind) {
    case "command":
    case "outcome":
    case "config-ask":
    case "config-tell":
      return true;
    default:
      return false;
  }
}

function onNodeMessage(turn: NodeTurn, from: NodeId, peer: PeerSlot, message: NodeMessage): void {
  switch (message.kind) {
    case "command":
      return onCarried(turn, from, message);
    case "outcome":
      return onOutcome(turn, message.request, message.outcome);
    case "config-ask":
      return onConfigAsk(turn, from, message.part);
    case "config-tell":
      return onConfigTell(turn, from, peer, message);
    default:
      return unreachable(message);
  }
}

function takeReport(turn: NodeTurn, peer: PeerSlot, report: Uint8Array): void {
  const { state, now } = turn;
  peer.otherTargets = reportDigest(report) !== state.targetsDigest;
  if (peer.otherTargets) return;
  peer.reportedAt = now;
  const hasSay = reportHasSay(report);
  if (unpackReport(report, peer.opinions) || hasSay !== peer.hasSay) state.dirty = true;
  peer.hasSay = hasSay;
  peer.links = unpackLinks(behindReport(report, peer.opinions.length)) ?? peer.links;
}
