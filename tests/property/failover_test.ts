import assert from "node:assert/strict";
import fc from "fast-check";
import type { Observers, ServiceConfig } from "../../src/config/config.ts";
import { applySwitch, nextSerial } from "../../src/failover/apply.ts";
import { type ClusterState, decisionOn, emptyState, isDecided } from "../../src/failover/cluster_state.ts";
import { decodeState, encodeState } from "../../src/failover/codec.ts";
import { createTimers, decide, type Shown } from "../../src/failover/decide.ts";
import { drain, pin, undrain, unpin } from "../../src/failover/operate.ts";
import type { Opinion } from "../../src/health/probing.ts";
import { weigh, type Weighed } from "../../src/health/weigh.ts";
import { service } from "../unit/failover/fixture.ts";

const NAMES = ["a", "b", "c"] as const;
const NODES = 3;

/** What happens next: opinions change, time passes, an operator or a new leader comes. */
type Happening =
  | { readonly kind: "opinion"; readonly node: number; readonly target: string; readonly opinion: Opinion }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "wish"; readonly wish: "pin" | "unpin" | "drain" | "undrain"; readonly target: string }
  | { readonly kind: "leader" };

const name = fc.constantFrom(...NAMES);
const opinion = fc.record({
  kind: fc.constant("opinion" as const),
  node: fc.integer({ min: 1, max: NODES }),
  target: name,
  opinion: fc.constantFrom<Opinion>("up", "up", "down", "down", "unknown"),
});
const wait = fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 12_000 }) });
const wish = fc.record({
  kind: fc.constant("wish" as const),
  wish: fc.constantFrom("pin", "unpin", "drain", "undrain" as const),
  target: name,
});
const happenings: fc.Arbitrary<Happening[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: opinion },
    { weight: 4, arbitrary: wait },
    { weight: 1, arbitrary: wish },
    { weight: 1, arbitrary: fc.constant({ kind: "leader" as const }) },
  ),
  { maxLength: 120, size: "max" },
);
const services: fc.Arbitrary<ServiceConfig> = fc.record({
  observers: fc.constantFrom<Observers>("majority", "all", "any", "leader", 1, 2, 3),
  failback: fc.constantFrom("auto", "auto", "manual" as const),
  failbackDelayMs: fc.constantFrom(0, 1000, 10_000),
  minHoldMs: fc.constantFrom(0, 1000, 5000),
  onAllDown: fc.constantFrom<ServiceConfig["onAllDown"]>(
    { kind: "keep" },
    { kind: "withdraw" },
    { kind: "fallback", target: "c" },
  ),
}).map((changes) => service(changes));
const shownValues: fc.Arbitrary<Shown> = fc.oneof(
  fc.constant<Shown>({ kind: "none" }),
  fc.constantFrom(...NAMES, null).map((target): Shown => ({ kind: "value", target })),
);

function weighAll(config: ServiceConfig, told: ReadonlyMap<string, Opinion>): Map<string, Weighed> {
  return new Map(config.targets.map((target) => {
    const opinions = [1, 2, 3].map((node) =>
      [node, told.get(`${node}/${target.name}`) ?? "unknown"] as const
    );
    return [target.name, weigh(opinions, config.observers, NODES, 1)];
  }));
}

function doWish(
  state: ClusterState,
  config: ServiceConfig,
  what: Happening & { kind: "wish" },
): ClusterState {
  const by = { wallMs: 0, epoch: "1.1", who: "test" };
  const done = what.wish === "unpin"
    ? unpin(state, [config], config.name, by)
    : { pin, drain, undrain }[what.wish](state, [config], config.name, what.target, by);
  return done.ok ? done.value : state;
}

