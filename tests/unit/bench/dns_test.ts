import assert from "node:assert/strict";
import { readPerf } from "../../bench/dns.ts";

const SUMMARY = `Statistics:

  Queries sent:         400
  Queries completed:    399 (99.75%)
  Queries lost:         1 (0.25%)

  Response codes:       NOERROR 399 (100.00%)
  Average packet size:  request 32, response 48
  Run time (s):         4.000123
  Queries per second:   99.750000
`;

Deno.test("dnsperf's summary and the time of each answer are read", () => {
  const times = Array.from(
    { length: 100 },
    (_, i) => `> NOERROR web.bench.test A 0.${String(i + 1).padStart(6, "0")}`,
  );
  const perf = readPerf(`${times.join("\n")}\n${SUMMARY}`);
  assert.deepEqual(perf, { qps: 99.75, sent: 400, completed: 399, lost: 1, p99Ms: 0.1 });
  assert(Number.isNaN(readPerf(SUMMARY).p99Ms));
});

Deno.test("a server that answers with errors is no figure, and neither is a dnsperf that failed", () => {
  const refused = SUMMARY.replace("NOERROR 399 (100.00%)", "REFUSED 399 (100.00%)");
  assert.throws(() => readPerf(refused), /answers were: REFUSED/);
  assert.throws(() => readPerf("Error: unable to open"), /told no "Queries per second"|answers were/);
});
