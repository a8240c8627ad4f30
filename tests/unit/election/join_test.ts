import assert from "node:assert/strict";
import { Lab } from "../../support/election_lab.ts";

const text = (bytes: Uint8Array | undefined): string | null =>
  bytes === undefined ? null : new TextDecoder().decode(bytes);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

function joinedHow(lab: Lab, node: number): string[] {
  return lab.notes.flatMap((n) => n.node === node && n.note.name === "joined" ? [n.note.how] : []);
}

Deno.test("a restarted node grants nothing before its quarantine is over", () => {
  const lab = new Lab();
  lab.until(() => lab.leader() === 1);
  lab.run(1000);
  lab.crash(3);
  lab.run(10);
  lab.start(3);
  const from = lab.now;
  lab.sent.length = 0;
  lab.run(1200);
  const early = lab.sent.filter((s) => s.from === 3 && s.message.kind === "grant" && s.at < from + 1020);
  assert.deepEqual(early, []);
  assert.ok(lab.sent.some((s) => s.from === 3 && s.message.kind === "grant"), "it grants afterwards");
});

Deno.test("a restarted node learns what was decided before it votes", () => {
  const lab = new Lab();
  lab.until(() => lab.leader() === 1);
  lab.give(1, { kind: "propose", state: bytes("decided") });
  lab.run(500);
  lab.crash(3);
  lab.start(3);
  lab.until(() => lab.node(3).joining === null, 3000);
  assert.deepEqual(joinedHow(lab, 3).slice(-1), ["learnt"]);
  assert.equal(text(lab.node(3).accepted?.state), "decided");
});

Deno.test("a restarted node learns a large state in parts", () => {
  const lab = new Lab();
  lab.until(() => lab.leader() === 1);
  const big = crypto.getRandomValues(new Uint8Array(30_000));
  lab.give(1, { kind: "propose", state: big });
  lab.run(500);
  lab.crash(3);
  lab.start(3);
  lab.until(() => lab.node(3).joining === null, 3000);
  assert.deepEqual(lab.node(3).accepted?.state, big);
});

Deno.test("a large state is learnt from another member when the first that told of it is gone", () => {
  const lab = new Lab({ nodes: 5 });
  lab.until(() => lab.leader() === 1);
  const big = crypto.getRandomValues(new Uint8Array(30_000));
  lab.give(1, { kind: "propose", state: big });
  lab.run(500);
  lab.crash(5);
  lab.start(5);
  lab.lose = (from, _to, message) => message.kind === "chunk" || (message.kind === "told" && from === 1);
  lab.until(() => (lab.node(5).joining?.acceptedAt ?? null) !== null, 3000);
  lab.crash(lab.node(5).joining!.acceptedAt!);
  lab.lose = () => false;
  lab.until(() => lab.node(5).joining === null, 6000);
  assert.deepEqual(joinedHow(lab, 5).slice(-1), ["learnt"]);
  assert.deepEqual(lab.node(5).accepted?.state, big);
});

Deno.test("when a majority restarts at once nothing is left to learn, and it goes on", () => {
  const lab = new Lab();
  lab.until(() => lab.leader() === 1);
  for (const id of [1, 2]) lab.crash(id);
  lab.run(100);
  for (const id of [1, 2]) lab.start(id);
  lab.crash(3);
  const took = lab.until(() => lab.leader() !== null, 6000);
  assert.deepEqual(joinedHow(lab, 1).slice(-1), ["cleared"]);
  assert.ok(took < 1500, `${took} ms`);
});

Deno.test("a node whose others stay silent gives up waiting after rejoin_wait, and says so", () => {
  const lab = new Lab();
  lab.until(() => lab.leader() === 1);
  lab.crash(2);
  lab.crash(3);
  lab.start(3);
  lab.run(4900);
  assert.notEqual(lab.node(3).joining, null);
  lab.run(300);
  assert.equal(lab.node(3).joining, null);
  assert.deepEqual(joinedHow(lab, 3).slice(-1), ["gave-up"]);
});

Deno.test("with kept memory only the quarantine remains", () => {
  const lab = new Lab();
  lab.until(() => lab.leader() === 1);
  lab.give(1, { kind: "propose", state: bytes("kept") });
  lab.run(500);
  const { highest, released, accepted } = lab.node(3);
  lab.crash(3);
  lab.crash(2);
  lab.start(3, { highest, released, accepted });
  lab.until(() => lab.node(3).joining === null, 1100);
  assert.equal(text(lab.node(3).accepted?.state), "kept");
});

Deno.test("a newcomer stays without a vote while its older twin is heard", () => {
  const lab = new Lab();
  lab.until(() => lab.leader() === 1);
  // The old life of node 3 keeps talking: its hellos go on although a new process has the id.
  const old = lab.node(3);
  lab.start(3);
  const talk = (): void => {
    for (const id of [1, 2]) {
      const header = {
        from: 3,
        incarnation: old.incarnation,
        to: lab.node(id).incarnation,
        stamp: lab.now,
        echo: null,
        count: 1,
        heard: [],
        joining: false,
      };
      lab.give(id, { kind: "received", header, message: { kind: "hello" } });
    }
  };
  for (let i = 0; i < 40; i++) {
    talk();
    lab.run(100);
  }
  assert.notEqual(lab.node(3).joining, null);
  assert.ok(lab.notes.some(({ note }) => note.name === "twin" && note.id === 3), "the peers say so");
  lab.run(3000); // the twin is stopped
  assert.equal(lab.node(3).joining, null);
});

Deno.test("a member that learns of a newer twin stops voting", () => {
  const lab = new Lab();
  lab.until(() => lab.leader() === 1);
  lab.run(1000);
  const old = lab.node(3);
  lab.crash(3);
  lab.run(1500);
  const newer = lab.start(3);
  lab.until(() => newer.joining === null, 3000);
  // The old process wakes and hears what is addressed to the newer one.
  lab.nodes.set(3, old);
  lab.run(150);
  assert.notEqual(old.joining, null);
  assert.ok(lab.notes.some(({ note }) => note.name === "superseded"));
});
