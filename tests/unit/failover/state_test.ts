import assert from "node:assert/strict";
import { type Notice, NOTICE_TEXT_MAX, NOTICES_MAX } from "../../../src/failover/notice.ts";
import { withNotice, withOver, withTold } from "../../../src/failover/notices.ts";
import { applySwitch, nextSerial } from "../../../src/failover/apply.ts";
import { type ClusterState, emptyState, servicesOf } from "../../../src/failover/cluster_state.ts";
import { decodeState, encodeState } from "../../../src/failover/codec.ts";
import { drain, pin, undrain, unpin } from "../../../src/failover/operate.ts";
import { active, service } from "./fixture.ts";

const STAMP = { wallMs: 1_790_000_000_500, epoch: "17.1" };
const BY = { ...STAMP, who: "test" };
const SERVICES = [service(), service({ name: "mail" })];

function state(decision = active("a")): ClusterState {
  return { serial: 7, services: servicesOf([["web", decision]]) };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
}

Deno.test("a switch is recorded: who was, who is, why, when, under which epoch", () => {
  const next = applySwitch(
    state(),
    service(),
    { kind: "switch", to: "b", reason: "down", detectMs: 600 },
    STAMP,
  );
  assert.deepEqual({ ...next.services["web"] }, {
    active: "b",
    activeSinceWallMs: STAMP.wallMs,
    pinned: null,
    drained: [],
    lastSwitch: { from: "a", to: "b", reason: "down", atWallMs: STAMP.wallMs, epoch: "17.1", detectMs: 600 },
  });
  assert.equal(next.serial, 1_790_000_000);
  const first = applySwitch(emptyState(), service(), {
    kind: "switch",
    to: "a",
    reason: "initial",
    detectMs: null,
  }, STAMP);
  assert.equal(first.services["web"]?.lastSwitch?.from, null);
});

Deno.test("what its publishers have proven goes with a service over switches, and to every node", () => {
  const proven = [{ publisher: "exec move", atWallMs: STAMP.wallMs }];
  const before = state(active("a", { proven }));
  const decision = { kind: "switch", to: "b", reason: "down", detectMs: 600 } as const;
  const next = applySwitch(before, service(), decision, STAMP);
  const read = decodeState(encodeState(next));
  assert.deepEqual(read.ok && read.value.services["web"]?.proven, proven);
  const text = new TextDecoder().decode(encodeState(next)).replace('"exec move"', "7");
  assert.equal(decodeState(bytes(text)).ok, false);
});

Deno.test("what ails its publishers goes with a service over switches, and to every node", () => {
  const ailing = [
    { publisher: "exec move", how: "drift", why: "b is shown instead of a", atWallMs: STAMP.wallMs },
    { publisher: "exec move", how: "unproven", why: "HTTP 401", atWallMs: STAMP.wallMs },
  ] as const;
  const decision = { kind: "switch", to: "b", reason: "down", detectMs: 600 } as const;
  const next = applySwitch(state(active("a", { ailing })), service(), decision, STAMP);
  const read = decodeState(encodeState(next));
  assert.deepEqual(read.ok && read.value.services["web"]?.ailing, ailing);
  const text = new TextDecoder().decode(encodeState(next));
  for (const [from, to] of [['"drift"', '"asleep"'], ['"HTTP 401"', `"${"x".repeat(300)}"`]] as const) {
    assert.equal(decodeState(bytes(text.replace(from, to))).ok, false);
  }
});

Deno.test("a switch forgets pins and drains of targets that are gone, and keeps the others", () => {
  const before = state(active("a", { pinned: "gone", drained: ["c", "gone"] }));
  const next = applySwitch(
    before,
    service(),
    { kind: "switch", to: "b", reason: "down", detectMs: 1 },
    STAMP,
  );
  assert.deepEqual([next.services["web"]?.pinned, next.services["web"]?.drained], [null, ["c"]]);
});

Deno.test("the serial rises whatever the clock does, and never by more than counts as a rise", () => {
  assert.equal(nextSerial(7, 1_790_000_000_500), 1_790_000_000);
  assert.equal(nextSerial(1_790_000_000, 1_790_000_000_999), 1_790_000_001, "twice within a second");
  assert.equal(nextSerial(1_790_000_005, 1_790_000_000_000), 1_790_000_006, "the clock went back");
  assert.equal(nextSerial(0xffff_ffff, 0), 0, "around the end");
  assert.equal(nextSerial(0xffff_fff0, 5000 + 2 ** 32 * 1000), 5, "the clock has passed the end");
  assert.equal(nextSerial(1, (2 ** 31 + 5) * 1000), 2, "that far ahead would count as a fall");
});

