import assert from "node:assert/strict";
import { statusOf } from "../../../src/view/status.ts";
import type { Status } from "../../../src/view/status_type.ts";
import { NodeLab, testConfig } from "../../support/node_lab.ts";

function steady(service = ""): NodeLab {
  const lab = new NodeLab(testConfig(service));
  lab.run(6000);
  assert.equal(lab.leader()?.self, 1);
  return lab;
}

function status(lab: NodeLab, id: number): Status {
  return statusOf(lab.node(id), { now: lab.now, wallMs: 1_700_000_000_000 + lab.now }, "test");
}

Deno.test("a node that just woke has no say until it has probed anew, and status shows it everywhere", () => {
  const lab = steady();
  lab.give(3, { kind: "woke", gapMs: 4000 });
  lab.run(200);
  assert.deepEqual(Object.keys(status(lab, 1).services[0]!.targets[0]!.opinions), ["1", "2"]);
  assert(status(lab, 1).problems.some((text) => text.includes("Node 3 says that it cannot judge")));
  assert(status(lab, 3).problems.some((text) => text.includes("did not run for a while")));
  lab.run(3000);
  assert.deepEqual(Object.keys(status(lab, 1).services[0]!.targets[0]!.opinions), ["1", "2", "3"]);
  assert.deepEqual(status(lab, 3).problems, []);
});

Deno.test("a node whose timers are late again and again has no say; one late timer changes nothing", () => {
  const lab = steady();
  lab.healthy = (node, target) => target !== "one" || node === 3;
  lab.give(2, { kind: "late", lateMs: 150 });
  lab.give(2, { kind: "late", lateMs: 150 });
  for (let second = 0; second < 20; second++) {
    lab.give(1, { kind: "late", lateMs: 150 });
    lab.give(1, { kind: "late", lateMs: 150 });
    lab.give(1, { kind: "late", lateMs: 150 });
    lab.run(500);
  }
  assert.deepEqual(lab.active(), ["one", "one", "one"], "2 alone says down; 1, which leads, does not count");
  assert(status(lab, 1).problems.some((text) => text.includes("this machine is too busy")));
  lab.run(9000);
  assert.deepEqual(lab.active(), ["two", "two", "two"], "1 keeps its time again");
});

Deno.test("when so many have no say that no quorum of opinions is left, nothing is switched", () => {
  const lab = steady();
  lab.healthy = (_node, target) => target !== "one";
  for (let i = 0; i < 20; i++) {
    lab.give(2, { kind: "woke", gapMs: 300 });
    lab.give(3, { kind: "woke", gapMs: 300 });
    lab.run(300);
  }
  assert.deepEqual(lab.active(), ["one", "one", "one"]);
});

Deno.test("when the leader's own zone is the broken one, the others' opinions win", () => {
  const lab = steady();
  lab.healthy = (node) => node !== 1; // to the leader every target is dead
  lab.run(15_000);
  assert.equal(lab.leader()?.self, 1);
  assert.deepEqual(lab.active(), ["one", "one", "one"]);
  lab.healthy = (node, target) => node !== 1 && target !== "one";
  lab.run(8000);
  assert.deepEqual(lab.active(), ["two", "two", "two"], "and they find where to go");
});

Deno.test("a node that hears no quorum does not count its own opinion", () => {
  const lab = steady();
  lab.cut.add(3);
  lab.run(3000);
  assert.deepEqual(status(lab, 3).services[0]!.targets[0]!.opinions, {});
  assert.deepEqual(Object.keys(status(lab, 1).services[0]!.targets[0]!.opinions), ["1", "2"]);
});

Deno.test("what was done by hand is told and shown with who did it, and a new leader goes on with it", () => {
  const lab = steady(`failback_delay = "1s"\nmin_hold = "1s"`);
  const who = "token from 10.0.0.7";
  const ask = (request: string, command: Parameters<NodeLab["give"]>[1] & { kind: "command" }): void => {
    lab.give(2, { ...command, request });
    lab.run(1000);
  };
  const wish = { kind: "command", request: "", who } as const;
  ask("1", { ...wish, command: { kind: "switch", service: "web", target: "two", dryRun: false } });
  ask("2", { ...wish, command: { kind: "step-down" } });
  lab.run(2000);
  assert.equal(lab.leader()?.self, 2);
  assert.deepEqual(lab.active(), ["two", "two", "two"]);
  assert.equal(status(lab, 3).services[0]?.pinnedBy?.who, who);
  assert(status(lab, 3).problems.some((text) => text.includes(`pinned to two by hand (${who}`)));
  ask("3", { ...wish, command: { kind: "unpin", service: "web" } });
  ask("4", { ...wish, command: { kind: "drain", service: "web", target: "two" } });
  ask("5", { ...wish, command: { kind: "undrain", service: "web", target: "two" } });
  const told = lab.events.filter(({ node, event }) => node === 3 && event.data["who"] === who);
  assert.deepEqual(told.map(({ event }) => event.text), [
    `web: pinned to two by ${who}.`,
    `web: unpinned from two by ${who}.`,
    `web: two drained by ${who}.`,
    `web: two undrained by ${who}.`,
  ]);
});
