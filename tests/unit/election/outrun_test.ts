import assert from "node:assert/strict";
import { actingBallot, mayAct } from "../../../src/election/step.ts";
import { Lab } from "../../support/election_lab.ts";

Deno.test("[16] a leader that meets a later epoch outside goes on above it, without letting go of the lease", () => {
  const lab = new Lab();
  lab.until(() => lab.leader() !== null);
  const leader = lab.leader() as number;
  const before = actingBallot(lab.node(leader));
  assert(before !== null);
  const term = before.term + 5000;
  lab.give(leader, { kind: "outrun", term });
  lab.until(() => (actingBallot(lab.node(leader))?.term ?? 0) > term, 1000);
  assert.equal(lab.leader(), leader);
  assert(mayAct(lab.node(leader), lab.now));

  // What is below its ballot is no reason for another.
  const now = actingBallot(lab.node(leader));
  lab.give(leader, { kind: "outrun", term });
  lab.run(500);
  assert.deepEqual(actingBallot(lab.node(leader)), now);
});

Deno.test("a follower that is told of a later epoch only remembers it for its own ballots", () => {
  const lab = new Lab();
  lab.until(() => lab.leader() !== null);
  const leader = lab.leader() as number;
  const other = [1, 2, 3].find((id) => id !== leader) as number;
  const term = (actingBallot(lab.node(leader))?.term ?? 0) + 5000;
  const effects = lab.give(other, { kind: "outrun", term });
  assert.deepEqual(effects.filter(({ kind }) => kind === "send"), []);
  assert.equal(lab.node(other).seen, term);
});