Deno.test("pin notes the wish; the same wish again gives back the very same state", () => {
  const pinned = pin(state(), SERVICES, "web", "b", BY);
  assert.ok(pinned.ok);
  assert.deepEqual([pinned.value.services["web"]?.pinned, pinned.value.services["web"]?.active], ["b", "a"]);
  const again = pin(pinned.value, SERVICES, "web", "b", BY);
  assert.ok(again.ok && again.value === pinned.value);
  const back = unpin(pinned.value, SERVICES, "web", BY);
  assert.ok(back.ok && back.value.services["web"]?.pinned === null);
  const nothing = unpin(back.value, SERVICES, "web", BY);
  assert.ok(nothing.ok && nothing.value === back.value);
});

Deno.test("a service can be pinned before anything is decided, but not drained", () => {
  const pinned = pin(null, SERVICES, "web", "b", BY);
  assert.ok(pinned.ok && pinned.value.services["web"]?.pinned === "b");
  const drained = drain(emptyState(), SERVICES, "web", "b", BY);
  assert.deepEqual(drained, { ok: false, error: "nothing is decided about web yet; try again once it is" });
});

Deno.test("drain and undrain; the same wish again gives back the very same state", () => {
  const one = drain(state(), SERVICES, "web", "c", BY);
  assert.ok(one.ok);
  const two = drain(one.value, SERVICES, "web", "b", BY);
  assert.ok(two.ok);
  assert.deepEqual(two.value.services["web"]?.drained, ["b", "c"]);
  const again = drain(two.value, SERVICES, "web", "b", BY);
  assert.ok(again.ok && again.value === two.value);
  const back = undrain(two.value, SERVICES, "web", "b", BY);
  assert.ok(back.ok);
  assert.deepEqual(back.value.services["web"]?.drained, ["c"]);
  const nothing = undrain(back.value, SERVICES, "web", "b", BY);
  assert.ok(nothing.ok && nothing.value === back.value);
});

Deno.test("pinned and drained at once is refused, with the way out", () => {
  const drained = pin(state(active("a", { drained: ["b"] })), SERVICES, "web", "b", BY);
  assert.deepEqual(drained, { ok: false, error: 'b is drained; "abfail undrain web b" first' });
  const pinned = drain(state(active("b", { pinned: "b" })), SERVICES, "web", "b", BY);
  assert.deepEqual(pinned, { ok: false, error: 'web is pinned to b; "abfail unpin web" first' });
});

Deno.test("unknown names are refused with the nearest one and what is allowed", () => {
  const wrong = pin(state(), SERVICES, "wep", "b", BY);
  assert.deepEqual(wrong, {
    ok: false,
    error: 'there is no service called "wep"; did you mean "web"? (allowed: web, mail)',
  });
  const target = drain(state(), SERVICES, "web", "nowhere", BY);
  assert.deepEqual(target, {
    ok: false,
    error: 'there is no target of web called "nowhere" (allowed: a, b, c)',
  });
});

Deno.test("a state survives its bytes, and equal states are equal bytes", () => {
  const one: ClusterState = {
    serial: 5,
    services: { web: active("a"), constructor: active(null, { drained: ["b"] }) },
  };
  const other: ClusterState = {
    services: { constructor: active(null, { drained: ["b"] }), web: active("a") },
    serial: 5,
  };
  assert.equal(text(encodeState(one)), text(encodeState(other)));
  const decoded = decodeState(encodeState(one));
  assert.ok(decoded.ok);
  assert.deepEqual(encodeState(decoded.value), encodeState(one));
  assert.deepEqual(decoded.value.services["web"], active("a"));
});

