/** What every publisher must keep, whatever is behind it (STYLE.md 14). */
import assert from "node:assert/strict";
import type { Publisher } from "../../src/adapters/publishers/publisher.ts";
import type { PublishAction } from "../../src/publish/action.ts";
import { TcpRelay } from "../support/tcp_relay.ts";
import { read, rehearse, type Rig, said, TIMEOUT_MS, write } from "./rig.ts";

/** Registers the suite for one kind. */
export function conform(label: string, open: () => Promise<Rig>, ignore = false): void {
  Deno.test({
    name: `publisher contract: ${label}`,
    ignore,
    fn: async (t) => {
      await using rig = await open();
      await t.step("it shows what was written last, and nothing once withdrawn", () => writes(rig));
      await t.step("the same write again changes nothing", () => idempotent(rig));
      await t.step("a rehearsal is asked of the far side, and changes nothing", () => rehearsal(rig));
      await t.step("two epochs at once: the later one's value stands", () => concurrent(rig));
      await t.step("a write that arrives late is refused, or seen and put right", () => late(rig));
      await t.step("a slow far side: it ends in time, and says so", () => slow(rig));
      await t.step("down, then back: a failure in words, then done", () => downThenBack(rig));
    },
  });
}

async function perform(publisher: Publisher, action: PublishAction, timeoutMs = TIMEOUT_MS): Promise<string> {
  return said(await publisher.perform(action, timeoutMs));
}

async function writes(rig: Rig): Promise<void> {
  const publisher = rig.create("writes");
  assert.equal((await perform(publisher, read())).replace(", unclaimed", ""), "shows null");
  for (const value of ["192.0.2.1", "192.0.2.2", "2001:db8::2", "b.example.org", "192.0.2.3", null]) {
    assert.match(await perform(publisher, write(value)), /^(ok|shows .*)$/);
    assert.equal(await rig.shows("writes"), value);
    assert.equal(await perform(publisher, read()), `shows ${value}`);
  }
}

async function idempotent(rig: Rig): Promise<void> {
  const publisher = rig.create("same");
  for (let n = 0; n < 3; n++) {
    assert.match(await perform(publisher, write("192.0.2.1")), /^(ok|shows 192\.0\.2\.1)$/);
    assert.equal(await rig.shows("same"), "192.0.2.1");
  }
}

async function rehearsal(rig: Rig): Promise<void> {
  const publisher = rig.create("rehearsed");
  await perform(publisher, write("192.0.2.1"));
  const before = await rig.state?.("rehearsed");
  assert.match(await perform(publisher, rehearse("192.0.2.1")), /^(ok|shows 192\.0\.2\.1)$/);
  assert.equal(await perform(publisher, read()), "shows 192.0.2.1");
  assert.equal(await rig.state?.("rehearsed"), before);
  const wrong = rig.denied?.("rehearsed");
  if (wrong !== undefined) assert.match(await perform(wrong, rehearse("192.0.2.1")), /^failed: /);
  if (rig.looksFirst === true) {
    await perform(rig.create("rehearsed"), write("192.0.2.66"));
    assert.equal(await perform(publisher, rehearse("192.0.2.1")), "not started");
    assert.equal(await rig.shows("rehearsed"), "192.0.2.66");
  }
  if (rig.fence !== "compare-and-set") return;
  const young = rig.create("rehearsed");
  assert.equal(await perform(young, write("192.0.2.2", "8.2")), "shows 192.0.2.2");
  assert.equal(await perform(publisher, rehearse("192.0.2.1")), "fenced by 8.2");
  assert.equal(await rig.shows("rehearsed"), "192.0.2.2");
  if (rig.port === null) return;
  // Done late, after a switch: nothing comes back.
  await using relay = new TcpRelay(rig.port);
  const slow = rig.create("rehearsed", { port: relay.port });
  await perform(slow, read("8.2"));
  const arrived = relay.hold();
  const stale = perform(slow, rehearse("192.0.2.2", "8.2"));
  await arrived;
  assert.equal(await perform(young, write("192.0.2.3", "8.2")), "shows 192.0.2.3");
  relay.release();
  assert.equal(await stale, "shows 192.0.2.3");
  assert.equal(await rig.shows("rehearsed"), "192.0.2.3");
}

