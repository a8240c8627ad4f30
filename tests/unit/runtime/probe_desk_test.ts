import assert from "node:assert/strict";
import { Lateness } from "../../../src/runtime/lateness.ts";
import { ProbeDesk } from "../../../src/runtime/probe_desk.ts";

function never(): void {
  assert.fail("it is not given up");
}

/** A probe that ends when it is told to. */
function hanging(): { readonly run: () => Promise<void>; end(): void; readonly started: () => boolean } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let started = false;
  return { run: () => (started = true, promise), end: resolve, started: () => started };
}

Deno.test("probes above the cap wait in their order, and each that ends makes room for one", async () => {
  const clock = { now: () => 1000 };
  const desk = new ProbeDesk(clock, 2);
  const probes = Array.from({ length: 4 }, hanging);
  probes.forEach((probe, i) => desk.start(String(i), 900, probe.run, never));
  assert.deepEqual(probes.map((probe) => probe.started()), [true, true, false, false]);
  assert.deepEqual([desk.running, desk.waiting], [2, 2]);
  probes[0]!.end();
  await Promise.resolve().then(() => {}).then(() => {}).then(() => {});
  assert.deepEqual(probes.map((probe) => probe.started()), [true, true, true, false]);
  assert.equal(desk.lateness.quantileMs(1), 100);
  desk.end();
});

Deno.test("a probe that waits and is given up is not started any more: the target's next one is", async () => {
  const desk = new ProbeDesk({ now: () => 0 }, 1);
  const [hangs, old, next] = [hanging(), hanging(), hanging()];
  desk.start("a", 0, hangs.run, never);
  desk.start("b", 0, old.run, never);
  desk.start("b", 0, next.run, never);
  assert.equal(desk.waiting, 1);
  hangs.end();
  await Promise.resolve().then(() => {}).then(() => {}).then(() => {});
  assert.deepEqual([old.started(), next.started()], [false, true]);
  desk.end();
});

Deno.test("probes that hang make room for others after a moment, so that they do not hold up the healthy ones", () => {
  let now = 0;
  const desk = new ProbeDesk({ now: () => now });
  for (let i = 0; i < 1000; i++) desk.start(`h${i}`, now, hanging().run, never);
  assert.equal(desk.running, 128, "not all at once");
  now += 100;
  const healthy = hanging();
  desk.start("healthy", now, healthy.run, never);
  assert.equal(desk.running, 256);
  desk.end();
});

Deno.test("lateness: quantiles of the last minute, older things forgotten", () => {
  const lateness = new Lateness();
  assert.equal(lateness.quantileMs(0.5), null);
  for (let i = 0; i < 99; i++) lateness.note(0, 0.2);
  lateness.note(0, 80.2);
  assert.deepEqual([0.5, 0.99, 1].map((q) => lateness.quantileMs(q)), [0.5, 0.5, 80.2]);
  lateness.note(31_000, 3);
  assert.equal(lateness.quantileMs(1), 80.2);
  lateness.note(62_000, 3);
  assert.equal(lateness.quantileMs(1), 3);
});

Deno.test("a probe that finds no place for too long is given up, before the node counts it as bad", async () => {
  let now = 0;
  const desk = new ProbeDesk({ now: () => now }, 1);
  desk.start("hangs", now, hanging().run, never);
  const given = Promise.withResolvers<number>();
  const waits = hanging();
  desk.start("waits", now, waits.run, given.resolve);
  now = 950;
  assert.equal(await given.promise, 950);
  assert.deepEqual([waits.started(), desk.waiting], [false, 0]);
  desk.end();
});