Deno.test("what is still to be told travels with the state; a receiver that has taken it is waited for no more", () => {
  const notice: Notice = {
    key: "web/switch/5f3a09c1",
    event: "switch",
    phase: "trouble",
    service: "web",
    text: "web: a -> b (down).",
    epoch: "5.1",
    atWallMs: 7,
    data: { from: "a", detectMs: null },
    waits: ["one", "two"],
  };
  const begun = withNotice(emptyState(), notice);
  const decoded = decodeState(encodeState(begun));
  assert.ok(decoded.ok);
  assert.deepEqual(decoded.value.notices, [notice]);
  const half = withTold(decoded.value, notice.key, "trouble", "one");
  assert.deepEqual(half.notices, [{ ...notice, waits: ["two"] }]);
  assert.equal(withTold(half, notice.key, "trouble", "one"), half);
  assert.equal(withTold(half, notice.key, "over", "two"), half);
  const early = withOver(half, half.notices?.[0] ?? notice, {
    text: "x",
    epoch: "6.2",
    atWallMs: 9,
    waits: ["one", "two"],
  });
  assert.deepEqual(early.notices?.map(({ phase, waits }) => [phase, ...waits]), [
    ["trouble", "two"], // before it hears that it is over
    ["over", "one", "two"],
  ]);
  assert.equal(withTold(early, notice.key, "trouble", "two").notices?.length, 1);
  assert.equal(withNotice(early, notice).notices?.length, 1, "what begins again is one trouble");
  const open = withTold(half, notice.key, "trouble", "two");
  const over = withOver(open, open.notices?.[0] ?? notice, {
    text: "x",
    epoch: "6.2",
    atWallMs: 9,
    waits: ["one"],
  });
  assert.deepEqual(over.notices, [{
    ...notice,
    phase: "over",
    text: "x",
    epoch: "6.2",
    atWallMs: 9,
    waits: ["one"],
  }]);
  assert.deepEqual(encodeState(withTold(over, notice.key, "over", "one")), encodeState(emptyState()));
  const broken = decodeState(bytes({ serial: 1, services: {}, notices: [{ ...notice, phase: "later" }] }));
  assert.ok(!broken.ok);
  assert.equal(broken.error, "notices[0].phase is no known phase");
});

Deno.test("a state holds so many notices; news make room before troubles do", () => {
  const notice = (key: string, phase: "news" | "trouble"): Notice => {
    const empty = {
      service: null,
      text: "x".repeat(500),
      epoch: "5.1",
      atWallMs: 1,
      data: {},
      waits: ["one"],
    };
    return { key, event: "switch", phase, ...empty };
  };
  let state = withNotice(emptyState(), notice("first", "trouble"));
  for (let i = 0; i < NOTICES_MAX + 10; i++) state = withNotice(state, notice(`n${i}`, "news"));
  assert.equal(state.notices?.length, NOTICES_MAX);
  assert.equal(state.notices?.[0]?.key, "first");
  assert.equal(state.notices?.[0]?.text.length, NOTICE_TEXT_MAX);
  assert.equal(state.notices?.at(-1)?.key, `n${NOTICES_MAX + 9}`);
});

Deno.test("a service may have any name: nothing is found that was not decided", () => {
  const decoded = decodeState(encodeState(emptyState()));
  assert.ok(decoded.ok);
  assert.equal(decoded.value.services["constructor"], undefined);
  assert.equal(emptyState().services["constructor"], undefined);
});

Deno.test("keys of a newer version are left out", () => {
  const plain = { serial: 5, color: "red", services: { web: { ...active("a"), color: "red" } } };
  const decoded = decodeState(bytes(plain));
  assert.ok(decoded.ok);
  assert.equal(text(encodeState(decoded.value)).includes("color"), false);
});

Deno.test("bytes that are no state are refused, with the place", () => {
  const web = (changes: Record<string, unknown>): unknown => ({
    serial: 5,
    services: { web: { ...active("a"), ...changes } },
  });
  const cases: [unknown, string][] = [
    ["{", "this is not JSON in UTF-8"],
    [[], "the state is not a table"],
    [{ serial: 5 }, "services is not a table"],
    [{ serial: -1, services: {} }, "serial is not a number of 0 or more"],
    [{ serial: 1.5, services: {} }, "serial is not a whole number of 32 bits"],
    [{ serial: 2 ** 32, services: {} }, "serial is not a whole number of 32 bits"],
    [{ serial: 5, services: { web: null } }, "services.web is not a table"],
    [web({ active: 5 }), "services.web.active is not a text"],
    [web({ active: undefined }), "services.web.active is not a text"],
    [web({ activeSinceWallMs: 8.64e15 + 2 }), "services.web.activeSinceWallMs is no time"],
    [
      web({ pinned: "a", pinnedBy: { who: "x".repeat(101), atWallMs: 1 } }),
      "services.web.pinnedBy.who is longer than 100 characters",
    ],
    [
      web({ falls: [{ target: "a", count: 0.5, atWallMs: 1 }] }),
      "services.web.falls[0].count is not a whole number of 1 or more",
    ],
    [web({ drained: "a" }), "services.web.drained is not a list"],
    [web({ drained: ["a", 1] }), "services.web.drained[1] is not a text"],
    [web({ lastSwitch: undefined }), "services.web.lastSwitch is not a table"],
    [
      web({ lastSwitch: { ...active("a").lastSwitch, reason: "toString" } }),
      "services.web.lastSwitch.reason is no known reason",
    ],
  ];
  for (const [plain, error] of cases) assert.deepEqual(decodeState(bytes(plain)), { ok: false, error });
  assert.equal(decodeState(new Uint8Array([0xff, 0xfe])).ok, false);
});
