import assert from "node:assert/strict";
import { holdsLease, leaseRemaining, mayAct } from "../../../src/election/step.ts";
import { trustedLeaseMs } from "../../../src/election/settings.ts";
import { Lab } from "../../support/election_lab.ts";

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test("a fresh cluster elects the most authoritative node right after the quarantine", () => {
  const lab = new Lab();
  const took = lab.until(() => lab.leader() !== null);
  assert.equal(lab.leader(), 1);
  assert.ok(took > 1000 && took < 1300, `${took} ms`);
});

Deno.test("priority goes before id", () => {
  const lab = new Lab({ priorities: [0, 0, 5] });
  lab.until(() => lab.leader() !== null);
  lab.run(15_000);
  assert.equal(lab.leader(), 3);
});

Deno.test("the lease counts from when the round was sent, not from when the grants came", () => {
  const lab = new Lab({ latencyMs: 40 });
  lab.until(() => lab.leader() !== null);
  const leader = lab.node(lab.leader()!);
  lab.run(2000);
  const left = leaseRemaining(leader, lab.now);
  assert.ok(
    left <= trustedLeaseMs(leader.settings) - 80,
    `${left} ms left although a round trip takes 80 ms`,
  );
});

Deno.test("a leader whose lease ran out stops acting before it answers anything", () => {
  const lab = new Lab();
  lab.until(() => lab.leader() === 1);
  lab.paused.add(1);
  lab.run(5000);
  const woken = lab.node(1);
  assert.equal(woken.role.kind, "leader", "nothing has told it yet");
  assert.equal(holdsLease(woken, lab.now), false);
  assert.equal(mayAct(woken, lab.now), false);
  lab.paused.delete(1);
  lab.run(50);
  assert.notEqual(woken.role.kind, "leader");
  assert.equal(lab.leader(), 2);
});

Deno.test("after a pause the most authoritative node leads again by a handover, never beside the other", () => {
  const lab = new Lab({ preemptDelayMs: 2000 });
  lab.until(() => lab.leader() === 1);
  lab.paused.add(1);
  lab.run(5000);
  lab.paused.delete(1);
  lab.until(() => lab.leader() === 1, 10_000);
  assert.ok(
    lab.notes.some(({ node, note }) => node === 2 && note.name === "handed-over" && note.why === "yield"),
  );
});

Deno.test("a leader cut off from the majority loses the lease; the majority elects within lease and a round", () => {
  const lab = new Lab();
  lab.until(() => lab.leader() === 1);
  lab.lose = (from, to) => from === 1 || to === 1;
  const took = lab.until(() => lab.leader() !== null && lab.leader() !== 1);
  assert.equal(lab.leader(), 2);
  assert.ok(took <= 1000 + 150, `${took} ms`);
});

Deno.test("a minority never elects", () => {
  const lab = new Lab({ nodes: 5 });
  lab.lose = (from, to) => (from <= 2) !== (to <= 2);
  lab.run(30_000);
  assert.ok([3, 4, 5].includes(lab.leader()!));
  assert.ok(!lab.notes.some(({ node, note }) => node <= 2 && note.name === "leader"));
});

Deno.test("a released lease is taken over after about two round trips", () => {
  const lab = new Lab({ latencyMs: 5 });
  lab.until(() => lab.leader() === 1);
  lab.run(1000);
  lab.give(1, { kind: "stop" });
  const took = lab.until(() => lab.leader() === 2);
  assert.ok(took <= 45, `${took} ms`);
});

Deno.test("stepping down hands the lease to the most authoritative other node", () => {
  const lab = new Lab({ preemptDelayMs: 60_000 });
  lab.until(() => lab.leader() === 1);
  lab.run(1000);
  lab.give(1, { kind: "step-down" });
  lab.until(() => lab.leader() === 2, 100);
  lab.run(20_000);
  assert.equal(lab.leader(), 2, "it stays until preempt_delay is over");
});

Deno.test("with preempt = false a returning node does not take over", () => {
  const lab = new Lab({ preempt: false });
  lab.until(() => lab.leader() === 1);
  lab.crash(1);
  lab.until(() => lab.leader() === 2);
  lab.start(1);
  lab.run(60_000);
  assert.equal(lab.leader(), 2);
});

Deno.test("no handover while a publish is in flight", () => {
  const lab = new Lab({ preemptDelayMs: 1000 });
  lab.until(() => lab.leader() === 1);
  lab.crash(1);
  lab.until(() => lab.leader() === 2);
  lab.node(2).busy = true;
  lab.start(1);
  lab.run(10_000);
  assert.equal(lab.leader(), 2);
  lab.node(2).busy = false;
  lab.until(() => lab.leader() === 1, 1000);
});

Deno.test("a handover leaves no gap beyond two round trips", () => {
  const lab = new Lab({ latencyMs: 2, preemptDelayMs: 1000 });
  lab.until(() => lab.leader() === 1);
  lab.give(1, { kind: "propose", state: bytes("x") });
  lab.run(100);
  lab.crash(1);
  lab.until(() => lab.leader() === 2);
  lab.start(1);
  lab.until(() => lab.leader() === null, 20_000);
  const gap = lab.until(() => lab.leader() === 1, 100);
  assert.ok(gap <= 14, `${gap} ms`);
});

Deno.test("ballots of successive leaders rise, over crashes, releases and restarts", () => {
  const lab = new Lab({ preemptDelayMs: 500 });
  const terms: number[] = [];
  for (let round = 0; round < 6; round++) {
    lab.until(() => lab.leader() !== null);
    const leader = lab.leader()!;
    const role = lab.node(leader).role;
    assert.equal(role.kind, "leader");
    if (role.kind === "leader") terms.push(role.tenure.ballot.term);
    if (round % 2 === 0) lab.crash(leader);
    else lab.give(leader, { kind: "stop" });
    lab.run(200);
    lab.until(() => lab.leader() !== null);
    lab.start(leader);
    lab.run(4000);
  }
  assert.deepEqual(terms, [...terms].sort((a, b) => a - b));
  assert.equal(new Set(terms).size, terms.length);
});
