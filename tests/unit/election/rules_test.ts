import assert from "node:assert/strict";
import type { Ballot } from "../../../src/election/ballot.ts";
import { compareBallots, formatEpoch, higherBallot } from "../../../src/election/ballot.ts";
import { refusal } from "../../../src/election/acceptor.ts";
import { delta } from "../../../src/election/detector.ts";
import { vanishDelay } from "../../../src/election/leader.ts";
import type { Message } from "../../../src/election/messages.ts";
import { Lab } from "../../support/election_lab.ts";

const ballot = (term: number, node: number, incarnation = "000000000000000a"): Ballot => ({
  term,
  node,
  incarnation,
});

Deno.test("ballots are ordered by term, then node, then incarnation", () => {
  const sorted = [ballot(1, 1), ballot(1, 1, "000000000000000b"), ballot(1, 2), ballot(2, 1)];
  for (let i = 1; i < sorted.length; i++) assert.ok(compareBallots(sorted[i - 1]!, sorted[i]!) < 0);
  assert.deepEqual(higherBallot(sorted[3]!, sorted[0]!), sorted[3]);
  assert.deepEqual(higherBallot(null, sorted[0]!), sorted[0]);
  assert.equal(formatEpoch(ballot(17, 3)), "17.3");
});

Deno.test("an acceptor refuses what is stale, released, or promised to another", () => {
  const lab = new Lab();
  lab.until(() => lab.leader() === 1);
  const acceptor = lab.node(2);
  const held = acceptor.promise!.ballot;
  assert.equal(refusal(acceptor, held, lab.now), null, "the holder may renew");
  assert.equal(refusal(acceptor, ballot(held.term - 1, 3), lab.now), "stale");
  assert.equal(refusal(acceptor, ballot(held.term + 1, 3), lab.now), "promised");
  assert.equal(refusal(acceptor, ballot(held.term + 1, 3), lab.now + 5000), null, "the promise ran out");
  lab.give(1, { kind: "stop" });
  lab.run(3);
  assert.equal(refusal(acceptor, held, lab.now + 5000), "released");
});

Deno.test("asks change nothing at the acceptor", () => {
  const lab = new Lab();
  lab.until(() => lab.leader() === 1);
  const before = structuredClone({ highest: lab.node(2).highest, promise: lab.node(2).promise });
  const header = {
    from: 3,
    incarnation: lab.node(3).incarnation,
    to: lab.node(2).incarnation,
    stamp: lab.now,
    echo: null,
    count: 9,
    heard: [],
    joining: false,
  };
  const effects = lab.give(2, { kind: "received", header, message: { kind: "ask", seq: 9, released: null } });
  const answer =
    effects.flatMap((e) => e.kind === "send" && e.message.kind === "would" ? [e.message] : [])[0];
  assert.equal(answer?.yes, false);
  assert.equal(answer?.reason, "promised");
  assert.deepEqual({ highest: lab.node(2).highest, promise: lab.node(2).promise }, before);
});

Deno.test("a claim with another lease length is denied by name", () => {
  const lab = new Lab({
    settings: (given) => given.self === 3 ? { ...given, leaseMs: 400 } : given,
  });
  lab.run(3000);
  const denials = lab.sent.filter((s) =>
    s.from === 3 && s.message.kind === "deny" && s.message.reason === "config"
  );
  assert.ok(denials.length > 0);
  assert.ok(lab.node(1).configDeniedBy.has(3));
  assert.equal(lab.leader(), 1, "the others are enough");
});

Deno.test("a less authoritative asker is told that it is outranked, and the other starts at once", () => {
  const lab = new Lab({ seed: 3 });
  lab.until(() => lab.leader() === 1);
  lab.run(500);
  // Node 2's clock for starting is pushed back; node 3 asks first.
  lab.crash(1);
  lab.lose = (from, _to, message) => from === 2 && message.kind === "ask";
  lab.until(() => lab.leader() !== null);
  assert.ok(
    lab.sent.some((s) => s.from === 2 && s.message.kind === "would") || lab.leader() === 2 ||
      lab.leader() === 3,
  );
});

