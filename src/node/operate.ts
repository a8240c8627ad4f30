/** Operators' wishes: carried to the leader, done once, answered when they are decided. */
import { unreachable } from "../base/assert.ts";
import type { NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import { drain, pin, undrain, unpin } from "../failover/operate.ts";
import type { ClusterState } from "../failover/cluster_state.ts";
import { knownLeader, step } from "../election/step.ts";
import { bestSuccessor } from "../election/release.ts";
import type { Command, Outcome } from "./events.ts";
import type { NodeState, Wish } from "./state.ts";
import type { NodeTurn } from "./turn.ts";

/** How long a wish looks for a leader, ms. */
const ERRAND_MS = 5000;
/** How often it is sent again, ms. */
const ERRAND_EVERY_MS = 200;
/** Outcomes remembered, and wishes waiting, at most. */
const MAX_OUTCOMES = 256;
const MAX_WISHES = 64;

/** Takes a wish from this node's own API. */
export function onCommand(turn: NodeTurn, wish: Wish): void {
  const { state, now } = turn;
  if (state.errands.size >= MAX_WISHES) {
    turn.add({ kind: "outcome", request: wish.request, outcome: busy("too many commands are waiting") });
    return;
  }
  state.errands.set(wish.request, { wish, until: now + ERRAND_MS, nextAt: now, askedOf: null });
  runErrands(turn);
}

/** Brings waiting wishes to whoever leads now. */
export function runErrands(turn: NodeTurn): void {
  const { state, now } = turn;
  for (const [request, errand] of state.errands) {
    if (now >= errand.until) {
      finishErrand(turn, request, busy("no leader took it up within 5 s"));
      continue;
    }
    if (now < errand.nextAt) continue;
    errand.nextAt = now + ERRAND_EVERY_MS;
    const { command, who } = errand.wish;
    const leader = state.leading !== null ? state.self : knownLeader(state.election, now)?.node ?? null;
    if (leader === null) continue;
    // Whoever was asked leads no more: done, though the answer was lost. The next leader must not step down as well.
    if (command.kind === "step-down" && errand.askedOf !== null && errand.askedOf !== leader) {
      const message = `node ${errand.askedOf} leads no more, node ${leader} does`;
      finishErrand(turn, request, { ok: true, message });
      continue;
    }
    errand.askedOf = leader;
    if (leader === state.self) takeUp(turn, errand.wish);
    else turn.sendNode(leader, { kind: "command", request, command, who });
  }
}

/** A wish that another node carried here. */
export function onCarried(turn: NodeTurn, from: NodeId, wish: Omit<Wish, "from">): void {
  takeUp(turn, { ...wish, from });
}

/** An outcome that the leader sent. */
export function onOutcome(turn: NodeTurn, request: string, outcome: Outcome): void {
  finishErrand(turn, request, outcome);
}

function takeUp(turn: NodeTurn, wish: Wish): void {
  const { state } = turn;
  const known = state.outcomes.get(wish.request);
  if (known !== undefined) {
    tell(turn, wish, known);
    return;
  }
  if (state.leading === null) return; // it will be sent again, to whoever leads by then
  const waiting = (other: Wish): boolean => other.request === wish.request;
  if (state.wishes.some(waiting) || state.proposed?.wishes.some(waiting)) return;
  if (state.wishes.length >= MAX_WISHES) return;
  if (wish.command.kind === "step-down") {
    stepDown(turn, wish);
    return;
  }
  if (wish.command.kind === "switch" && wish.command.dryRun) {
    const tried = applyCommand(state.cluster, wish.command, turn, wish.who);
    finishWish(
      turn,
      wish,
      tried.ok ? { ok: true, message: wouldSwitch(state, wish.command) } : refused(tried.error),
    );
    return;
  }
  state.wishes.push(wish);
  state.dirty = true;
}

function stepDown(turn: NodeTurn, wish: Wish): void {
  const { state, now } = turn;
  const to = bestSuccessor(state.election, now);
  if (to === null) {
    finishWish(turn, wish, refused("no other node is in touch with a majority, so nobody could lead"));
    return;
  }
  turn.log("info", "step-down", `Told to step down by ${wish.who}.`, { epoch: state.leading?.epoch ?? null });
  finishWish(turn, wish, { ok: true, message: `node ${state.self} hands leadership over to node ${to}` });
  turn.takeElection(step(state.election, { kind: "step-down" }, turn.env));
}

/** Applies a wish to a state that is about to be proposed. */
export function applyCommand(
  cluster: ClusterState | null,
  command: Command,
  turn: NodeTurn,
  who: string,
): Result<ClusterState, string> {
  const { state, env } = turn;
  const stamp = { wallMs: env.wallMs, epoch: state.leading?.epoch ?? "", who };
  switch (command.kind) {
    case "switch":
      return pin(cluster, state.config.services, command.service, command.target, stamp);
    case "unpin":
      return unpin(cluster, state.config.services, command.service, stamp);
    case "drain":
      return drain(cluster, state.config.services, command.service, command.target, stamp);
    case "undrain":
      return undrain(cluster, state.config.services, command.service, command.target, stamp);
    case "step-down":
      return cluster === null ? err("nothing is decided yet") : ok(cluster);
    default:
      return unreachable(command);
  }
}

/** Ends a wish at the leader: remembered, told to whoever brought it. */
export function finishWish(turn: NodeTurn, wish: Wish, outcome: Outcome): void {
  const { outcomes } = turn.state;
  outcomes.set(wish.request, outcome);
  for (const request of outcomes.keys()) {
    if (outcomes.size <= MAX_OUTCOMES) break;
    outcomes.delete(request);
  }
  tell(turn, wish, outcome);
}

function tell(turn: NodeTurn, wish: Wish, outcome: Outcome): void {
  if (wish.from === null) finishErrand(turn, wish.request, outcome);
  else turn.sendNode(wish.from, { kind: "outcome", request: wish.request, outcome });
}

function finishErrand(turn: NodeTurn, request: string, outcome: Outcome): void {
  if (!turn.state.errands.delete(request)) return;
  turn.add({ kind: "outcome", request, outcome });
}

/** What an operator reads when a wish is done. */
export function done(command: Command): Outcome {
  switch (command.kind) {
    case "switch":
      return { ok: true, message: `${command.service}: switched to ${command.target} and pinned there` };
    case "unpin":
      return { ok: true, message: `${command.service}: back to automatic` };
    case "drain":
      return { ok: true, message: `${command.service}: ${command.target} is drained` };
    case "undrain":
      return { ok: true, message: `${command.service}: ${command.target} may be used again` };
    case "step-down":
      return { ok: true, message: "leadership is handed over" };
    default:
      return unreachable(command);
  }
}

function wouldSwitch(state: NodeState, command: Extract<Command, { kind: "switch" }>): string {
  const active = state.cluster?.services[command.service]?.active ?? null;
  return active === command.target
    ? `${command.service}: ${command.target} is active already; it would be pinned there`
    : `${command.service}: would switch from ${active ?? "nothing"} to ${command.target} and pin it`;
}

function busy(why: string): Outcome {
  return { ok: false, reason: "busy", message: why };
}

/** The outcome of a wish that cannot be done. */
export function refused(why: string): Outcome {
  return { ok: false, reason: "refused", message: why };
}

/** When a waiting wish is due again; Infinity when none waits. */
export function nextErrand(state: NodeState): number {
  let next = Infinity;
  for (const errand of state.errands.values()) next = Math.min(next, errand.nextAt, errand.until);
  return next;
}
