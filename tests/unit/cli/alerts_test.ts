import assert from "node:assert/strict";
import { extraText } from "../../../src/cli/init.ts";
import { ignoreWithout, promtool } from "../../support/promtool.ts";

/** One alert: series by which it fires, and such by which it must not. Prometheus' notation, a value a minute. */
interface Case {
  readonly alert: string;
  readonly fires: Readonly<Record<string, string>>;
  readonly quiet: Readonly<Record<string, string>>;
}

const ON_TWO = (one: string, two: string, name: string, labels = ""): Record<string, string> => ({
  [`${name}{instance="n1",job="abfail"${labels}}`]: one,
  [`${name}{instance="n2",job="abfail"${labels}}`]: two,
});

const PUBLISHER = `,service="web",type="route53",name="web.example.com"`;

const CASES: readonly Case[] = [
  {
    alert: "AbfailNodeMissing",
    fires: ON_TWO("1x30", "0x30", "up"),
    quiet: { ...ON_TWO("1x30", "1 0 1x28", "up"), 'up{instance="other",job="node"}': "0x30" },
  },
  {
    alert: "AbfailNoLeader",
    fires: ON_TWO("0x30", "0x30", "abfail_has_leader"),
    quiet: ON_TWO("0x30", "1x30", "abfail_has_leader"), // one node is cut off
  },
  {
    alert: "AbfailQuorumAtRisk",
    fires: {
      ...ON_TWO("2x30", "3x30", "abfail_quorum_alive"),
      ...ON_TWO("2x30", "2x30", "abfail_quorum_needed"),
      ...ON_TWO("3x30", "3x30", "abfail_quorum_size"),
    },
    quiet: {
      ...ON_TWO("3 2 3x28", "3x30", "abfail_quorum_alive"),
      ...ON_TWO("2x30", "2x30", "abfail_quorum_needed"),
      ...ON_TWO("3x30", "3x30", "abfail_quorum_size"),
    },
  },
  {
    alert: "AbfailServiceDown",
    fires: ON_TWO("0x30", "1x30", "abfail_service_state", ',service="web",state="down"'),
    quiet: {
      ...ON_TWO("0x30", "0x30", "abfail_service_state", ',service="web",state="down"'),
      ...ON_TWO("1x30", "1x30", "abfail_service_state", ',service="web",state="degraded"'),
    },
  },
  {
    alert: "AbfailServiceDegraded",
    fires: ON_TWO("1x30", "1x30", "abfail_service_state", ',service="web",state="degraded"'),
    quiet: ON_TWO("1x4 0x26", "0x30", "abfail_service_state", ',service="web",state="degraded"'),
  },
  {
    alert: "AbfailPublisherFailed",
    fires: ON_TWO("1x30", "0x30", "abfail_publisher_state", `${PUBLISHER},state="drift"`),
    quiet: ON_TWO("1x30", "1x30", "abfail_publisher_state", `${PUBLISHER},state="pending"`),
  },
  {
    alert: "AbfailCannotPublish",
    fires: ON_TWO("0x30", "1x30", "abfail_publisher_rehearsal_ok", PUBLISHER),
    quiet: ON_TWO("1x30", "1x30", "abfail_publisher_rehearsal_ok", PUBLISHER),
  },
  {
    alert: "AbfailSwitched",
    fires: ON_TWO("0x25 1x5", "0x25 1x5", "abfail_switches_total", ',service="web",reason="down"'),
    quiet: ON_TWO("7x30", "7x30", "abfail_switches_total", ',service="web",reason="down"'),
  },
  {
    alert: "AbfailLeaderFlapping",
    fires: ON_TWO("0+1x30", "0x30", "abfail_takeovers_total"),
    quiet: ON_TWO("0x20 1x10", "0x20 1x10", "abfail_takeovers_total"), // a restart of all of them
  },
  {
    alert: "AbfailTimersLate",
    fires: ON_TWO("0.6x30", "0x30", "abfail_timer_lateness_max_seconds"),
    quiet: ON_TWO("0.2x30", "0x28 0.9 0", "abfail_timer_lateness_max_seconds"),
  },
  {
    alert: "AbfailPeerLoss",
    fires: ON_TWO("0.4x30", "0x30", "abfail_peer_loss_ratio", ',peer="3",zone="x"'),
    quiet: ON_TWO("0.1x30", "0.5x3 0x27", "abfail_peer_loss_ratio", ',peer="3",zone="x"'),
  },
  {
    alert: "AbfailNobodyTold",
    fires: ON_TWO("1x30", "1x30", "abfail_notices_waiting", ',receiver="webhook hooks.example.com"'),
    quiet: ON_TWO("1x5 0x25", "1x5 0x25", "abfail_notices_waiting", ',receiver="webhook hooks.example.com"'),
  },
  {
    alert: "AbfailProblems",
    fires: ON_TWO("2x30", "0x30", "abfail_problems"),
    quiet: ON_TWO("2x9 0x21", "0x30", "abfail_problems"),
  },
];

/** A file for `promtool test rules`: after half an hour the alert fires (or not), whatever its labels are. */
function testFile(rules: string, cases: readonly { readonly case: Case; readonly fires: boolean }[]): string {
  return JSON.stringify({
    rule_files: [rules],
    evaluation_interval: "1m",
    tests: cases.map(({ case: { alert, fires: firing, quiet }, fires }) => ({
      interval: "1m",
      input_series: Object.entries(fires ? firing : quiet).map(([series, values]) => ({ series, values })),
      promql_expr_test: [{
        expr: `count(ALERTS{alertname="${alert}",alertstate="firing"}) > bool 0 or vector(0)`,
        eval_time: "29m",
        exp_samples: [{ labels: "{}", value: fires ? 1 : 0 }],
      }],
    })),
  });
}

async function judge(cases: readonly { readonly case: Case; readonly fires: boolean }[]): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "abfail-rules-" });
  try {
    await Deno.writeTextFile(`${folder}/alerts.yml`, extraText("alerts"));
    await Deno.writeTextFile(`${folder}/test.json`, testFile("alerts.yml", cases));
    const { code, text } = await promtool(["test", "rules", `${folder}/test.json`], "");
    return code === 0 ? "" : text;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("there is a case for each alert", () => {
  const alerts = [...extraText("alerts").matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name);
  assert.deepEqual(CASES.map(({ alert }) => alert), alerts);
});

Deno.test({
  name: "each alert fires when it should, and stays quiet when it should not",
  ignore: ignoreWithout(),
  fn: async () => {
    const all = CASES.flatMap((one) => [{ case: one, fires: true }, { case: one, fires: false }]);
    assert.equal(await judge(all), "");
    // The judge can see: what must be quiet does not fire, what fires is not quiet.
    for (const one of CASES) {
      const swapped = { ...one, fires: one.quiet, quiet: one.fires };
      assert.notEqual(await judge([{ case: swapped, fires: true }]), "", `${one.alert} fires by nothing`);
    }
  },
});
