import assert from "node:assert/strict";
import type { LogEvent } from "../../../src/node/events.ts";
import { Tally } from "../../../src/runtime/tally.ts";
import { renderMetrics } from "../../../src/view/metrics.ts";
import { ignoreWithout, promtool } from "../../support/promtool.ts";
import { testConfig } from "../../support/node_lab.ts";
import { drift } from "../view/sample_status.ts";

function told(name: string, data: LogEvent["data"] = {}): LogEvent {
  return { level: "info", name, text: "", epoch: "5.1", service: "web", data };
}

function tally(): Tally {
  const one = new Tally();
  one.expect(testConfig());
  return one;
}

function textOf(one: Tally): string {
  return [...one.pieces()].join("");
}

Deno.test("what may come is counted from 0 on", () => {
  const text = textOf(tally());
  assert.match(text, /^abfail_probes_total\{service="web",target="one",result="bad"\} 0$/m);
  assert.match(text, /^abfail_switches_total\{service="web",reason="down"\} 0$/m);
  assert.match(text, /^abfail_takeovers_total 0$/m);
});

Deno.test("probes are counted by result, and what they took goes into the histogram, in seconds", () => {
  const one = tally();
  one.probed("web", "one", { ok: true, latencyMs: 30, detail: "" });
  one.probed("web", "one", { ok: false, latencyMs: 500, detail: "" });
  one.probed("web", "one", { ok: false, latencyMs: 60_000, detail: "", inconclusive: true });
  one.started(7);
  const text = textOf(one);
  for (const result of ["good", "bad", "inconclusive"]) {
    assert.match(
      text,
      new RegExp(`^abfail_probes_total\\{service="web",target="one",result="${result}"\\} 1$`, "m"),
    );
  }
  assert.match(text, /^abfail_probe_duration_seconds_bucket\{le="0.05",service="web",target="one"\} 1$/m);
  assert.match(text, /^abfail_probe_duration_seconds_sum\{service="web",target="one"\} 0.53$/m);
  assert.match(text, /^abfail_probe_start_lateness_seconds_bucket\{le="0.005"\} 0$/m);
  assert.match(text, /^abfail_probe_start_lateness_seconds_bucket\{le="0.01"\} 1$/m);
});

Deno.test("switches by reason, takeovers and lost leases are counted as they are told", () => {
  const one = tally();
  for (const event of [told("switch", { reason: "down" }), told("switch", { reason: "down" })]) {
    one.event(event);
  }
  for (const name of ["lease", "lease-lost", "leader", "opinion"]) one.event(told(name));
  const text = textOf(one);
  assert.match(text, /^abfail_switches_total\{service="web",reason="down"\} 2$/m);
  assert.match(text, /^abfail_takeovers_total 1$/m);
  assert.match(text, /^abfail_leases_lost_total 1$/m);
});

Deno.test("what publishers do is counted by result", () => {
  const one = tally();
  const config = testConfig();
  one.published(config, { service: "web", index: 0 }, { kind: "read" }, { kind: "ok", shows: "x" }, 20);
  one.published(config, { service: "gone", index: 0 }, { kind: "read" }, { kind: "ok", shows: "x" }, 20);
  const lines = textOf(one).split("\n").filter((line) => line.startsWith("abfail_publisher_operations"));
  assert.deepEqual(lines, [
    'abfail_publisher_operations_total{service="web",type="dns",name="web.ha.test",operation="read",result="ok"} 1',
  ]);
});

Deno.test({
  name: "promtool finds nothing wrong with the metrics",
  ignore: ignoreWithout(),
  fn: async () => {
    const one = tally();
    one.probed("web", "one", { ok: true, latencyMs: 30, detail: "" });
    const refused = {
      name: "datagrams_refused_total",
      help: "Refused",
      labels: { reason: "replay" },
      value: 1,
    };
    const page = [...renderMetrics(drift, {
      counters: [refused],
      probes: { latenessMs: [[0.99, 4]], running: 1, waiting: 0 },
      process: { residentBytes: 1, heapBytes: 1, cpuMs: 1, startedAtMs: 1, timerLatenessMs: 1 },
    })].join("");
    assert.deepEqual(await promtool(["check", "metrics"], page + textOf(one)), { code: 0, text: "" });
    const wrong = await promtool(["check", "metrics"], "# TYPE a_total gauge\na_total 1\n");
    assert.notEqual(wrong.code, 0, "the judge sees nothing");
  },
});
