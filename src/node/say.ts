/**
 * Whether a node's opinions count. A node that cannot trust its own eyes says so in its reports and is left out
 * until it can again, its own opinion at its own decisions included:
 *
 *     cut off     it hears fewer than a quorum: what it cannot reach may be its own network
 *     paused      it did not run for a while (`woke`): what it thinks is old, probes under way have timed out
 *     starved     its timers are late again and again: answers that came in time are taken too late
 *
 * The last two end once it has kept its time for one round of probes. When so many have no say that no quorum of
 * opinions is left, nothing is switched: nothing moves on a guess.
 */
import { unreachable } from "../base/assert.ts";
import type { MonoMs } from "../base/time.ts";
import { isAlive } from "../election/detector.ts";
import { quorumSize } from "../election/settings.ts";
import type { NodeState, NoSay, Say } from "./state.ts";

/** So many late timers (`late`) within LATE_WITHIN_MS make a node starved. */
const LATE_TIMES = 3;
const LATE_WITHIN_MS = 5000;
/** The longest that a node has to prove itself, ms: long intervals are waited for by `fall` already. */
const MAX_ROUND_MS = 5000;

/** A node at its start. */
export function createSay(): Say {
  return { until: -Infinity, why: "paused", lates: [], told: null };
}

/** Why this node's opinions do not count now; null when they do. */
export function noSay(state: NodeState, now: MonoMs): NoSay | null {
  if (now < state.say.until) return state.say.why;
  let heard = 1;
  for (const peer of state.election.peers.values()) if (isAlive(state.election, peer, now)) heard++;
  return heard < quorumSize(state.election.settings) ? "cut-off" : null;
}

/** This process did not run for a while. */
export function onPaused(state: NodeState, now: MonoMs): void {
  state.say.why = "paused";
  state.say.until = now + roundMs(state);
}

/** A timer was late, but not so late that the process can have been stopped. */
export function onLate(state: NodeState, now: MonoMs): void {
  const { say } = state;
  say.lates = [...say.lates.filter((at) => at > now - LATE_WITHIN_MS), now].slice(-LATE_TIMES);
  if (say.lates.length < LATE_TIMES) return;
  if (now >= say.until) say.why = "starved";
  say.until = Math.max(say.until, now + roundMs(state));
}

/** Why, for people. */
export function noSayText(why: NoSay): string {
  switch (why) {
    case "cut-off":
      return "it hears fewer nodes than a quorum";
    case "paused":
      return "this process did not run for a while and probes anew";
    case "starved":
      return "its timers are late, this machine is too busy";
    default:
      return unreachable(why);
  }
}

/** What a round of probes takes, ms. */
function roundMs(state: NodeState): number {
  const rounds = state.services.map(({ config }) => config.check.intervalMs + config.check.timeoutMs);
  return Math.min(MAX_ROUND_MS, Math.max(0, ...rounds));
}
