import assert from "node:assert/strict";
import { TestCluster } from "../support/cluster.ts";
import { Collector, type OtlpSpan } from "../support/otlp.ts";

Deno.test("with OTEL_DENO a failover is a trace at the collector; a collector that is gone delays nothing", async () => {
  const collector = new Collector();
  await using cluster = new TestCluster({
    env: collector.env,
    publish: () =>
      `[[services.publish]]\ntype = "exec"\nname = "mover"\ncommand = ["true"]\ntimeout = "5s"\n`,
  });
  await cluster.startAll();
  await cluster.service("web-a").stop();
  const wanted = (): OtlpSpan | undefined =>
    collector.spans.find(({ name, attributes }) =>
      name === "failover" &&
      attributes.some(({ key, value }) => key === "abfail.to" && value.stringValue === "web-b")
    );
  const family = (): OtlpSpan[] => collector.spans.filter(({ traceId }) => traceId === wanted()?.traceId);
  await cluster.until("the whole trace is there", () => family().length >= 5);
  const root = wanted();
  assert.ok(root !== undefined);
  const value = (name: string): string | undefined =>
    root.attributes.find(({ key }) => key === name)?.value.stringValue;
  const decided = cluster.node(1).log.findLast(({ name }) => name === "decide");
  assert.equal(value("abfail.switch"), decided?.data["switch"], "logs and traces share the id");
  assert.equal(value("abfail.epoch"), decided?.epoch);
  const children = family().filter((span) => span !== root).sort((a, b) =>
    Number(BigInt(a.endTimeUnixNano) - BigInt(b.endTimeUnixNano))
  );
  assert.ok(children.every(({ parentSpanId }) => parentSpanId === root.spanId));
  assert.deepEqual(
    new Set(children.map(({ name }) => name)),
    new Set(["detect", "decide", "commit", "publish"]),
  );
  const tookMs = Number(BigInt(root.endTimeUnixNano) - BigInt(root.startTimeUnixNano)) / 1e6;
  const shown = cluster.node(1).log.findLast(({ name }) => name === "shown")?.data ?? {};
  const told = Number(shown["detectMs"]) + Number(shown["decideMs"]) + Number(shown["publishMs"]);
  assert.ok(Math.abs(tookMs - told) < 500, `the trace took ${tookMs} ms, the log says ${told}`);

  await collector[Symbol.asyncDispose]();
  await cluster.service("web-b").stop();
  cluster.service("web-a").start();
  await cluster.untilAnswered("web-a");
  const startedAt = performance.now();
  const { code } = await cluster.node(1).stop(5000);
  assert.equal(code, 0);
  assert.ok(performance.now() - startedAt < 3000, "it ends in time");
});
