import assert from "node:assert/strict";
import { SeededRandom } from "../../../src/base/random.ts";
import type { Effect, NodeEvent } from "../../../src/node/events.ts";
import { stepNode } from "../../../src/node/node.ts";
import type { NodeState } from "../../../src/node/state.ts";
import { statusOf } from "../../../src/view/status.ts";
import { NodeLab, testConfig } from "../../support/node_lab.ts";

function steady(service = ""): NodeLab {
  const lab = new NodeLab(testConfig(service));
  lab.run(6000);
  assert.equal(lab.leader()?.self, 1);
  return lab;
}

Deno.test("an idle node sleeps: its deadlines pass, and there are few of them", () => {
  const lab = steady();
  lab.deadlines = 0;
  lab.run(10_000);
  const perNodeAndSecond = lab.deadlines / 3 / 10;
  assert.ok(perNodeAndSecond < 40, `${perNodeAndSecond} a second`);
});

Deno.test("a healthy cluster decides on the first target, and every node knows", () => {
  const lab = steady();
  assert.deepEqual(lab.active(), ["one", "one", "one"]);
});

Deno.test("nothing is decided before a quorum has a verdict", () => {
  const lab = new NodeLab(testConfig());
  lab.cut.add(3);
  lab.cut.add(2);
  lab.run(20_000);
  assert.deepEqual(lab.active(), [undefined, undefined, undefined]);
});

Deno.test("a target that a majority holds down is left, and taken back after failback_delay", () => {
  const lab = steady(`failback_delay = "3s"\nmin_hold = "1s"`);
  lab.healthy = (_node, target) => target !== "one";
  lab.run(4000);
  assert.deepEqual(lab.active(), ["two", "two", "two"]);
  lab.healthy = () => true;
  lab.run(2500);
  assert.deepEqual(lab.active(), ["two", "two", "two"]);
  lab.run(6000);
  assert.deepEqual(lab.active(), ["one", "one", "one"]);
});

Deno.test("a target that only one node cannot reach is suspect, shown, and not left", () => {
  const lab = steady();
  lab.healthy = (node, target) => !(node === 1 && target === "one");
  lab.run(8000);
  assert.deepEqual(lab.active(), ["one", "one", "one"]);
  const status = statusOf(lab.node(2), { now: lab.now, wallMs: 1_700_000_000_000 + lab.now }, "test");
  assert.equal(status.services[0]?.targets[0]?.health, "suspect");
  assert.deepEqual(status.services[0]?.targets[0]?.opinions, { "1": "down", "2": "up", "3": "up" });
  assert.ok(status.problems.some((problem) => problem.includes("one is suspect")));
});

Deno.test("a new leader keeps what was decided", () => {
  const lab = steady(`failback = "manual"`);
  lab.healthy = (_node, target) => target !== "one";
  lab.run(4000);
  lab.healthy = () => true;
  lab.run(10_000);
  lab.nodes.delete(1);
  lab.run(5000);
  assert.equal(lab.leader()?.self, 2);
  assert.deepEqual(lab.active(), ["two", "two"]);
});

Deno.test("losing the quorum withdraws nothing, and status says so", () => {
  const lab = steady();
  lab.nodes.delete(2);
  lab.nodes.delete(3);
  lab.run(5000);
  assert.deepEqual(lab.active(), ["one"]);
  const status = statusOf(lab.node(1), { now: lab.now, wallMs: 1_700_000_000_000 + lab.now }, "test");
  assert.equal(status.leader, null);
  assert.equal(status.quorum.alive, 1);
  assert.ok(status.problems[0]?.includes("Only 1 of 3 nodes"), status.problems.join("\n"));
});

Deno.test("a command given to a follower is carried to the leader, decided, and answered", () => {
  const lab = steady();
  const command = { kind: "switch", service: "web", target: "two", dryRun: false } as const;
  lab.give(3, { kind: "command", request: "r1", command, who: "test" });
  lab.run(1000);
  assert.equal(lab.outcomes.get("r1")?.ok, true);
  assert.deepEqual(lab.active(), ["two", "two", "two"]);
  assert.equal(lab.node(2).cluster?.services["web"]?.pinned, "two");
  lab.give(2, { kind: "command", request: "r2", command: { ...command, target: "twoo" }, who: "test" });
  lab.run(1000);
  const refused = lab.outcomes.get("r2");
  assert.ok(
    refused !== undefined && !refused.ok && refused.message.includes(`"two"`),
    JSON.stringify(refused),
  );
});

Deno.test("a dry run changes nothing and says what it would do", () => {
  const lab = steady();
  const command = { kind: "switch", service: "web", target: "two", dryRun: true } as const;
  lab.give(2, { kind: "command", request: "dry", command, who: "test" });
  lab.run(1000);
  const outcome = lab.outcomes.get("dry");
  assert.ok(
    outcome?.ok === true && outcome.message.includes("would switch from one to two"),
    JSON.stringify(outcome),
  );
  assert.deepEqual(lab.active(), ["one", "one", "one"]);
});

