import assert from "node:assert/strict";
import type { Effect, NodeEvent, Packet } from "../../../src/node/events.ts";
import { type BrokenPromise, secondLeader } from "../../../src/node/promises.ts";
import type { NodeState } from "../../../src/node/state.ts";
import { PromiseWatch } from "../../../src/runtime/promise_watch.ts";
import { NodeLab, testConfig } from "../../support/node_lab.ts";

/** Looks at every datagram of every node, as a running node does, and keeps those of leaders. */
class WatchedLab extends NodeLab {
  readonly broken: BrokenPromise[] = [];
  readonly claims: Packet[] = [];

  protected override step(id: number, state: NodeState, event: NodeEvent): Effect[] {
    if (event.kind === "received") {
      const broken = secondLeader(state, event.packet, this.now);
      if (broken !== null) this.broken.push(broken);
      if (id === 2 && event.packet.message.kind === "claim") this.claims.push(event.packet);
    }
    return super.step(id, state, event);
  }
}

/** Node 1 led, is cut off, node 2 leads; then node 1 is back, as a follower at first. */
function afterTakeover(): WatchedLab {
  const lab = new WatchedLab(testConfig());
  lab.run(8000);
  lab.cut.add(1);
  lab.run(5000);
  assert.equal(lab.leader()?.self, 2);
  return lab;
}

/** A datagram of node 1 that says that it leads, meant for node 2, with that echo. */
function foreignClaim(lab: WatchedLab, echo: number | null): Packet {
  const state = lab.node(2);
  const claim = lab.claims.findLast(({ message }) => message.kind === "claim" && message.commit > 0);
  assert(claim !== undefined && claim.header.from === 1);
  const header = {
    ...claim.header,
    to: state.incarnation,
    echo: echo === null ? null : { stamp: echo, heldMs: 1 },
  };
  return { ...claim, header };
}

Deno.test("a claim of another leader that answers what this leader sent in its own lease proves two", () => {
  const lab = afterTakeover();
  const broken = secondLeader(lab.node(2), foreignClaim(lab, lab.now - 10), lab.now);
  assert.equal(broken?.promise, "one-leader");
  assert.equal(broken?.node, 1);
  assert.match(broken?.text ?? "", /Two nodes lead at once/);
});

Deno.test("an old claim proves nothing, however late it comes; nor one without echo, for another life, or uncommitted", () => {
  const lab = afterTakeover();
  const state = lab.node(2);
  const since = state.leading?.since ?? 0;
  const packet = foreignClaim(lab, lab.now - 10);
  const told = (changed: Packet): BrokenPromise | null => secondLeader(state, changed, lab.now);
  assert.equal(told(foreignClaim(lab, since)), null);
  assert.equal(told(foreignClaim(lab, since - 500)), null);
  assert.equal(told(foreignClaim(lab, null)), null);
  assert.equal(told({ ...packet, header: { ...packet.header, to: "f".repeat(16) } }), null);
  assert(packet.message.kind === "claim");
  assert.equal(told({ ...packet, message: { ...packet.message, commit: 0 } }), null);
  for (const follower of [1, 3]) assert.equal(secondLeader(lab.node(follower), packet, lab.now), null);
});

Deno.test("a lease that ran out is no lease: nothing is proven to who does not lead now", () => {
  const lab = afterTakeover();
  assert.equal(secondLeader(lab.node(2), foreignClaim(lab, lab.now - 10), lab.now + 60_000), null);
});

Deno.test("a sound cluster never sees its promise broken: takeovers, handovers, partitions", () => {
  const lab = new WatchedLab(testConfig());
  for (let round = 0; round < 12; round++) {
    lab.run(3000);
    lab.cut.add(1 + round % 3);
    lab.run(2500);
    lab.cut.clear();
    if (round % 2 === 0) {
      lab.give(1, { kind: "command", request: `s${round}`, command: { kind: "step-down" }, who: "t" });
    }
  }
  assert(lab.events.filter(({ event }) => event.name === "lease").length > 6);
  assert.deepEqual(lab.broken, []);
});

Deno.test("who saw it stops writing, tells it once, and writes again in another epoch", () => {
  const lab = afterTakeover();
  const state = lab.node(2);
  const watch = new PromiseWatch();
  assert.equal(watch.stops(state), false);
  const event = { kind: "received", packet: foreignClaim(lab, lab.now - 10) } as const;
  const told = watch.look(state, event, lab.now);
  assert.equal(told?.name, "promise-broken");
  assert.equal(told?.level, "error");
  assert.equal(watch.stops(state), true);
  assert.equal(watch.problems(state).length, 1);
  assert.equal(watch.look(state, event, lab.now), null);
  state.leading = { epoch: "9999999999999.2", term: 9999999999999, since: lab.now };
  assert.equal(watch.stops(state), false);
  assert.deepEqual(watch.problems(state), []);
});