Deno.test("a denial with a higher ballot does not depose a leader: it goes on above it", () => {
  const lab = new Lab();
  lab.until(() => lab.leader() === 1);
  lab.run(1000);
  const tenure = lab.node(1).role.kind === "leader" ? lab.node(1).role : null;
  assert.ok(tenure !== null);
  const old = tenure.kind === "leader" ? tenure.tenure.ballot : ballot(0, 0);
  // Node 2 has released or granted something higher in the meantime.
  lab.node(2).highest = ballot(old.term + 1000, 3);
  lab.node(3).highest = ballot(old.term + 1000, 3);
  let led = 0;
  let steps = 0;
  lab.run(500, () => {
    lab.assertOneLeader();
    steps++;
    if (lab.leader() === 1) led++;
  });
  const role = lab.node(1).role;
  assert.equal(role.kind, "leader");
  if (role.kind === "leader") assert.ok(role.tenure.ballot.term > old.term + 1000);
  assert.equal(led, steps, "it led all the while");
});

Deno.test("a claim that cannot win is released", () => {
  const lab = new Lab({ nodes: 3 });
  lab.lose = (_from, _to, message: Message) => message.kind === "grant";
  lab.run(4000);
  const released = lab.sent.filter((s) => s.message.kind === "release");
  assert.ok(released.length > 0);
  assert.equal(lab.leader(), null);
  lab.lose = () => false;
  lab.until(() => lab.leader() !== null, 1500);
});

Deno.test("delta follows the distance to the nearest majority, within 20 ms and a fifth of the lease", () => {
  const lab = new Lab({ nodes: 5 });
  lab.run(2000);
  const state = lab.node(1);
  const set = (trips: readonly number[]): void => {
    [...state.peers.values()].forEach((peer, i) => peer.rttMs = trips[i] ?? null);
  };
  set([1, 1, 1, 1]);
  assert.equal(delta(state), 20);
  set([30, 40, 900, 900]);
  assert.equal(delta(state), 80);
  set([900, 900, 900, 900]);
  assert.equal(delta(state), 200);
});

Deno.test("a node that keeps vanishing must be steady longer each time, up to 32 times", () => {
  const lab = new Lab({ preemptDelayMs: 1000 });
  const state = lab.node(1);
  assert.deepEqual([0, 1, 2, 3, 9].map((k) => vanishDelay(state, k)), [0, 1000, 2000, 4000, 32_000]);
});

Deno.test("without preempt_delay a node that keeps vanishing is held back all the same, by leases", () => {
  const lab = new Lab({ preemptDelayMs: 0 });
  const state = lab.node(1);
  const lease = state.settings.leaseMs;
  assert.deepEqual([0, 1, 2, 9].map((k) => vanishDelay(state, k)), [0, lease, 2 * lease, 32 * lease]);
});

Deno.test("a leader that a node cannot hear is not asked to yield by it", () => {
  const lab = new Lab({ preemptDelayMs: 1000 });
  lab.until(() => lab.leader() === 1);
  lab.crash(1);
  lab.until(() => lab.leader() === 2);
  // Node 1 comes back but reaches only the leader.
  lab.lose = (from, to) => (from === 1 && to === 3) || (from === 3 && to === 1);
  lab.start(1);
  lab.run(20_000);
  assert.notEqual(lab.leader(), null);
  const handovers = lab.notes.filter(({ note }) => note.name === "handed-over");
  assert.ok(handovers.length <= 1, `${handovers.length} handovers`);
});

Deno.test("twenty and thirty percent loss change no leader", () => {
  for (const percent of [20, 30]) {
    const lab = new Lab({ seed: percent, latencyMs: 1 });
    lab.until(() => lab.leader() === 1);
    let n = 12345;
    lab.lose = () => {
      n = (Math.imul(n, 1103515245) + 12345) >>> 0;
      return (n >>> 16) % 100 < percent;
    };
    lab.notes.length = 0;
    lab.run(180_000);
    const changes = lab.notes.filter(({ note }) => note.name === "leader" || note.name === "lease-lost");
    assert.equal(changes.length, 0, `${changes.length} changes at ${percent} %`);
  }
});

Deno.test("a tenure that runs out twice counts once, whichever datagram renewed it in between", () => {
  const lab = new Lab({ preempt: false });
  lab.until(() => lab.leader() === 1);
  lab.run(500);
  const state = lab.node(3);
  lab.crash(1);
  lab.lose = () => true; // nobody else comes to lead
  lab.run(1500);
  const held = state.promise!.ballot;
  assert.equal(state.peers.get(1)!.vanished, 1);
  state.promise = { ballot: structuredClone(held), expires: lab.now + 100 }; // as a late claim of it would
  lab.run(500);
  assert.equal(state.peers.get(1)!.vanished, 1);
});
