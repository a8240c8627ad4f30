import assert from "node:assert/strict";
import { applySwitch } from "../../../src/failover/apply.ts";
import { emptyState, withDecision } from "../../../src/failover/cluster_state.ts";
import { decodeState, encodeState } from "../../../src/failover/codec.ts";
import { createTimers, decide } from "../../../src/failover/decide.ts";
import { warmupOf } from "../../../src/failover/first_decision.ts";
import { fallsOf, forgetMs, heldBackFor, holdBackMs } from "../../../src/failover/flaps.ts";
import { drain, pin, undrain, unpin } from "../../../src/failover/operate.ts";
import { active, decideOnce, service, weighed, words } from "./fixture.ts";

const STAMP = { wallMs: 1000, epoch: "1.1" };
const BY = { ...STAMP, who: "token from 10.0.0.7" };

Deno.test("each fall doubles the time that a target is held back, up to the maximum", () => {
  const delays = [0, 1, 2, 3, 6, 7, 20].map((falls) => holdBackMs(service(), falls));
  assert.deepEqual(delays, [10_000, 10_000, 20_000, 40_000, 320_000, 320_000, 320_000]);
  assert.equal(holdBackMs(service({ maxFailbackDelayMs: 15_000 }), 5), 15_000);
  assert.equal(holdBackMs(service({ maxFailbackDelayMs: 0 }), 5), 10_000, "never below failback_delay");
});

Deno.test("a target that flaps is gone back to later each time, also by the next leader", () => {
  const config = service({ minHoldMs: 0 });
  let state = withDecision(emptyState(), "web", active("a"));
  const delays: number[] = [];
  let now = 0;
  let timers = createTimers(now);
  for (let round = 0; round < 4; round++) {
    if (round === 2) timers = createTimers(now); // another leader
    for (const letters of ["-++", "+++"]) {
      const from = now;
      for (;; now += 1000) {
        const decision = state.services["web"]!;
        const input = { service: config, decision, weighed: weighed(letters), timers, now };
        const decided = decide({ ...input, shown: { kind: "none" } });
        if (decided.kind === "stay") continue;
        state = applySwitch(state, config, decided, STAMP);
        const decoded = decodeState(encodeState(state));
        assert(decoded.ok);
        assert.deepEqual(decoded.value, state);
        break;
      }
      if (letters === "+++") delays.push(now - from);
    }
  }
  assert.deepEqual(delays, [10_000, 20_000, 40_000, 80_000]);
  assert.equal(fallsOf(state.services["web"]!, "a"), 4);
});

Deno.test("time in charge without a fall makes them forgotten, one by one", () => {
  const falls = [{ target: "a", count: 4, atWallMs: 0 }];
  const leave = (now: number): number | undefined => {
    const decided = decideOnce("-++", { decision: active("a", { falls }), now });
    return decided.kind === "switch" ? decided.falls : undefined;
  };
  const once = forgetMs(service());
  assert.deepEqual([leave(0), leave(once - 1), leave(once), leave(2 * once), leave(99 * once)], [
    5,
    5,
    4,
    3,
    1,
  ]);
});

Deno.test("a flapping target is taken at once when it is the best that is left", () => {
  const falls = [{ target: "a", count: 9, atWallMs: 0 }];
  assert.equal(words(decideOnce("+-+", { decision: active("b", { falls }) })), "-> a (down)");
});

Deno.test("how long it is still held back can be told while it is well", () => {
  const decision = active("b", { falls: [{ target: "a", count: 3, atWallMs: 0 }] });
  const timers = createTimers(0);
  const input = {
    service: service(),
    decision,
    weighed: weighed("+++"),
    timers,
    shown: { kind: "none" } as const,
  };
  const stays = decide({ ...input, now: 0 });
  assert(stays.kind === "stay" && stays.waitingFor?.includes("flaps"), JSON.stringify(stays));
  assert.equal(heldBackFor(service(), decision, timers, "a", 15_000), 25_000);
  assert.equal(heldBackFor(service(), decision, timers, "a", 40_000), null);
  assert.equal(heldBackFor(service(), decision, timers, "c", 0), 10_000, "as usual");
});

Deno.test("within the warm-up nothing is left because it is down; by hand and where nothing is lost it goes on", () => {
  const cold = { now: 1000, warmUntil: 3000 };
  const waits = decideOnce("-++", { decision: active("a"), ...cold });
  assert(waits.kind === "stay" && waits.reviewAt === 3000, JSON.stringify(waits));
  assert.equal(words(decideOnce("-++", { decision: active("a"), ...cold, now: 3000 })), "-> b (down)");
  assert.equal(
    words(decideOnce("-++", { decision: active("a", { pinned: "b" }), ...cold })),
    "-> b (manual)",
  );
  assert.equal(words(decideOnce("-++", cold)), "-> b (initial)", "nothing is published yet");
  const shown = { kind: "value", target: "a" } as const;
  assert.equal(words(decideOnce("-++", { shown, ...cold })), "stay");
  assert.equal(words(decideOnce("-++", { shown, ...cold, now: 3000 })), "-> b (initial)");
});

Deno.test("the warm-up is one row of bad probes, or what the config says", () => {
  assert.equal(warmupOf(service({ warmupMs: null })), 3 * 1000 + 800);
  assert.equal(warmupOf(service({ warmupMs: 60_000 })), 60_000);
});

Deno.test("who did it and when is part of the state, and gone with what was done", () => {
  const services = [service()];
  const by = { who: BY.who, atWallMs: 1000 };
  const pinned = pin(withDecision(emptyState(), "web", active("a")), services, "web", "b", BY);
  assert(pinned.ok);
  assert.deepEqual(pinned.value.services["web"]?.pinnedBy, by);
  const free = unpin(pinned.value, services, "web", { ...BY, who: "socket" });
  assert(free.ok);
  assert.equal(free.value.services["web"]?.pinnedBy, undefined);
  assert.deepEqual(free.value.services["web"]?.undoneBy, { who: "socket", atWallMs: 1000, target: "b" });
  const drained = drain(free.value, services, "web", "c", BY);
  assert(drained.ok);
  assert.deepEqual(drained.value.services["web"]?.drainedBy, [{ ...by, target: "c" }]);
  const decoded = decodeState(encodeState(drained.value));
  assert(decoded.ok);
  assert.deepEqual(decoded.value, drained.value);
  const back = undrain(drained.value, services, "web", "c", BY);
  assert(back.ok && back.value.services["web"]?.drainedBy === undefined);
});

Deno.test("undraining or pinning a target by hand forgets its falls", () => {
  const falls = [{ target: "a", count: 4, atWallMs: 0 }, { target: "b", count: 2, atWallMs: 0 }];
  const state = withDecision(emptyState(), "web", active("c", { falls, drained: ["a"] }));
  const undrained = undrain(state, [service()], "web", "a", BY);
  assert(undrained.ok);
  assert.deepEqual(undrained.value.services["web"]?.falls, [falls[1]]);
  const pinned = pin(undrained.value, [service()], "web", "b", BY);
  assert(pinned.ok && pinned.value.services["web"]?.falls === undefined);
});