Deno.test("a drained target is left while another is healthy, and comes back when it may", () => {
  const lab = steady(`failback_delay = "1s"\nmin_hold = "1s"`);
  lab.give(1, {
    kind: "command",
    request: "d",
    command: { kind: "drain", service: "web", target: "one" },
    who: "t",
  });
  lab.run(1000);
  assert.deepEqual(lab.active(), ["two", "two", "two"]);
  lab.give(1, {
    kind: "command",
    request: "u",
    command: { kind: "undrain", service: "web", target: "one" },
    who: "t",
  });
  lab.run(4000);
  assert.deepEqual(lab.active(), ["one", "one", "one"]);
});

/** Node 1 cannot tell what became of a wish. */
class LostOutcomes extends NodeLab {
  protected override step(id: number, state: NodeState, event: NodeEvent): Effect[] {
    return super.step(id, state, event).filter((effect) =>
      id !== 1 || effect.kind !== "send" || effect.packet.message.kind !== "outcome"
    );
  }
}

Deno.test("a step-down whose answer is lost is done once: the next leader does not step down as well", () => {
  for (const asker of [2, 3]) {
    const lab = new LostOutcomes(testConfig());
    lab.run(6000);
    assert.equal(lab.leader()?.self, 1);
    lab.give(asker, { kind: "command", request: "s", command: { kind: "step-down" }, who: "t" });
    lab.run(6000);
    assert.equal(lab.leader()?.self, 2);
    assert.equal(lab.events.filter(({ event }) => event.name === "step-down").length, 1);
    assert.deepEqual(lab.outcomes.get("s"), { ok: true, message: "node 1 leads no more, node 2 does" });
  }
});

Deno.test("news that comes while a yield stands is not lost", () => {
  const lab = new NodeLab(testConfig());
  lab.run(6000);
  const state = lab.leader()!;
  const { role } = state.election;
  assert.ok(role.kind === "leader");
  lab.nodes.delete(3);
  state.election.busy = true;
  role.tenure.yieldFrom = { id: 2, until: lab.now + 1e6 };
  const aliveThen = state.aliveThen;
  const env = { now: lab.now + 1200, wallMs: 1, random: new SeededRandom(1) };
  role.tenure.validUntil = env.now + 500;
  stepNode(state, { kind: "late", lateMs: 0 }, env);
  assert.equal(state.aliveThen, aliveThen, "it is looked at once the yield is over");
  role.tenure.yieldFrom = null;
  stepNode(state, { kind: "late", lateMs: 0 }, env);
  assert.notEqual(state.aliveThen, aliveThen);
});

Deno.test("step-down moves the lease at once and is answered", () => {
  const lab = steady();
  lab.give(3, { kind: "command", request: "s", command: { kind: "step-down" }, who: "t" });
  lab.run(100);
  assert.equal(lab.outcomes.get("s")?.ok, true);
  assert.equal(lab.leader()?.self, 2);
});

Deno.test("a command without a leader is answered with busy, not lost", () => {
  const lab = steady();
  lab.nodes.delete(2);
  lab.nodes.delete(3);
  lab.run(3000);
  lab.give(1, { kind: "command", request: "b", command: { kind: "unpin", service: "web" }, who: "t" });
  lab.run(6000);
  const outcome = lab.outcomes.get("b");
  assert.ok(outcome !== undefined && !outcome.ok && outcome.reason === "busy", JSON.stringify(outcome));
});

Deno.test("a node with another config is named with the keys that differ", () => {
  const lab = new NodeLab(testConfig());
  const other = testConfig(`failback = "manual"`);
  const odd = new NodeLab(other);
  lab.nodes.set(3, odd.node(3));
  lab.run(8000);
  const status = statusOf(lab.node(1), { now: lab.now, wallMs: 1_700_000_000_000 + lab.now }, "test");
  const problem = status.problems.find((text) => text.includes("Node 3 runs with another config"));
  assert.ok(problem?.includes("failback"), status.problems.join("\n"));
});

Deno.test("what begins and ends a lease is told with its moment on the node's own clock", () => {
  const lab = steady();
  const began = lab.now;
  lab.give(1, { kind: "stop" });
  lab.run(3000);
  const told = lab.events.filter(({ event }) => event.data["uptimeMs"] !== undefined);
  assert.deepEqual(told.map(({ node, event }) => [node, event.name]), [[1, "lease"], [1, "released"], [
    2,
    "lease",
  ]]);
  const [, released, next] = told.map(({ event }) => Number(event.data["uptimeMs"]));
  const { startedAt } = lab.node(1);
  assert.equal(released, began - startedAt);
  assert.ok(next !== undefined && released !== undefined && next > released && next < released + 500);
});

Deno.test("a leader that slept over its lease is shown as none, before it has noticed anything itself", () => {
  const lab = steady();
  const role = (now: number): string => statusOf(lab.node(1), { now, wallMs: 1 }, "1", []).node.role;
  assert.equal(role(lab.now), "leader");
  assert.equal(role(lab.now + 5000), "follower");
});