Deno.test("whatever happens, decisions keep their promises", () => {
  fc.assert(
    fc.property(services, shownValues, happenings, (config, shown, story) => {
      let state = emptyState();
      let now = 0;
      let timers = createTimers(now);
      let heldSince = now;
      const told = new Map<string, Opinion>();
      for (const happening of story) {
        let byHand = false;
        if (happening.kind === "opinion") {
          told.set(`${happening.node}/${happening.target}`, happening.opinion);
        } else if (happening.kind === "wait") now += happening.ms;
        else if (happening.kind === "leader") {
          timers = createTimers(now);
          heldSince = now;
        } else {
          const next = doWish(state, config, happening);
          byHand = next !== state;
          state = next;
        }
        const weighed = weighAll(config, told);
        for (let rounds = 0;; rounds++) {
          assert.ok(rounds < 3, "it comes to rest at once");
          const before = decisionOn(state, config.name);
          const decision = decide({ service: config, decision: before, weighed, timers, shown, now });
          if (decision.kind === "stay") {
            if (decision.reviewAt !== null) assert.ok(decision.reviewAt > now, "a review lies ahead");
            const active = before?.active ?? null;
            const isDead = active !== null && weighed.get(active)?.health === "down" &&
              before?.pinned === null;
            if (isDead) assertNoWayOut(config, weighed, before?.drained ?? [], active);
            break;
          }
          const { to, reason } = decision;
          const health = to === null ? null : weighed.get(to)!;
          assert.notEqual(to, before?.active ?? (isDecided(before) ? null : "nothing yet"));
          if (reason !== "manual") assert.ok(to === null || !(before?.drained ?? []).includes(to), "drained");
          if (health?.health === "down") {
            assert.ok(reason === "manual" || reason === "all-down", reason);
            if (reason === "all-down") assertNoWayOut(config, weighed, before?.drained ?? [], null);
          }
          if (health?.health === "unknown") assert.ok(reason === "manual" || reason === "all-down");
          if (reason === "failback" && before?.lastSwitch?.reason !== "all-down") {
            assert.equal(config.failback, "auto");
            assert.ok(now - heldSince >= config.minHoldMs, "min_hold");
            assert.ok(health?.usable);
          }
          if (reason === "down") assert.equal(weighed.get(before!.active!)?.health, "down");
          if (before?.active != null && !byHand && reason !== "failback" && reason !== "manual") {
            const left = weighed.get(before.active)?.health;
            assert.ok(
              left === "down" || before.drained.includes(before.active),
              `${left} was left: ${reason}`,
            );
          }
          heldSince = now;
          const { serial } = state;
          state = applySwitch(state, config, decision, { wallMs: now, epoch: "1.1" });
          assert.ok(((state.serial - serial) >>> 0) < 0x8000_0000 && state.serial !== serial);
        }
        const decoded = decodeState(encodeState(state));
        assert.ok(decoded.ok);
        assert.deepEqual(decoded.value, state);
      }
    }),
    { numRuns: 500 },
  );
});

/** No target but `active` may be used. */
function assertNoWayOut(
  config: ServiceConfig,
  weighed: ReadonlyMap<string, Weighed>,
  drained: readonly string[],
  active: string | null,
): void {
  for (const target of config.targets) {
    if (target.name === active || drained.includes(target.name)) continue;
    assert.equal(weighed.get(target.name)?.usable, false, `${target.name} is usable`);
  }
}

Deno.test("the same story gives the same decisions", () => {
  fc.assert(fc.property(services, shownValues, happenings, (config, shown, story) => {
    const run = (): string => {
      let state = emptyState();
      let now = 0;
      const timers = createTimers(now);
      const told = new Map<string, Opinion>();
      for (const happening of story) {
        if (happening.kind === "opinion") {
          told.set(`${happening.node}/${happening.target}`, happening.opinion);
        }
        if (happening.kind === "wait") now += happening.ms;
        const weighed = weighAll(config, told);
        const decision = decisionOn(state, config.name);
        const decided = decide({ service: config, decision, weighed, timers, shown, now });
        if (decided.kind === "switch") {
          state = applySwitch(state, config, decided, { wallMs: now, epoch: "1.1" });
        }
      }
      return new TextDecoder().decode(encodeState(state));
    };
    assert.equal(run(), run());
  }));
});

Deno.test("a serial always rises, by RFC 1982", () => {
  fc.assert(fc.property(fc.nat(0xffff_ffff), fc.nat(2 ** 45), (serial, wallMs) => {
    const step = (nextSerial(serial, wallMs) - serial) >>> 0;
    assert.ok(step >= 1 && step <= 0x7fff_ffff);
  }));
});

Deno.test("no bytes make the decoder throw", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array(), fc.json().map((text) => new TextEncoder().encode(text))),
      (bytes) => {
        const decoded = decodeState(bytes);
        if (decoded.ok) assert.ok(decodeState(encodeState(decoded.value)).ok);
      },
    ),
  );
});
