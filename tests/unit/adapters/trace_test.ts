import assert from "node:assert/strict";
import { FailoverTraces, OPEN_MAX, openTracer, type Tracer } from "../../../src/adapters/trace.ts";
import type { LogEvent } from "../../../src/node/events.ts";

interface Kept {
  readonly name: string;
  readonly parent: unknown;
  readonly from: number;
  to: number | null;
  failed: string | null;
}

function recorder(): { readonly tracer: Tracer; readonly spans: Kept[] } {
  const spans: Kept[] = [];
  const key = Symbol.for("OpenTelemetry Context Key SPAN");
  const tracer: Tracer = {
    startSpan: (name, { startTime }, context) => {
      const parent = (context as { getValue(key: symbol): unknown } | undefined)?.getValue(key) ?? null;
      const kept: Kept = { name, parent, from: startTime, to: null, failed: null };
      spans.push(kept);
      return Object.assign(kept, {
        setStatus: ({ message }: { message?: string }): void => {
          kept.failed = message ?? "";
        },
        end: (at: number): void => {
          kept.to = at;
        },
      });
    },
  };
  return { tracer, spans };
}

function event(name: string, data: LogEvent["data"]): LogEvent {
  return { level: "info", name, text: `${name} it is`, epoch: "5.1", service: "web", data };
}

Deno.test("a failover is one trace: detect, decide, commit, publish, verify, with the times of its events", () => {
  const { tracer, spans } = recorder();
  const traces = new FailoverTraces({ tracer, cluster: "prod", node: 1 });
  const id = { switch: "5f3a09c1" };
  traces.event(event("decide", { ...id, from: "a", to: "b", reason: "down", detectMs: 2000 }), 10_000);
  traces.event(event("switch", id), 10_003);
  traces.event(event("publish-failed", { ...id, publisher: "exec", name: "mover" }), 10_050);
  traces.event(event("published", { ...id, publisher: "exec", name: "mover" }), 10_200);
  traces.event(event("shown", id), 10_210);
  traces.event(event("verified", { ...id, publisher: "exec", name: "mover" }), 10_900);
  traces.event(event("switch", { switch: "00000000" }), 11_000); // another leader's
  traces.event(event("opinion", {}), 11_000);
  const [root, ...children] = spans;
  assert.deepEqual([root?.name, root?.from, root?.to, root?.failed], ["failover", 8000, 10_210, null]);
  assert.ok(children.every(({ parent }) => parent === root));
  assert.deepEqual(children.map(({ name, from, to, failed }) => [name, from, to, failed]), [
    ["detect", 8000, 10_000, null],
    ["decide", 10_000, 10_000, null],
    ["commit", 10_000, 10_003, null],
    ["publish", 10_003, 10_050, "publish-failed it is"],
    ["publish", 10_003, 10_200, null],
    ["verify", 10_210, 10_900, null],
  ]);
});

Deno.test("switches that are never shown are closed as failed, and few are kept open", () => {
  const { tracer, spans } = recorder();
  const traces = new FailoverTraces({ tracer, cluster: "prod", node: 1 });
  for (let i = 0; i < OPEN_MAX + 3; i++) traces.event(event("decide", { switch: `${i}`, detectMs: null }), i);
  const roots = spans.filter(({ name }) => name === "failover");
  assert.equal(roots.filter(({ failed }) => failed !== null).length, 3);
  assert.ok(spans.every(({ name }) => name !== "detect"), "what no probe began was not detected");
});

Deno.test("without OTEL_DENO there is no tracer", () => {
  const before = Deno.env.get("OTEL_DENO");
  Deno.env.delete("OTEL_DENO");
  assert.equal(openTracer("0.1.0"), null);
  if (before !== undefined) Deno.env.set("OTEL_DENO", before);
});
