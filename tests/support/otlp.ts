/** A small OpenTelemetry collector, to see what arrives. */

interface Value {
  readonly stringValue?: string;
  readonly intValue?: string | number;
}

/** One span as OTLP/JSON has it. */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Value }[];
}

interface Export {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly spans: readonly OtlpSpan[];
    }[];
  }[];
}

/** Takes OTLP over HTTP, as JSON. */
export class Collector implements AsyncDisposable {
  readonly spans: OtlpSpan[] = [];
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: (): void => {} },
    async (request) => {
      const text = await request.text();
      if (new URL(request.url).pathname === "/v1/traces") {
        const { resourceSpans }: Export = JSON.parse(text);
        const scopes = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans);
        this.spans.push(
          ...scopes.filter(({ scope }) => scope.name === "abfail").flatMap(({ spans }) => spans),
        );
      }
      return new Response("{}");
    },
  );

  /** What a node needs to send there. */
  get env(): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_SERVICE_NAME: "abfail",
      OTEL_BSP_SCHEDULE_DELAY: "200",
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
