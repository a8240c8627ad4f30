import assert from "node:assert/strict";
import type { Config } from "../../../src/config/config.ts";
import { mayAct } from "../../../src/election/step.ts";
import { NodeLab, testConfig } from "../../support/node_lab.ts";

function steady(): NodeLab {
  const lab = new NodeLab(testConfig());
  lab.run(6000);
  assert.equal(lab.leader()?.self, 1);
  return lab;
}

/** The service `web` with its second target elsewhere and a third one. */
function changed(): Config {
  const config = testConfig(`failback = "manual"`);
  const service = config.services[0]!;
  const [one, two] = service.targets;
  const three = { ...two!, name: "three", address: "10.0.1.3", publish: "10.0.1.3" };
  return { ...config, services: [{ ...service, targets: [one!, { ...two!, address: "10.0.9.9" }, three] }] };
}

Deno.test("a reload keeps role, lease, epoch and what is decided", () => {
  const lab = steady();
  const epoch = lab.leader()?.leading?.epoch;
  for (const id of [1, 2, 3]) {
    lab.give(id, { kind: "reload", config: changed() });
    assert.equal(mayAct(lab.node(1).election, lab.now), true);
  }
  lab.run(5000);
  assert.equal(lab.leader()?.leading?.epoch, epoch);
  assert.deepEqual(lab.active(), ["one", "one", "one"]);
});

Deno.test("after a reload an unchanged target keeps its opinion, a moved one begins anew, a new one is probed", () => {
  const lab = steady();
  const before = lab.node(1).targets.map((slot) => slot.probing);
  lab.give(1, { kind: "reload", config: changed() });
  const after = lab.node(1).targets;
  assert.deepEqual(after.map((slot) => slot.probing.opinion), ["up", "unknown", "unknown"]);
  assert.equal(after[0]!.probing, before[0]);
  lab.run(3000);
  assert.deepEqual(lab.node(1).targets.map((slot) => slot.probing.opinion), ["up", "up", "up"]);
});

Deno.test("probes of a target that a reload removed stop", () => {
  const lab = steady();
  const config = testConfig();
  const service = config.services[0]!;
  const fewer = { ...config, services: [{ ...service, targets: service.targets.slice(0, 1) }] };
  for (const id of [1, 2, 3]) lab.give(id, { kind: "reload", config: fewer });
  lab.run(100);
  const asked: string[] = [];
  lab.healthy = (_node, target) => {
    asked.push(target);
    return true;
  };
  lab.run(10_000);
  assert.ok(asked.length > 0);
  assert.ok(asked.every((target) => target === "one"), asked.join(" "));
});

Deno.test("the active target that a reload removes is left", () => {
  const lab = steady();
  const config = testConfig();
  const service = config.services[0]!;
  const other = { ...config, services: [{ ...service, targets: service.targets.slice(1) }] };
  for (const id of [1, 2, 3]) lab.give(id, { kind: "reload", config: other });
  lab.run(10_000);
  assert.deepEqual(lab.active(), ["two", "two", "two"]);
  assert.equal(lab.node(2).cluster?.services["web"]?.lastSwitch?.reason, "removed");
});

Deno.test("nodes that have and have not reloaded do not mix up their targets, and say that their configs differ", () => {
  const lab = steady();
  lab.give(1, { kind: "reload", config: changed() });
  lab.run(8000);
  assert.deepEqual(lab.active(), ["one", "one", "one"]);
  assert.equal(lab.node(1).peers.get(2)?.otherTargets, true);
  assert.ok((lab.node(1).peers.get(2)?.differs.length ?? 0) > 0);
});

Deno.test("what differs in two configs is asked for and told once, not again and again", () => {
  const lab = steady();
  lab.give(1, { kind: "reload", config: changed() });
  lab.run(60_000);
  const told = lab.events.filter(({ node, event }) => node === 2 && event.text.includes("config differs in"));
  assert.equal(told.length, 1);
  lab.give(1, { kind: "reload", config: testConfig() });
  lab.run(1000);
  lab.give(1, { kind: "reload", config: changed() });
  lab.run(10_000);
  const again = lab.events.filter(({ node, event }) =>
    node === 2 && event.text.includes("config differs in")
  );
  assert.equal(again.length, 2, "another change is news");
});
