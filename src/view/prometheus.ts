/**
 * Counters, gauges and histograms as Prometheus text (exposition format 0.0.4).
 *
 * Why not prom-client, which this was: `deno compile` 2.9.6 overflows its stack on that package, alone and in
 * parts, and without a binary there is no abfail. Its names and call shapes are kept, so that it can come back
 * here, in this one file.
 */

type Labels = Readonly<Record<string, string | number>>;

/** What describes a metric. Names are whole, as they are shown. */
export interface MetricOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  readonly registers: readonly Registry[];
}

/** A metric as its registry sees it. */
interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  samples(): string[];
}

/** A set of metrics and their text. */
export class Registry {
  readonly #metrics = new Map<string, Metric>();

  /** Adds a metric; each name once. */
  register(metric: Metric): void {
    if (this.#metrics.has(metric.name)) throw new Error(`a metric ${metric.name} is registered already`);
    this.#metrics.set(metric.name, metric);
  }

  /** The whole text. */
  metrics(): Promise<string> {
    const blocks = [...this.#metrics.values()].map((metric) => {
      const help = metric.help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
      const lines = [
        `# HELP ${metric.name} ${help}`,
        `# TYPE ${metric.name} ${metric.type}`,
        ...metric.samples(),
      ];
      return lines.join("\n") + "\n";
    });
    return Promise.resolve(blocks.join("\n"));
  }
}

/** Values by labels; without labels there is one from the start, 0. */
class Values {
  readonly #values = new Map<string, { readonly labels: Labels; value: number }>();

  constructor(options: MetricOptions) {
    if ((options.labelNames ?? []).length === 0) this.at({});
  }

  at(labels: Labels): { readonly labels: Labels; value: number } {
    const key = labelText(labels);
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const fresh = { labels, value: 0 };
    this.#values.set(key, fresh);
    return fresh;
  }

  samples(name: string): string[] {
    return [...this.#values.values()].map(({ labels, value }) =>
      `${name}${labelText(labels)} ${numberText(value)}`
    );
  }
}

/** Only rises. */
export class Counter implements Metric {
  readonly type = "counter";
  readonly name: string;
  readonly help: string;
  readonly #values: Values;

  constructor(options: MetricOptions) {
    ({ name: this.name, help: this.help } = options);
    this.#values = new Values(options);
    for (const registry of options.registers) registry.register(this);
  }

  /** Adds to the sample with these labels; 1 unless told otherwise. */
  inc(labels: Labels = {}, by = 1): void {
    this.#values.at(labels).value += by;
  }

  samples(): string[] {
    return this.#values.samples(this.name);
  }
}

/** Goes up and down. */
export class Gauge implements Metric {
  readonly type = "gauge";
  readonly name: string;
  readonly help: string;
  readonly #values: Values;

  constructor(options: MetricOptions) {
    ({ name: this.name, help: this.help } = options);
    this.#values = new Values(options);
    for (const registry of options.registers) registry.register(this);
  }

  /** Sets the sample with these labels. */
  set(labels: Labels, value: number): void {
    this.#values.at(labels).value = value;
  }

  samples(): string[] {
    return this.#values.samples(this.name);
  }
}

/** How many were how large: counts of those at or below each bucket, all of them, and their sum. */
export class Histogram implements Metric {
  readonly type = "histogram";
  readonly name: string;
  readonly help: string;
  readonly #buckets: readonly number[];
  readonly #rows = new Map<
    string,
    { readonly labels: Labels; readonly counts: number[]; sum: number; count: number }
  >();

  constructor(options: MetricOptions & { readonly buckets: readonly number[] }) {
    ({ name: this.name, help: this.help } = options);
    this.#buckets = options.buckets;
    if ((options.labelNames ?? []).length === 0) this.#row({});
    for (const registry of options.registers) registry.register(this);
  }

  /** Counts one value, with labels where the metric has some. */
  observe(...given: [value: number] | [labels: Labels, value: number]): void {
    const [labels, value] = given.length === 1 ? [{}, given[0]] : given;
    const row = this.#row(labels);
    const bucket = this.#buckets.findIndex((bound) => value <= bound);
    if (bucket >= 0) row.counts[bucket] = (row.counts[bucket] ?? 0) + 1;
    row.sum += value;
    row.count++;
  }

  samples(): string[] {
    const lines: string[] = [];
    for (const { labels, counts, sum, count } of this.#rows.values()) {
      let below = 0;
      this.#buckets.forEach((bound, i) => {
        below += counts[i] ?? 0;
        lines.push(`${this.name}_bucket${labelText({ ...labels, le: numberText(bound) })} ${below}`);
      });
      lines.push(`${this.name}_bucket${labelText({ ...labels, le: "+Inf" })} ${count}`);
      lines.push(`${this.name}_sum${labelText(labels)} ${numberText(sum)}`);
      lines.push(`${this.name}_count${labelText(labels)} ${count}`);
    }
    return lines;
  }

  #row(labels: Labels): { readonly labels: Labels; readonly counts: number[]; sum: number; count: number } {
    const key = labelText(labels);
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const fresh = { labels, counts: this.#buckets.map(() => 0), sum: 0, count: 0 };
    this.#rows.set(key, fresh);
    return fresh;
  }
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(String(value))}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function escapeValue(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : String(value);
}
