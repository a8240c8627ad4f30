import assert from "node:assert/strict";
import { type Clock, createClock } from "../../../src/adapters/clock.ts";
import { openUptime, parseUptime } from "../../../src/adapters/uptime.ts";

/** A machine whose three clocks the test moves. */
class Machine {
  mono = 5_000;
  wallMs = 1_763_881_200_000;
  booted = 900_004;
  uptimeReads = 0;
  /** What one reading of the uptime clock takes, ms. */
  readingMs = 0;
  hasUptime = true;

  awake(ms: number): void {
    this.mono += ms;
    this.wallMs += ms;
    this.booted += ms;
  }

  asleep(ms: number): void {
    this.wallMs += ms;
    this.booted += ms;
  }

  clock(): Clock {
    return createClock({
      monotonic: () => this.mono,
      wall: () => Math.floor(this.wallMs),
      uptime: () => {
        this.uptimeReads++;
        this.awake(this.readingMs);
        return this.hasUptime ? Math.floor(this.booted / 10) * 10 : null;
      },
    });
  }
}

Deno.test("awake, the clock is the monotonic one and the uptime clock is left alone", () => {
  const machine = new Machine();
  const clock = machine.clock();
  const start = clock.now();
  for (let n = 0; n < 10_000; n++) {
    machine.awake(0.7);
    clock.now();
  }
  assert(Math.abs(clock.now() - start - 7000) < 1e-6);
  assert.equal(machine.uptimeReads, 1, "at the start");
});

Deno.test("time asleep counts, to some milliseconds, in each of several sleeps", () => {
  const machine = new Machine();
  const clock = machine.clock();
  let last = clock.now();
  for (const slept of [60, 1500, 47, 3_600_000]) {
    machine.asleep(slept);
    const now = clock.now();
    assert(Math.abs(now - last - slept) <= 2, `${now - last} for ${slept}`);
    machine.awake(100);
    last = clock.now();
    assert(Math.abs(last - now - 100) <= 2);
  }
  assert(Math.abs(clock.suspendedMs - 3_601_607) <= 8);
});

Deno.test("a wall clock that is set, forward or back, moves nothing", () => {
  const machine = new Machine();
  const clock = machine.clock();
  let last = clock.now();
  for (const step of [5_000, -20_000, 40, -40, 86_400_000]) {
    machine.wallMs += step;
    machine.awake(10);
    const now = clock.now();
    assert.equal(now - last, 10, `set by ${step}`);
    last = now;
  }
  machine.awake(6.5); // the uptime clock has stepped by 10
  machine.wallMs += 1_000;
  assert.equal(clock.now() - last, 6.5);
  last = clock.now();
  machine.asleep(2_000);
  assert(Math.abs(clock.now() - last - 2_000) <= 2, "and the next sleep is seen all the same");
});

Deno.test("asleep while the wall clock was set too: the uptime clock decides", () => {
  const machine = new Machine();
  const clock = machine.clock();
  const before = clock.now();
  machine.asleep(3_000);
  machine.wallMs += 60_000;
  assert(Math.abs(clock.now() - before - 3_000) <= 10);
});

Deno.test("a slow way to read the uptime clock does not turn a set wall clock into a sleep", () => {
  const machine = new Machine();
  machine.readingMs = 80;
  const clock = machine.clock();
  machine.readingMs = 2;
  machine.wallMs += 60;
  const before = machine.mono;
  assert(clock.now() - before <= 4);
  assert.equal(clock.suspendedMs, 0);
});

Deno.test("without an uptime clock it is the monotonic one, and says that it sees no sleep", () => {
  const machine = new Machine();
  machine.hasUptime = false;
  const clock = machine.clock();
  const before = clock.now();
  machine.asleep(10_000);
  assert.equal(clock.now(), before);
  assert.equal(clock.seesSuspend, false);
});

Deno.test("the clock never goes backward", () => {
  const machine = new Machine();
  const clock = machine.clock();
  const before = clock.now();
  machine.mono -= 20;
  assert.equal(clock.now(), before);
  machine.mono += 21;
  assert.equal(clock.now(), before + 1);
});

Deno.test("the system's clock runs, and sees suspends on Linux", () => {
  const clock = createClock();
  const [first, second] = [clock.now(), clock.now()];
  assert(second >= first);
  assert.equal(clock.seesSuspend, Deno.build.os === "linux");
  assert.equal(clock.suspendedMs, 0);
  assert(clock.wallMs() > 1_700_000_000_000);
  clock.close();
});

Deno.test("the uptime file is read as milliseconds, and nothing else is", () => {
  assert.equal(parseUptime("7104.48 13309.45\n"), 7_104_480);
  for (const text of ["", "7104", "x 1.0\n", "1.0"]) assert.equal(parseUptime(text), null, text);
  const reader = openUptime();
  if (Deno.build.os === "linux") assert((reader.read() ?? 0) > 0);
  reader.close();
});
