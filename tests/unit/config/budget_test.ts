import assert from "node:assert/strict";
import { failoverBudget, probesPerSecond } from "../../../src/config/budget.ts";
import { CLUSTER, DNS, right, service } from "./sample.ts";

function budgetOf(text: string): ReturnType<typeof failoverBudget> {
  const config = right(text);
  const first = config.services[0];
  assert.ok(first);
  return failoverBudget(config, first);
}

const dns = (ttl: string): string =>
  `[[services.publish]]\ntype = "dns"\nname = "web.ha.example.com"\nttl = "${ttl}"`;
const CHECK = 'interval = "2s"\nfast_interval = "200ms"\ntimeout = "500ms"\nfall = 4';

Deno.test("the budget follows its formulas", () => {
  const budget = budgetOf(
    `[election]\ntiming = "lan"\n${CLUSTER}${DNS}${service({ check: CHECK, rest: dns("10s") })}`,
  );
  // Two of three observers: 2/4 of the interval on average; opinions ride on heartbeats of 50 ms.
  assert.deepEqual(budget.detect, { best: 600, typical: 1000 + 600 + 25, worst: 2000 + 4 * 500 + 600 + 50 });
  // delta = 20 ms; round trip of 5 ms at worst.
  assert.deepEqual(budget.decide, { best: 0.3, typical: 1, worst: 400 + 30 + 20 });
  assert.deepEqual(budget.publish, { best: 1, typical: 25, worst: 55 });
  assert.deepEqual(budget.ttl, { best: 0, typical: 5000, worst: 10_000 });
  assert.equal(budget.total.worst, 4650 + 450 + 55 + 10_000);
  assert.equal(budget.slowest, "dns web.ha.example.com");
});

Deno.test("the advice is the setting that saves most, and none when nothing saves much", () => {
  const long = budgetOf(CLUSTER + DNS + service({ check: CHECK, rest: dns("60s") }));
  assert.deepEqual(long.shorten, {
    path: "services.web.publish[0].ttl",
    from: "1m",
    to: "30s",
    savesMs: 30_000,
  });
  const slow = budgetOf(CLUSTER + DNS + service({ check: 'interval = "30s"', rest: dns("1s") }));
  assert.equal(slow.shorten?.path, "services.web.check.interval");
  const fallen = budgetOf(`[election]\nlease = "60s"\n${CLUSTER}${service()}`);
  assert.equal(fallen.shorten?.path, "election.lease");
});

Deno.test("the slowest publisher counts; exec takes its timeout, twice where it reads first", () => {
  const exec =
    '\n[[services.publish]]\ntype = "exec"\ncommand = ["move"]\ntimeout = "8s"\nread_command = ["show"]';
  const budget = budgetOf(CLUSTER + DNS + service({ rest: dns("5s") + exec }));
  assert.equal(budget.slowest, "exec move");
  assert.deepEqual([budget.publish.worst, budget.ttl.worst], [16_000, 0]);
});

Deno.test("a leader that decides alone waits for nobody's opinion", () => {
  const alone = budgetOf(CLUSTER + service({ top: 'observers = "leader"', check: CHECK }));
  assert.equal(alone.detect.worst, 2000 + 2000 + 600);
  const all = budgetOf(CLUSTER + service({ top: 'observers = "all"', check: CHECK }));
  assert.equal(all.detect.typical, 2000 * 3 / 4 + 600 + 50);
});

Deno.test("probes come from every node", () => {
  const config = right(CLUSTER + service({ check: 'interval = "500ms"' }));
  const first = config.services[0];
  assert.ok(first);
  assert.equal(probesPerSecond(config, first), 6);
});
