import assert from "node:assert/strict";
import { type CounterSample, type MetricsExtra, renderMetrics } from "../../../src/view/metrics.ts";
import type { RehearsalStatus, Status } from "../../../src/view/status_type.ts";
import { allWell, drift, quorumLost } from "./sample_status.ts";

const none: MetricsExtra = { counters: [] };

function pageOf(status: Status, extra: MetricsExtra): string {
  return [...renderMetrics(status, extra)].join("");
}

function refused(reason: string, value: number): CounterSample {
  return { name: "datagrams_refused_total", help: "Refused", labels: { reason }, value };
}

Deno.test("metrics are in base units, from the status", () => {
  const lines = pageOf(allWell, none).split("\n");
  const has = (line: string): void => assert.ok(lines.includes(line), line);
  has('abfail_info{version="0.1.0",cluster="prod",node="1",zone="nyc1"} 1');
  has("abfail_has_leader 1");
  has("abfail_lease_remaining_seconds 0.812");
  has('abfail_role{role="leader"} 1');
  has('abfail_role{role="follower"} 0');
  has('abfail_peer_rtt_seconds{peer="2",zone="sfo2"} 0.0712');
  has('abfail_peer_loss_ratio{peer="3",zone="laptop"} 0.022');
  has('abfail_service_active{service="web",target="nyc1"} 1');
  has('abfail_service_active{service="web",target="sfo2"} 0');
  has('abfail_target_health{service="web",target="nyc1",health="up"} 1');
  has('abfail_last_switch_detect_seconds{service="web"} 2.1');
});

Deno.test("what is not known has no sample", () => {
  const text = pageOf(quorumLost, none);
  assert.doesNotMatch(
    text,
    /abfail_lease_remaining_seconds|abfail_leader_node|abfail_peer_rtt_seconds|NaN|null/i,
  );
  assert.match(text, /^abfail_has_leader 0$/m);
});

Deno.test("drift can be alerted on", () => {
  const line =
    /^abfail_publisher_state\{service="web",type="digitalocean-dns",name="web.example.com",state="drift"\} 1$/m;
  assert.match(pageOf(drift, none), line);
  assert.doesNotMatch(pageOf(allWell, none), line);
});

Deno.test("the process is told under the names that everybody uses", () => {
  const figures = {
    residentBytes: 81_000_000,
    heapBytes: 12_000_000,
    cpuMs: 4250,
    startedAtMs: 1_763_881_200_500,
    timerLatenessMs: 12,
  };
  const text = pageOf(allWell, { ...none, process: figures });
  assert.match(text, /^process_resident_memory_bytes 81000000$/m);
  assert.match(text, /^process_start_time_seconds 1763881200.5$/m);
  assert.match(text, /^process_cpu_seconds_total 4.25$/m);
  assert.match(text, /^abfail_timer_lateness_max_seconds 0.012$/m);
});

Deno.test("the page is well formed: one HELP and TYPE for each metric, its samples together, no sample twice", () => {
  const probes: CounterSample = { name: "probes_started_total", help: "Probes", value: 12 };
  const text = pageOf(drift, { counters: [refused("replay", 3), probes, refused("seal", 0)] });
  assert.ok(text.endsWith("\n"));
  const samples = new Set<string>();
  const done = new Set<string>();
  let current = "";
  for (const line of text.split("\n").filter((one) => one !== "")) {
    const help = /^# HELP (\S+) .+$/.exec(line);
    if (help !== null) {
      current = help[1] ?? "";
      assert.ok(!done.has(current), current);
      done.add(current);
      continue;
    }
    if (line.startsWith("#")) {
      assert.match(line, new RegExp(`^# TYPE ${current} (gauge|counter)$`));
      continue;
    }
    const sample = /^([a-z_]+)(\{.*\})? (-?[\d.e+-]+)$/.exec(line);
    assert.equal(sample?.[1], current, line);
    assert.ok(!samples.has(`${sample?.[1]}${sample?.[2]}`), line);
    samples.add(`${sample?.[1]}${sample?.[2]}`);
  }
  assert.match(text, /^# TYPE abfail_datagrams_refused_total counter$/m);
  assert.match(text, /^abfail_datagrams_refused_total\{reason="replay"\} 3$/m);
  assert.match(text, /^abfail_datagrams_refused_total\{reason="seal"\} 0$/m);
});

Deno.test("the page comes in whole lines, few at a time: a node with thousands of targets has other things to do", () => {
  const [service] = allWell.services;
  const targets = Array.from({ length: 1000 }, (_, i) => ({ ...service!.targets[0]!, name: `t${i}` }));
  const pieces = [...renderMetrics({ ...allWell, services: [{ ...service!, targets }] }, none)];
  assert.ok(pieces.length > 5000);
  for (const piece of pieces) assert.ok(piece.endsWith("\n") && piece.length < 1000, piece);
});

Deno.test("a label cannot break out of its quotes", () => {
  const status = { ...allWell, cluster: 'a"} 1\nevil\\' };
  assert.match(pageOf(status, none), /cluster="a\\"\} 1\\nevil\\\\"/);
});

Deno.test("whether a failover would be published is a metric of its own", () => {
  const [service] = allWell.services;
  const [publisher] = service!.publishers;
  const failed = { state: "failed", provenMs: 60_000, nextMs: 1, error: "HTTP 401" } as const;
  const textOf = (rehearsal: RehearsalStatus): string =>
    pageOf(
      { ...allWell, services: [{ ...service!, publishers: [{ ...publisher!, rehearsal }] }] },
      none,
    );
  assert.match(textOf(failed), /^abfail_publisher_rehearsal_ok\{.*\} 0$/m);
  assert.match(textOf(failed), /^abfail_publisher_proven_age_seconds\{.*\} 60$/m);
  assert.match(textOf({ ...failed, state: "ok" }), /^abfail_publisher_rehearsal_ok\{.*\} 1$/m);
  assert.doesNotMatch(textOf({ ...failed, state: "off" }), /rehearsal_ok/);
});
