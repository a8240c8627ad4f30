import assert from "node:assert/strict";
import { statusOf } from "../../../src/view/status.ts";
import { NodeLab, testConfig } from "../../support/node_lab.ts";

Deno.test("a certificate that ends soon is a notice in the status, with the last probe, and no more than that", () => {
  const lab = new NodeLab(testConfig());
  lab.run(6000);
  const node = lab.node(1);
  const env = { now: lab.now, wallMs: 1_700_000_000_000 };
  assert.deepEqual(statusOf(node, env, "test").problems, []);
  const [service] = node.services.values();
  const [slot] = service?.targets ?? [];
  assert(slot !== undefined);
  const warning = "certificate ends in 5 days";
  slot.probing.last = {
    outcome: { ok: true, latencyMs: 1, detail: `HTTP 200, ${warning}`, warning },
    at: lab.now,
  };
  const status = statusOf(node, env, "test");
  assert.deepEqual(status.problems, ["web: one: certificate ends in 5 days"]);
  const probe = status.services[0]?.targets[0]?.lastProbe;
  assert.deepEqual([probe?.ok, probe?.warning], [true, warning]);
  assert.equal(status.services[0]?.state, "ok");
});
