import assert from "node:assert/strict";
import fc from "fast-check";
import type { CheckTiming } from "../../src/config/config.ts";
import {
  createProbing,
  finishProbe,
  nextProbeAt,
  type Opinion,
  type Probing,
  startProbe,
} from "../../src/health/probing.ts";
import { weigh } from "../../src/health/weigh.ts";

const timings: fc.Arbitrary<CheckTiming> = fc.record({
  intervalMs: fc.integer({ min: 10, max: 5000 }),
  fast: fc.double({ min: 0.01, max: 1, noNaN: true }),
  timeoutMs: fc.integer({ min: 10, max: 3000 }),
  fall: fc.integer({ min: 1, max: 5 }),
  rise: fc.integer({ min: 1, max: 5 }),
}).map(({ fast, ...timing }) => ({
  ...timing,
  fastIntervalMs: Math.max(1, Math.round(timing.intervalMs * fast)),
}));

/** One probe: its result, how much of the timeout it takes, how late the loop is. */
const turns = fc.record({
  good: fc.boolean(),
  took: fc.double({ min: 0, max: 1, noNaN: true }),
  lateMs: fc.oneof({ weight: 5, arbitrary: fc.nat(20) }, { weight: 1, arbitrary: fc.nat(20_000) }),
});

/** The dumb twin: looks at the whole past each time. */
function opinionOf(past: readonly boolean[], timing: CheckTiming): Opinion {
  let opinion: Opinion = "unknown";
  for (let end = 1; end <= past.length; end++) {
    const lastGood = past.slice(Math.max(0, end - timing.rise), end);
    const lastBad = past.slice(Math.max(0, end - timing.fall), end);
    if (lastGood.length === timing.rise && lastGood.every((good) => good)) opinion = "up";
    else if (lastBad.length === timing.fall && lastBad.every((good) => !good)) opinion = "down";
  }
  return opinion;
}

Deno.test("the opinion is the one that the whole past gives; probes neither overlap nor fall behind", () => {
  fc.assert(fc.property(
    timings,
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.array(turns, { maxLength: 60, size: "max" }),
    (timing, phase, row) => {
      const p = createProbing(timing, 0, phase);
      const gridAt = nextProbeAt(p);
      const past: boolean[] = [];
      let now = 0;
      for (const { good, took, lateMs } of row) {
        const dueAt = nextProbeAt(p);
        assert.ok(dueAt >= now, "never before the last one has ended");
        const startedAt = dueAt + lateMs;
        const from = p.opinion;
        startProbe(p, timing, startedAt);
        now = startedAt + Math.round(took * timing.timeoutMs);
        const change = finishProbe(p, timing, { ok: good, latencyMs: 0, detail: "" }, now);
        past.push(good);
        assert.equal(p.opinion, opinionOf(past, timing));
        assert.deepEqual(change, { opinionChanged: p.opinion !== from, from });
        const settled = p.opinion === (good ? "up" : "down");
        if (settled) {
          const slots = (nextProbeAt(p) - gridAt) / timing.intervalMs;
          assert.ok(Math.abs(slots - Math.round(slots)) < 1e-6, "on the grid");
          assert.ok(nextProbeAt(p) > startedAt);
          assert.ok(nextProbeAt(p) <= Math.max(now, startedAt) + timing.intervalMs + 1e-6);
        } else {
          assert.equal(nextProbeAt(p), Math.max(startedAt + timing.fastIntervalMs, now));
        }
      }
    },
  ));
});

function isDown(p: Probing): boolean {
  return p.opinion === "down";
}

/** One probe, started when it is due, that takes no time. */
function run(p: Probing, timing: CheckTiming, good: boolean): void {
  const at = nextProbeAt(p);
  startProbe(p, timing, at);
  finishProbe(p, timing, { ok: good, latencyMs: 0, detail: "" }, at);
}

Deno.test("a refused target is down within one interval and fall - 1 fast intervals, whenever it dies", () => {
  fc.assert(fc.property(
    timings,
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.nat(20_000),
    (timing, phase, diedAt) => {
      const p = createProbing(timing, 0, phase);
      while (p.opinion !== "up" || nextProbeAt(p) < diedAt) run(p, timing, true);
      const upSince = p.opinionSince;
      while (!isDown(p)) run(p, timing, false);
      const limit = timing.intervalMs + (timing.fall - 1) * timing.fastIntervalMs;
      const took = p.opinionSince - Math.max(diedAt, upSince);
      assert.ok(took <= limit + 1e-6, `${took} > ${limit}`);
    },
  ));
});

const opinions = fc.array(fc.constantFrom<Opinion | null>("up", "down", "unknown", null), {
  minLength: 1,
  maxLength: 9,
});
const policies = fc.oneof(
  fc.constantFrom("majority", "all", "any", "leader" as const),
  fc.integer({ min: 1, max: 9 }),
);

Deno.test("a target is never usable while it is down, and one more bad opinion never makes it better", () => {
  fc.assert(fc.property(opinions, policies, fc.nat(8), (row, policy, at) => {
    const told = row.flatMap((opinion, i) => opinion === null ? [] : [[i + 1, opinion] as const]);
    const before = weigh(told, policy, row.length, 1);
    assert.ok(!(before.usable && before.health === "down"));
    if (before.usable || before.health === "down") assert.ok(before.verdict);
    if (told.length === 0) return;
    const index = at % told.length;
    const worse = weigh(
      told.map(([node, opinion], i) => [node, i === index ? "down" : opinion] as const),
      policy,
      row.length,
      1,
    );
    if (before.health === "down") assert.equal(worse.health, "down");
    if (!before.usable) assert.equal(worse.usable, false);
  }));
});

Deno.test("a minority of the cluster never gets a target called down by majority or by all", () => {
  fc.assert(fc.property(opinions, fc.constantFrom("majority", "all" as const), (row, policy) => {
    const minority = Math.ceil(row.length / 2) - 1;
    const told = row.slice(0, minority).map((_, i) => [i + 1, "down"] as const);
    assert.notEqual(weigh(told, policy, row.length, 1).health, "down");
  }));
});
