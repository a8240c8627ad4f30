import assert from "node:assert/strict";
import { extraText } from "../../../src/cli/init.ts";
import { Tally } from "../../../src/runtime/tally.ts";
import { renderMetrics } from "../../../src/view/metrics.ts";
import { testConfig } from "../../support/node_lab.ts";
import { ignoreWithout, promtool } from "../../support/promtool.ts";
import { allWell } from "../view/sample_status.ts";

Deno.test("alerts and dashboard ask only for metrics that there are", () => {
  const tally = new Tally();
  tally.expect(testConfig());
  const counter = (name: string, label: string) => ({ name, help: "x", labels: { [label]: "x" }, value: 0 });
  const shown = renderMetrics(allWell, {
    counters: [
      counter("datagrams_refused_total", "reason"),
      counter("dns_queries_total", "type"),
      counter("dns_answers_total", "rcode"),
    ],
    notices: [["webhook", 0]],
    process: { residentBytes: 1, heapBytes: 1, cpuMs: 1, startedAtMs: 1, timerLatenessMs: 1 },
  });
  const page = [...tally.pieces(), ...shown].join("");
  const known = new Set([...page.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]));
  for (const extra of ["alerts", "dashboard"] as const) {
    const asked = [...extraText(extra).matchAll(/\b(abfail_[a-z_]+|process_[a-z_]+)/g)].map((match) =>
      match[1]
    );
    assert.ok(asked.length > 5, extra);
    assert.deepEqual(asked.filter((name) => !known.has(name?.replace(/_bucket$/, ""))), [], extra);
  }
});

Deno.test("the dashboard is a dashboard", () => {
  const { title, panels } = JSON.parse(extraText("dashboard"));
  assert.equal(title, "abfail");
  assert.ok(panels.length > 10);
});

Deno.test({
  name: "promtool finds nothing wrong with the alert rules",
  ignore: ignoreWithout(),
  fn: async () => {
    const check = async (rules: string): Promise<{ readonly code: number; readonly text: string }> => {
      const file = await Deno.makeTempFile({ prefix: "abfail-rules-" });
      try {
        await Deno.writeTextFile(file, rules);
        return await promtool(["check", "rules", file], "");
      } finally {
        await Deno.remove(file);
      }
    };
    const right = await check(extraText("alerts"));
    assert.equal(right.code, 0, right.text);
    assert.match(right.text, /SUCCESS: 13 rules/);
    const wrong = await check(extraText("alerts").replace("== 0", "== =="));
    assert.notEqual(wrong.code, 0, "the judge sees nothing");
  },
});
