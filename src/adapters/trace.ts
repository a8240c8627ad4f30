/**
 * Failovers as OpenTelemetry traces, through what Deno has built in: only where OTEL_DENO is set, at no cost else. The
 * leader that decides tells them, out of the same events that it logs:
 *
 *     failover [ detect | decide | commit | publish (one a publisher) ]   verify (of those with `verify`, behind it)
 *
 * Deno sends them itself (OTEL_EXPORTER_OTLP_ENDPOINT and its kin) and keeps what it cannot send within bounds of its own.
 * A switch whose leader ends before it is shown leaves an unfinished trace: the next leader has no part in it.
 */
import type { WallMs } from "../base/time.ts";
import type { LogEvent } from "../node/events.ts";

/** Switches under way that are remembered. */
export const OPEN_MAX = 64;

type Attributes = Readonly<Record<string, string | number | boolean>>;

/** As much of OpenTelemetry's span as is used here. */
export interface Span {
  setStatus(status: { readonly code: number; readonly message?: string }): unknown;
  end(at: number): void;
}

/** As much of its tracer; times are ms since 1970. */
export interface Tracer {
  startSpan(
    name: string,
    options: { readonly startTime: number; readonly attributes: Attributes },
    context?: unknown,
  ): Span;
}

/** OpenTelemetry's code for a span that failed. */
const ERROR = 2;

interface Open {
  readonly root: Span;
  readonly context: unknown;
  committedAt: WallMs;
  shownAt: WallMs | null;
  /** A publisher has a span of its own. */
  published: boolean;
}

export interface TraceOptions {
  readonly tracer: Tracer;
  readonly cluster: string;
  readonly node: number;
}

/** Takes a node's events and makes traces of them. */
export class FailoverTraces {
  readonly #options: TraceOptions;
  readonly #open = new Map<string, Open>();

  constructor(options: TraceOptions) {
    this.#options = options;
  }

  /** Something was told, at that time. */
  event(event: LogEvent, wallMs: WallMs): void {
    const id = event.data["switch"];
    if (typeof id !== "string") return;
    if (event.name === "decide") return this.#begin(id, event, wallMs);
    const open = this.#open.get(id);
    if (open === undefined) return;
    switch (event.name) {
      case "switch":
        this.#child(open, "commit", open.committedAt, wallMs, {});
        open.committedAt = wallMs;
        return;
      case "published":
        open.published = true;
        this.#child(open, "publish", open.committedAt, wallMs, publisherOf(event));
        return;
      case "publish-failed": {
        open.published = true;
        const failed = { ...publisherOf(event), "abfail.error": event.text };
        this.#child(open, "publish", open.committedAt, wallMs, failed, event.text);
        return;
      }
      case "shown":
        if (!open.published) this.#child(open, "publish", open.committedAt, wallMs, {});
        open.shownAt = wallMs;
        open.root.end(wallMs);
        return;
      case "verified":
        this.#child(open, "verify", open.shownAt ?? open.committedAt, wallMs, publisherOf(event));
    }
  }

  #begin(id: string, event: LogEvent, wallMs: WallMs): void {
    const { detectMs, from, to, reason } = event.data;
    const startedAt = wallMs - (typeof detectMs === "number" ? detectMs : 0);
    const { tracer, cluster, node } = this.#options;
    const attributes = {
      "abfail.switch": id,
      "abfail.cluster": cluster,
      "abfail.node": node,
      "abfail.service": event.service ?? "",
      "abfail.epoch": event.epoch ?? "",
      "abfail.reason": String(reason),
      "abfail.from": String(from ?? ""),
      "abfail.to": String(to ?? ""),
    };
    const root = tracer.startSpan("failover", { startTime: startedAt, attributes });
    const open: Open = {
      root,
      context: contextWith(root),
      committedAt: wallMs,
      shownAt: null,
      published: false,
    };
    this.#open.set(id, open);
    if (this.#open.size > OPEN_MAX) this.#forgetOldest(wallMs);
    if (typeof detectMs === "number") this.#child(open, "detect", startedAt, wallMs, {});
    this.#child(open, "decide", wallMs, wallMs, {});
  }

  #child(open: Open, name: string, from: WallMs, to: WallMs, attributes: Attributes, failed?: string): void {
    const span = this.#options.tracer.startSpan(name, { startTime: from, attributes }, open.context);
    if (failed !== undefined) span.setStatus({ code: ERROR, message: failed });
    span.end(Math.max(from, to));
  }

  #forgetOldest(wallMs: WallMs): void {
    const [id, oldest] = this.#open.entries().next().value ?? [];
    if (id === undefined || oldest === undefined) return;
    this.#open.delete(id);
    if (oldest.shownAt !== null) return;
    oldest.root.setStatus({ code: ERROR, message: "it was never seen to be shown" });
    oldest.root.end(wallMs);
  }
}

function publisherOf({ data }: LogEvent): Attributes {
  return { "abfail.publisher": String(data["publisher"] ?? ""), "abfail.name": String(data["name"] ?? "") };
}

/** The name under which OpenTelemetry's contexts keep the span that is a parent. */
const SPAN = Symbol.for("OpenTelemetry Context Key SPAN");

/** A context of OpenTelemetry with one span in it. */
function contextWith(span: Span): unknown {
  const of = (values: ReadonlyMap<symbol, unknown>): unknown => ({
    getValue: (key: symbol): unknown => values.get(key),
    setValue: (key: symbol, value: unknown): unknown => of(new Map([...values, [key, value]])),
    deleteValue: (key: symbol): unknown => of(new Map([...values].filter(([other]) => other !== key))),
  });
  return of(new Map([[SPAN, span]]));
}

/** Deno's own tracer; null where OTEL_DENO does not ask for one. */
export function openTracer(version: string): Tracer | null {
  if (!["true", "1"].includes((Deno.env.get("OTEL_DENO") ?? "").toLowerCase())) return null;
  try {
    const provider = Deno.telemetry.tracerProvider as { getTracer(name: string, version: string): Tracer };
    return provider.getTracer("abfail", version);
  } catch {
    return null;
  }
}
