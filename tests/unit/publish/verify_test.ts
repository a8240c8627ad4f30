import assert from "node:assert/strict";
import type { Reconciler } from "../../../src/publish/reconcile.ts";
import {
  createVerifier,
  followPublisher,
  GRACE_MS,
  nextVerifyAt,
  verified,
  type VerifyAnswer,
  verifyDue,
} from "../../../src/publish/verify.ts";
import { type Lab, settledLab } from "./lab.ts";

const TTL_MS = 30_000;

/** A verifier beside a publisher at rest; `says` is what each place shows, undefined = it does not answer. */
class Scene {
  readonly lab: Lab = settledLab();
  readonly v = createVerifier(TTL_MS);
  readonly says = new Map<string, string | null | undefined>();
  readonly told: string[] = [];
  now = this.lab.now;

  get r(): Reconciler {
    return this.lab.r;
  }

  /** Publishes another value, as the publisher itself sees it. */
  publish(value: string): void {
    this.lab.now = this.now;
    this.lab.wish(value);
    this.lab.settle();
  }

  /** Asks whatever is due now. */
  ask(ageMs = 0): boolean {
    followPublisher(this.v, this.r, this.now);
    const round = verifyDue(this.v, this.now);
    if (round === null) return false;
    const answers = [...this.says].map(([server, shows]): VerifyAnswer => ({
      server,
      isResolver: server.startsWith("resolver"),
      shows,
      problem: shows === undefined ? "no answer" : null,
      ageMs,
    }));
    const { event, detail } = verified(this.v, round.number, answers, this.now);
    if (event !== null) this.told.push(`${event}: ${detail}`);
    return true;
  }

  /** Goes on for so long, asking when it is due; returns how often. */
  run(ms: number): number {
    let rounds = 0;
    for (const end = this.now + ms; nextVerifyAt(this.v) <= end;) {
      this.now = Math.max(this.now, nextVerifyAt(this.v));
      if (this.ask()) rounds++;
    }
    return rounds;
  }

  states(): string {
    return this.v.entries.map(({ server, state }) => `${server} ${state}`).join(", ");
  }
}

function scene(says: Record<string, string | null | undefined> = { ns1: "a", ns2: "a" }): Scene {
  const made = new Scene();
  for (const [server, shows] of Object.entries(says)) made.says.set(server, shows);
  made.ask();
  return made;
}

Deno.test("what all show is looked at every minute, and a leader that changed nothing claims no lag", () => {
  const calm = scene();
  assert.equal(calm.states(), "ns1 ok, ns2 ok");
  assert.deepEqual(calm.v.entries.map(({ lagMs }) => lagMs), [null, null]);
  assert.equal(calm.run(600_000), 10);
  assert.deepEqual(calm.told, []);
});

Deno.test("after a change each place's lag is measured from the write to its first right answer", () => {
  const s = scene();
  s.publish("b");
  s.ask();
  assert.equal(s.states(), "ns1 pending, ns2 pending");
  s.says.set("ns1", "b");
  s.run(2000);
  assert.equal(s.states(), "ns1 ok, ns2 pending");
  const [ns1] = s.v.entries;
  assert.ok(ns1?.lagMs !== null && ns1?.lagMs !== undefined && ns1.lagMs <= 1000, `${ns1?.lagMs}`);
  s.says.set("ns2", "b");
  s.run(5000);
  assert.ok((s.v.entries[1]?.lagMs ?? 0) >= 2000);
  assert.equal(s.v.entries[0]?.lagMs, ns1.lagMs, "it stays what it was");
  assert.equal(s.told.length, 1, "that all have seen it is told once");
  assert.match(s.told[0] ?? "", /^seen: all 2 that are asked show b after \d+ ms$/);
  s.run(200_000);
  assert.equal(s.told.length, 1);
});

Deno.test("a place that is silent does not make the others look slow", () => {
  const s = scene();
  s.publish("b");
  s.says.set("ns1", "b");
  s.now += 4000;
  s.ask(3900);
  assert.equal(s.v.entries[0]?.lagMs, 100);
});

Deno.test("who has not caught up within the grace is told once and is a problem until all agree", () => {
  const s = scene({ ns1: "a", "resolver 1.1.1.1": "a" });
  s.publish("b");
  s.says.set("ns1", "b");
  const rounds = s.run(GRACE_MS + TTL_MS - 1000);
  assert.ok(rounds > 5 && rounds < 15, `${rounds} rounds`);
  assert.equal(s.states(), "ns1 ok, resolver 1.1.1.1 pending", "a resolver may remember for its TTL more");
  s.run(120_000);
  assert.equal(s.states(), "ns1 ok, resolver 1.1.1.1 lagging");
  assert.equal(s.told.length, 1);
  assert.match(s.told[0] ?? "", /^worse: resolver 1\.1\.1\.1 shows a instead of b for \d+ s$/);
  s.says.set("resolver 1.1.1.1", "b");
  s.run(30_000);
  assert.equal(s.told[1], "better: all that are asked show b again");
});

Deno.test("a server that falls back later gets a grace of its own, and so does one that does not answer", () => {
  const s = scene();
  s.says.set("ns1", "old");
  s.says.set("ns2", undefined);
  s.run(60_000);
  assert.equal(s.states(), "ns1 pending, ns2 pending");
  s.run(2 * GRACE_MS);
  assert.equal(s.states(), "ns1 lagging, ns2 silent");
  assert.match(
    s.told[0] ?? "",
    /ns1 shows old instead of a for \d+ s; ns2 does not tell for \d+ s: no answer/,
  );
});

Deno.test("while a switch is under way nobody is asked, and what was asked before says nothing", () => {
  const s = scene();
  s.now = nextVerifyAt(s.v);
  const round = verifyDue(s.v, s.now);
  assert.ok(round !== null);
  s.lab.now = s.now;
  s.lab.wish("b");
  followPublisher(s.v, s.r, s.now);
  assert.equal(nextVerifyAt(s.v), Infinity);
  s.lab.settle();
  followPublisher(s.v, s.r, s.now);
  const late = [{ server: "ns1", isResolver: false, shows: "a", problem: null, ageMs: 0 }];
  assert.equal(verified(s.v, round.number, late, s.now).event, null);
  assert.equal(s.states(), "ns1 pending, ns2 pending");
});

Deno.test("a round that is never answered is asked anew, and who stops leading asks nobody", () => {
  const s = scene();
  s.now = nextVerifyAt(s.v);
  assert.ok(verifyDue(s.v, s.now) !== null);
  assert.equal(verifyDue(s.v, s.now), null);
  s.now = nextVerifyAt(s.v);
  assert.ok(verifyDue(s.v, s.now) !== null);
  s.r.leading = null;
  followPublisher(s.v, s.r, s.now);
  assert.equal(nextVerifyAt(s.v), Infinity);
  assert.deepEqual(s.v.entries, []);
});
