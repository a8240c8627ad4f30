import assert from "node:assert/strict";
import type { CheckTiming } from "../../../src/config/config.ts";
import {
  createProbing,
  finishProbe,
  nextProbeAt,
  type Probing,
  startProbe,
} from "../../../src/health/probing.ts";

const TIMING: CheckTiming = { intervalMs: 1000, fastIntervalMs: 250, timeoutMs: 800, fall: 3, rise: 2 };

/** Starts the next probe when it is due and ends it `tookMs` later; returns when it started. */
function probe(p: Probing, good: boolean, timing = TIMING, tookMs = 5): number {
  const at = nextProbeAt(p);
  startProbe(p, timing, at);
  finishProbe(
    p,
    timing,
    { ok: good, latencyMs: tookMs, detail: good ? "HTTP 200" : "HTTP 503" },
    at + tookMs,
  );
  return at;
}

function probes(p: Probing, row: string, timing = TIMING): void {
  for (const one of row) probe(p, one === "+", timing);
}

/** A target that is up, with a grid that begins at 0. */
function upAt0(timing = TIMING): Probing {
  const p = createProbing(timing, 0, 0);
  probes(p, "+".repeat(timing.rise), timing);
  assert.equal(p.opinion, "up");
  return p;
}

Deno.test("the first probe is spread over the interval, one second at most", () => {
  assert.equal(nextProbeAt(createProbing(TIMING, 100, 0)), 100);
  assert.equal(nextProbeAt(createProbing(TIMING, 100, 0.5)), 600);
  assert.equal(nextProbeAt(createProbing({ ...TIMING, intervalMs: 60_000 }, 100, 0.5)), 600);
  assert.equal(nextProbeAt(createProbing({ ...TIMING, intervalMs: 200 }, 100, 0.5)), 200);
});

Deno.test("the first probes of thousands of targets are spread so that 2,000 a second start", () => {
  assert.equal(nextProbeAt(createProbing(TIMING, 100, 0.5, 2000)), 600);
  assert.equal(nextProbeAt(createProbing(TIMING, 100, 0.5, 5000)), 100 + 1250);
});

Deno.test("out of unknown, rise good or fall bad in a row are needed", () => {
  const p = createProbing(TIMING, 0, 0);
  probes(p, "+--+-");
  assert.equal(p.opinion, "unknown");
  probes(p, "-");
  assert.equal(p.opinion, "unknown");
  probes(p, "-");
  assert.equal(p.opinion, "down");
  probes(p, "+-++");
  assert.equal(p.opinion, "up");
  probes(p, "--+--");
  assert.equal(p.opinion, "up");
});

Deno.test("a change of opinion is told once, with what it was before", () => {
  const timing = { ...TIMING, fall: 1, rise: 1 };
  const p = createProbing(timing, 0, 0);
  const told = [true, true, false, false].map((good, i) => {
    startProbe(p, timing, i * 1000);
    return finishProbe(p, timing, { ok: good, latencyMs: 1, detail: "" }, i * 1000 + 1);
  });
  assert.deepEqual(told, [
    { opinionChanged: true, from: "unknown" },
    { opinionChanged: false, from: "up" },
    { opinionChanged: true, from: "up" },
    { opinionChanged: false, from: "down" },
  ]);
  assert.equal(p.opinionSince, 2001);
});

Deno.test("while the opinion may change the next probe starts fast_interval after the last one started", () => {
  const p = createProbing(TIMING, 0, 0);
  assert.equal(probe(p, true), 0);
  assert.equal(nextProbeAt(p), 250, "unknown");
  probe(p, true);
  assert.equal(nextProbeAt(p), 1000, "up: back to the grid");
  probe(p, false);
  assert.equal(nextProbeAt(p), 1250, "up, but a bad one came");
  probe(p, true);
  assert.equal(nextProbeAt(p), 2000, "the row is broken");
});

Deno.test("a probe that took longer than fast_interval is followed at once, never overlapped", () => {
  const p = upAt0();
  const at = probe(p, false, TIMING, 800);
  assert.equal(nextProbeAt(p), at + 800);
});

Deno.test("lateness does not add up, and a pause is not made up for by a burst", () => {
  const p = upAt0();
  const starts: number[] = [];
  for (let i = 0; i < 5; i++) {
    const at = nextProbeAt(p) + 7; // the loop is always late
    starts.push(at);
    startProbe(p, TIMING, at);
    finishProbe(p, TIMING, { ok: true, latencyMs: 1, detail: "" }, at + 1);
  }
  assert.deepEqual(starts, [1007, 2007, 3007, 4007, 5007]);
  startProbe(p, TIMING, 9400); // due at 6000
  finishProbe(p, TIMING, { ok: true, latencyMs: 1, detail: "" }, 9401);
  assert.equal(nextProbeAt(p), 10_000, "the phase is kept");
});

Deno.test("a probe longer than the interval skips the slots that it covers", () => {
  const timing = { ...TIMING, intervalMs: 200, fastIntervalMs: 50 };
  const p = upAt0(timing);
  const at = probe(p, true, timing, 700);
  assert.equal(at, 200);
  assert.equal(nextProbeAt(p), 1000);
});

Deno.test("a probe that never comes back counts as bad one second after its timeout", () => {
  const timing = { ...TIMING, fall: 1 };
  const p = upAt0(timing);
  startProbe(p, timing, 1000);
  assert.equal(nextProbeAt(p), 2800);
  assert.deepEqual(startProbe(p, timing, 2800), { opinionChanged: true, from: "up" });
  assert.equal(p.opinion, "down");
  assert.equal(p.startedAt, 2800);
});

Deno.test("a probe lost while this process did not run says nothing", () => {
  const timing = { ...TIMING, fall: 1 };
  const p = upAt0(timing);
  startProbe(p, timing, 1000);
  startProbe(p, timing, 9000);
  assert.equal(p.opinion, "up");
});

Deno.test("an inconclusive probe is not counted and soon repeated", () => {
  const p = upAt0();
  probe(p, false);
  const { last } = p;
  startProbe(p, TIMING, 1250);
  finishProbe(p, TIMING, { ok: false, latencyMs: 1, detail: "", inconclusive: true }, 1300);
  assert.deepEqual([p.bad, p.last], [1, last]);
  assert.equal(nextProbeAt(p), 1500);
});

Deno.test("an outcome that nobody waits for is ignored", () => {
  const p = upAt0();
  const before = structuredClone(p);
  finishProbe(p, TIMING, { ok: false, latencyMs: 1, detail: "late" }, 5000);
  assert.deepEqual(p, before);
});

Deno.test("a refused target is down within one interval and one fast interval (fall 2)", () => {
  const timing = { ...TIMING, intervalMs: 200, fastIntervalMs: 50, fall: 2 };
  for (let diedAt = 1000; diedAt < 1400; diedAt += 7) {
    const p = upAt0(timing);
    while (p.opinion !== "down") probe(p, nextProbeAt(p) < diedAt, timing, 1);
    assert.ok(p.opinionSince - diedAt <= 251, `died at ${diedAt}, down at ${p.opinionSince}`);
  }
});

Deno.test("it is known since when a target has been failing", () => {
  const p = upAt0();
  probes(p, "--");
  assert.equal(p.failingSince, 1000);
  probes(p, "+");
  assert.equal(p.failingSince, null);
});
