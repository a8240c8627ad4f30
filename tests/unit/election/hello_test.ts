import assert from "node:assert/strict";
import type { NodeId } from "../../../src/base/id.ts";
import { isAlive } from "../../../src/election/detector.ts";
import { Lab } from "../../support/election_lab.ts";

function hellos(lab: Lab, from: NodeId, to: NodeId, since: number): number[] {
  return lab.sent.filter((one) =>
    one.message.kind === "hello" && one.from === from && one.to === to && one.at >= since
  ).map(({ at }) => at);
}

Deno.test("a follower greets the others along with its grants, and its leader by the grants alone", () => {
  const lab = new Lab();
  lab.until(() => lab.leader() === 1);
  lab.run(1000);
  const since = lab.now;
  lab.run(5000);
  assert.equal(hellos(lab, 2, 1, since).length, 0);
  const grants = new Set(
    lab.sent.filter(({ from, message }) => from === 2 && message.kind === "grant").map(({ at }) => at),
  );
  const greetings = hellos(lab, 2, 3, since);
  assert(greetings.length >= 45 && greetings.length <= 51, `${greetings.length} hellos in 50 heartbeats`);
  assert(greetings.every((at) => grants.has(at)), "each left with a grant");
});

Deno.test("a follower whose leader is not heard still greets all", () => {
  const lab = new Lab();
  lab.until(() => lab.leader() === 1);
  lab.run(1000);
  lab.lose = (from, to) => from === 1 && to === 2;
  const since = lab.now;
  lab.run(900);
  assert(hellos(lab, 2, 1, since).length >= 5, "the leader hears it");
  assert(hellos(lab, 2, 3, since).length >= 5, "so does the other follower");
  assert(isAlive(lab.node(1), lab.node(1).peers.get(2)!, lab.now));
});
