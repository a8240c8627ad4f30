/**
 * Counters, gauges and histograms as Prometheus text (exposition format 0.0.4).
 *
 * Why not prom-client: it was tried (15.1.3, four of its parts alone). It costs an idle node 3 to 5 MiB of memory, 12
 * at the first start, with which one of three nodes came to 85.1 MiB (96 at the first start) where less than 85 is
 * allowed; and `deno compile` 2.9.6 overflows its stack on the package. The interface is prom-client's but for `observe`, whose labels always come first: it can come back.
 */

type Labels = Readonly<Record<string, string | number>>;

/** What every metric says of itself. Names by Prometheus' conventions: `_total` for counters, base units. */
export interface MetricOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  readonly registers: readonly Registry[];
}

/** A set of metrics and their text. */
export class Registry {
  readonly #metrics: { lines(): readonly string[] }[] = [];

  /** Takes in a metric; metrics do so themselves. */
  add(metric: { lines(): readonly string[] }): void {
    this.#metrics.push(metric);
  }

  /** The text, each metric's samples together, as the format demands. */
  metrics(): string {
    return this.#metrics.flatMap((metric) => metric.lines()).join("\n") + "\n";
  }
}

/** Samples of one metric by their labels. */
class Samples<T> {
  readonly #heading: readonly string[];
  readonly #byLabels = new Map<string, { readonly labels: Labels; value: T }>();

  constructor(
    kind: string,
    { name, help, registers }: MetricOptions,
    metric: { lines(): readonly string[] },
  ) {
    this.#heading = [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`];
    for (const registry of registers) registry.add(metric);
  }

  change(labels: Labels, first: () => T, next: (value: T) => T): void {
    const key = labelText(labels);
    const sample = this.#byLabels.get(key);
    if (sample === undefined) this.#byLabels.set(key, { labels, value: next(first()) });
    else sample.value = next(sample.value);
  }

  lines(of: (labels: Labels, value: T) => readonly string[]): string[] {
    return [
      ...this.#heading,
      ...[...this.#byLabels.values()].flatMap(({ labels, value }) => of(labels, value)),
    ];
  }
}

/** Only rises. One without labels is 0 from the start. */
export class Counter {
  readonly #name: string;
  readonly #samples: Samples<number>;

  constructor(options: MetricOptions) {
    this.#name = options.name;
    this.#samples = new Samples("counter", options, this);
    if ((options.labelNames ?? []).length === 0) this.inc({}, 0);
  }

  /** Adds `by`, which is not negative. */
  inc(labels: Labels = {}, by = 1): void {
    this.#samples.change(labels, () => 0, (value) => value + by);
  }

  /** Heading and samples. */
  lines(): string[] {
    return this.#samples.lines((labels, value) => [`${this.#name}${labelText(labels)} ${value}`]);
  }
}

/** Goes up and down. */
export class Gauge {
  readonly #name: string;
  readonly #samples: Samples<number>;

  constructor(options: MetricOptions) {
    this.#name = options.name;
    this.#samples = new Samples("gauge", options, this);
  }

  /** Shows `to` from now on. */
  set(labels: Labels, to: number): void {
    this.#samples.change(labels, () => 0, () => to);
  }

  /** Heading and samples. */
  lines(): string[] {
    return this.#samples.lines((labels, value) => [`${this.#name}${labelText(labels)} ${value}`]);
  }
}

interface Buckets {
  /** How many lay in each bucket alone; the last has no upper edge. */
  readonly counts: number[];
  readonly sum: number;
}

/** How many were how large. One without labels is 0 from the start. */
export class Histogram {
  readonly #name: string;
  readonly #edges: readonly number[];
  readonly #samples: Samples<Buckets>;

  /** `buckets`: upper edges, rising. */
  constructor(options: MetricOptions & { readonly buckets: readonly number[] }) {
    this.#name = options.name;
    this.#edges = options.buckets;
    this.#samples = new Samples("histogram", options, this);
    if ((options.labelNames ?? []).length === 0) this.#samples.change({}, () => this.#empty(), (all) => all);
  }

  /** Shows these labels from 0 on, before there is a value. */
  expect(labels: Labels): void {
    this.#samples.change(labels, () => this.#empty(), (all) => all);
  }

  /** Takes note of one value. */
  observe(labels: Labels, value: number): void {
    const edge = this.#edges.findIndex((one) => value <= one);
    const bucket = edge === -1 ? this.#edges.length : edge;
    this.#samples.change(labels, () => this.#empty(), ({ counts, sum }) => {
      counts[bucket] = (counts[bucket] ?? 0) + 1;
      return { counts, sum: sum + value };
    });
  }

  /** Heading and samples. */
  lines(): string[] {
    return this.#samples.lines((labels, { counts, sum }) => {
      let below = 0;
      const buckets = counts.map((count, i) => {
        below += count;
        return `${this.#name}_bucket${labelText({ le: this.#edges[i] ?? "+Inf", ...labels })} ${below}`;
      });
      const own = labelText(labels);
      return [...buckets, `${this.#name}_sum${own} ${sum}`, `${this.#name}_count${own} ${below}`];
    });
  }

  #empty(): Buckets {
    return { counts: new Array<number>(this.#edges.length + 1).fill(0), sum: 0 };
  }
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(String(value))}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