async function concurrent(rig: Rig): Promise<void> {
  for (let n = 0; n < 5; n++) {
    const name = `race${n}`;
    const [old, young] = [rig.create(name), rig.create(name)];
    await Promise.all([perform(old, read("7.1")), perform(young, read("8.2"))]);
    const [first, second] = await Promise.all([
      perform(old, write("192.0.2.7", "7.1")),
      perform(young, write("192.0.2.8", "8.2")),
    ]);
    const shown = await rig.shows(name);
    if (rig.fence === "lease-only") {
      assert(shown === "192.0.2.7" || shown === "192.0.2.8");
      continue;
    }
    assert.equal(second, "shows 192.0.2.8");
    assert.equal(shown, "192.0.2.8");
    // The earlier epoch was first and was overtaken (perhaps while it read back), or was refused.
    assert.match(first, /^(shows 192\.0\.2\.[78]|fenced by 8\.2)$/);
    assert.equal(await perform(old, write("192.0.2.7", "7.1")), "fenced by 8.2");
    assert.equal(await rig.shows(name), "192.0.2.8");
  }
}

async function late(rig: Rig): Promise<void> {
  if (rig.port === null) return;
  await using relay = new TcpRelay(rig.port);
  const old = rig.create("late", { port: relay.port });
  const young = rig.create("late");
  await perform(old, write("192.0.2.1", "7.1"));
  const arrived = relay.hold();
  const stale = perform(old, write("192.0.2.7", "7.1"));
  await arrived;
  assert.match(await perform(young, write("192.0.2.8", "8.2")), /^(ok|shows 192\.0\.2\.8)$/);
  relay.release();
  const answer = await stale;
  if (rig.fence === "compare-and-set") {
    assert.equal(answer, "fenced by 8.2");
    assert.equal(await perform(young, read("8.2")), "shows 192.0.2.8");
  } else {
    assert.equal(answer, "ok");
    assert.equal(await perform(young, read("8.2")), "shows 192.0.2.7");
    await perform(young, write("192.0.2.8", "8.2"));
  }
  assert.equal(await rig.shows("late"), "192.0.2.8");
}

async function slow(rig: Rig): Promise<void> {
  if (rig.port === null) return;
  await using relay = new TcpRelay(rig.port);
  const publisher = rig.create("slow", { port: relay.port });
  await perform(publisher, write("192.0.2.1"));

  // The answer never comes; whether it was done, only a look tells (some look before they write).
  relay.swallowAnswers(true);
  assert.match(await perform(publisher, write("192.0.2.2"), 300), /^failed: no answer within 300 ms/);
  relay.swallowAnswers(false);
  assert.match(await perform(publisher, read()), /^shows 192\.0\.2\.[12]$/);
  await perform(publisher, write("192.0.2.2"));
  assert.equal(await rig.shows("slow"), "192.0.2.2");

  // It arrives only after it was given up, and after something else was written: the mark is another one by then.
  if (rig.fence === "lease-only") return;
  const arrived = relay.hold();
  const given = perform(publisher, write("192.0.2.3"), 400);
  await arrived;
  assert.match(await given, /^failed: no answer within 400 ms; whether it was done is not known/);
  const direct = rig.create("slow");
  assert.equal(await perform(direct, write("192.0.2.4")), "shows 192.0.2.4");
  relay.release();
  assert.equal(await perform(publisher, write("192.0.2.4")), "shows 192.0.2.4");
  assert.equal(await rig.shows("slow"), "192.0.2.4");
}

async function downThenBack(rig: Rig): Promise<void> {
  const publisher = rig.create("down");
  await perform(publisher, write("192.0.2.1"));
  await rig.stop();
  const [reading, writing] = [await perform(publisher, read()), await perform(publisher, write("192.0.2.2"))];
  await rig.start();
  if (rig.port !== null) {
    assert.match(reading, /^failed: \S/);
    assert.match(writing, /^failed: \S/);
    assert.doesNotMatch(writing, /not known/); // nobody was there: nothing can have been done
  }
  assert.match(await perform(publisher, write("192.0.2.2")), /^(ok|shows 192\.0\.2\.2)$/);
  assert.equal(await rig.shows("down"), "192.0.2.2");
}
