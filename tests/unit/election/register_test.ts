import assert from "node:assert/strict";
import { mayAct } from "../../../src/election/step.ts";
import { Lab } from "../../support/election_lab.ts";

const text = (bytes: Uint8Array | undefined): string | null =>
  bytes === undefined ? null : new TextDecoder().decode(bytes);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

function led(lab: Lab): number {
  lab.until(() => lab.leader() !== null);
  lab.run(500);
  return lab.leader()!;
}

Deno.test("a proposal is committed on every node within a few round trips", () => {
  const lab = new Lab({ latencyMs: 1 });
  const leader = led(lab);
  lab.give(leader, { kind: "propose", state: bytes("one") });
  lab.run(8);
  for (const node of lab.nodes.values()) assert.equal(text(node.committed?.state), "one");
});

Deno.test("what a majority accepted is known to the next leader before it may act", () => {
  const lab = new Lab();
  const leader = led(lab);
  // The third node hears nothing of it, and the leader dies right after the commit.
  lab.lose = (from, to) => from === 3 || to === 3;
  lab.give(leader, { kind: "propose", state: bytes("decided") });
  lab.until(() => text(lab.node(leader).committed?.state) === "decided", 100);
  lab.lose = () => false;
  lab.crash(leader);
  lab.until(() => lab.leader() !== null);
  assert.equal(text(lab.node(lab.leader()!).committed?.state), "decided");
});

Deno.test("an entry that no majority accepted is not committed", () => {
  const lab = new Lab();
  const leader = led(lab);
  lab.lose = (_from, _to, message) => message.kind === "claim" && message.state !== null;
  lab.give(leader, { kind: "propose", state: bytes("lonely") });
  lab.run(400);
  assert.equal(lab.node(leader).committed, null);
});

Deno.test("acceptance counts only while the lease is held", () => {
  const lab = new Lab();
  const leader = led(lab);
  // From here on grants are lost: the entry is accepted everywhere, the leader cannot know.
  lab.lose = (_from, to, message) => to === leader && message.kind === "grant";
  lab.give(leader, { kind: "propose", state: bytes("late") });
  let lapsed = false;
  lab.run(3000, () => {
    lab.assertOneLeader();
    lapsed ||= !mayAct(lab.node(leader), lab.now);
    if (lab.leader() === null || lab.leader() === leader) assert.equal(lab.node(leader).committed, null);
  });
  assert.ok(lapsed);
  assert.equal(
    text(lab.node(lab.leader()!).committed?.state),
    "late",
    "the next leader finds it and commits it",
  );
});

Deno.test("a state of many datagrams is pulled in parts, also with loss", () => {
  const lab = new Lab({ seed: 7 });
  const leader = led(lab);
  const big = crypto.getRandomValues(new Uint8Array(60_000));
  let n = 0;
  lab.lose = () => n++ % 10 === 0;
  lab.give(leader, { kind: "propose", state: big });
  lab.until(() => [...lab.nodes.values()].every((node) => node.committed?.size === 60_000), 3000);
  for (const node of lab.nodes.values()) assert.deepEqual(node.committed!.state, big);
});

Deno.test("a new leader without the newest state pulls it from the node that has it", () => {
  const lab = new Lab({ preempt: false });
  const leader = led(lab);
  const big = crypto.getRandomValues(new Uint8Array(20_000));
  lab.lose = (from, to) => from === 2 || to === 2; // the next in authority misses it
  lab.give(leader, { kind: "propose", state: big });
  lab.until(() => lab.node(leader).committed?.size === 20_000, 500);
  lab.lose = () => false;
  lab.crash(leader);
  lab.until(() => lab.leader() !== null);
  assert.deepEqual(lab.node(lab.leader()!).committed?.state, big);
});

/** A leader, 2, that knows of a state which only 3 has: 1 had it committed and is gone. No part of it gets through. */
function lacking(big: Uint8Array): Lab {
  const lab = new Lab({ preempt: false, latencyMs: 5 });
  assert.equal(led(lab), 1);
  lab.lose = (from, to) => from === 2 || to === 2;
  lab.give(1, { kind: "propose", state: big });
  lab.until(() => lab.node(1).committed?.size === big.length, 500);
  lab.crash(1);
  lab.lose = (_from, _to, message) => message.kind === "chunk";
  lab.until(() => {
    const { role } = lab.node(2);
    return role.kind === "leader" && role.tenure.choice !== null;
  });
  return lab;
}

Deno.test("a leader whose pull of the newest state got nothing for long begins it anew", () => {
  const big = crypto.getRandomValues(new Uint8Array(20_000));
  const lab = lacking(big);
  lab.run(15_000);
  assert.equal(lab.leader(), null, "it must not act before it has the state");
  lab.lose = () => false;
  lab.until(() => lab.leader() === 2, 1000);
  assert.deepEqual(lab.node(2).committed?.state, big);
});

Deno.test("a slow pull is not begun anew while parts come", () => {
  const big = crypto.getRandomValues(new Uint8Array(60_000));
  const lab = lacking(big);
  let chunks = 0;
  lab.lose = (_from, _to, message) => message.kind === "chunk" && ++chunks % 200 !== 0;
  lab.until(() => lab.leader() === 2, 60_000);
  assert.deepEqual(lab.node(2).committed?.state, big);
});

Deno.test("a leader whose lease ran out while the state came proposes nothing on waking", () => {
  const lab = lacking(crypto.getRandomValues(new Uint8Array(20_000)));
  const { role } = lab.node(2);
  assert.ok(role.kind === "leader");
  const { tenure } = role;
  lab.lose = (_from, _to, { kind }) => kind === "chunk" || kind === "grant";
  lab.until(() => lab.now >= tenure.validUntil - 60);
  lab.lose = (_from, _to, { kind }) => kind === "grant";
  lab.sent.length = 0;
  lab.until(() => lab.sent.some(({ message }) => message.kind === "chunk"), 50);
  lab.paused.add(2);
  lab.run(100);
  assert.ok(tenure.choice !== null && lab.now >= tenure.validUntil, "all is on its way, the lease is over");
  lab.sent.length = 0;
  lab.paused.delete(2);
  lab.run(1);
  const claims = lab.sent.filter(({ from, message }) => from === 2 && message.kind === "claim");
  assert.deepEqual(claims, []);
  assert.equal(lab.node(2).role.kind, "follower");
});

Deno.test("a second proposal waits for the first", () => {
  const lab = new Lab({ latencyMs: 20 });
  const leader = led(lab);
  lab.give(leader, { kind: "propose", state: bytes("first") });
  lab.give(leader, { kind: "propose", state: bytes("second") });
  lab.run(1000);
  assert.equal(text(lab.node(leader).committed?.state), "first");
  lab.give(leader, { kind: "propose", state: bytes("third") });
  lab.run(1000);
  assert.equal(text(lab.node(leader).committed?.state), "third");
  assert.equal(lab.node(leader).committed?.index, 2);
});

Deno.test("a change of the acceptor's memory is persisted before the grant that rests on it", () => {
  const lab = new Lab();
  const leader = led(lab);
  const other = leader === 1 ? 2 : 1;
  lab.persisted.length = 0;
  lab.give(leader, { kind: "propose", state: bytes("stored") });
  lab.run(50);
  assert.ok(
    lab.persisted.some(({ node, memory }) => node === other && text(memory.accepted?.state) === "stored"),
  );
});
