import type { ServiceConfig } from "../../../src/config/config.ts";
import type { ServiceDecision } from "../../../src/failover/cluster_state.ts";
import { createTimers, decide, type DecideInput, type Decision } from "../../../src/failover/decide.ts";
import type { Weighed } from "../../../src/health/weigh.ts";

/** A service with targets a, b, c; failback after 10 s, hold 5 s, verdicts within 3 x 1 s + 3 x 800 ms. */
export function service(changes: Partial<ServiceConfig> = {}): ServiceConfig {
  return {
    name: "web",
    observers: "majority",
    failback: "auto",
    failbackDelayMs: 10_000,
    minHoldMs: 5000,
    maxFailbackDelayMs: null,
    warmupMs: 0,
    onAllDown: { kind: "keep" },
    check: {
      type: "tcp",
      port: 80,
      send: null,
      expect: null,
      intervalMs: 1000,
      fastIntervalMs: 250,
      timeoutMs: 800,
      fall: 3,
      rise: 2,
    },
    targets: ["a", "b", "c"].map((name) => ({ name, address: `10.0.0.${name}`, port: null, publish: name })),
    publish: [],
    ...changes,
  };
}

/** The verdict of three nodes: `+` up, `-` down, `~` one of two says down, `?` nobody knows, `1` one says up. */
export function weighed(letters: string): Map<string, Weighed> {
  const one = (letter: string): Weighed => {
    switch (letter) {
      case "+":
        return { health: "up", usable: true, verdict: true, ups: 3, downs: 0, needed: 2 };
      case "-":
        return { health: "down", usable: false, verdict: true, ups: 0, downs: 3, needed: 2 };
      case "~":
        return { health: "suspect", usable: false, verdict: true, ups: 1, downs: 1, needed: 2 };
      case "1":
        return { health: "up", usable: false, verdict: false, ups: 1, downs: 0, needed: 2 };
      default:
        return { health: "unknown", usable: false, verdict: false, ups: 0, downs: 0, needed: 2 };
    }
  };
  return new Map([...letters].map((letter, i) => ["abc"[i]!, one(letter)]));
}

/** A decision that stands. */
export function active(name: string | null, changes: Partial<ServiceDecision> = {}): ServiceDecision {
  return {
    active: name,
    activeSinceWallMs: 0,
    pinned: null,
    drained: [],
    lastSwitch: { from: null, to: name, reason: "initial", atWallMs: 0, epoch: "1.1", detectMs: null },
    ...changes,
  };
}

/** What is decided at `now` by a leader that took over at 0. */
export function decideOnce(letters: string, changes: Partial<DecideInput> = {}): Decision {
  return decide({
    service: service(),
    decision: null,
    weighed: weighed(letters),
    timers: createTimers(0),
    shown: { kind: "none" },
    now: 0,
    ...changes,
  });
}

/** A decision in few words: `-> b (down)`, `stay`. */
export function words(decision: Decision): string {
  return decision.kind === "stay" ? "stay" : `-> ${decision.to ?? "nothing"} (${decision.reason})`;
}
