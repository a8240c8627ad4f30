/**
 * Counters, gauges and histograms as Prometheus text (exposition format 0.0.4), piece by piece: with thousands of
 * targets a page has 10 MB, and whoever makes it in one go holds up the node's probes for as long (170 ms were seen).
 *
 * Why not prom-client: it was tried (15.1.3, four of its parts alone). It costs an idle node 3 to 5 MiB of memory, 12
 * at the first start, with which one of three nodes came to 85.1 MiB (96 at the first start) where less than 85 is
 * allowed; `deno compile` 2.9.6 overflows its stack on the package; and it makes its text in one go.
 */

export type Labels = Readonly<Record<string, string | number>>;

/** What every metric says of itself. Names by Prometheus' conventions: `_total` for counters, base units. */
export interface MetricOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  readonly registers: readonly Registry[];
}

interface Metric {
  pieces(): Iterable<string>;
}

/** A set of metrics and their text. */
export class Registry {
  readonly #metrics: Metric[] = [];

  /** Takes in a metric; metrics do so themselves. */
  add(metric: Metric): void {
    this.#metrics.push(metric);
  }

  /**
   * The text in whole lines, each metric's samples together, as the format demands. A sample is as it was when its
   * piece was taken; pieces may be taken over a while.
   */
  *pieces(): Generator<string> {
    for (const metric of this.#metrics) yield* metric.pieces();
  }
}

/** Samples of one metric, by the text of their labels. */
abstract class Samples<T> implements Metric {
  readonly #heading: string;
  readonly #byLabels = new Map<string, T>();

  constructor(kind: string, { name, help, registers }: MetricOptions) {
    this.#heading = headingText(kind, name, help);
    for (const registry of registers) registry.add(this);
  }

  /** The sample of these labels, 0 from now on where there was none: to be kept where it is used often. */
  of(labels: Labels): T {
    const key = labelText(labels);
    const known = this.#byLabels.get(key);
    if (known !== undefined) return known;
    const sample = this.first();
    this.#byLabels.set(key, sample);
    return sample;
  }

  /** Heading and samples. */
  *pieces(): Generator<string> {
    yield this.#heading;
    for (const [labels, sample] of this.#byLabels) yield this.text(labels, sample);
  }

  protected abstract first(): T;
  protected abstract text(labels: string, sample: T): string;
}

/** One sample of a counter. */
export class Count {
  value = 0;

  /** Adds `by`, which is not negative. */
  inc(by = 1): void {
    this.value += by;
  }
}

/** Only rises. One without labels is 0 from the start. */
export class Counter extends Samples<Count> {
  readonly #name: string;

  constructor(options: MetricOptions) {
    super("counter", options);
    this.#name = options.name;
    if ((options.labelNames ?? []).length === 0) this.of({});
  }

  /** Adds `by`, which is not negative. */
  inc(labels: Labels = {}, by = 1): void {
    this.of(labels).inc(by);
  }

  protected override first(): Count {
    return new Count();
  }

  protected override text(labels: string, { value }: Count): string {
    return sampleText(this.#name, labels, value);
  }
}

/** One sample of a histogram. */
export class Distribution {
  /** How many lay in each bucket alone; the last has no upper edge. */
  readonly counts: number[];
  sum = 0;
  readonly #edges: readonly number[];

  constructor(edges: readonly number[]) {
    this.#edges = edges;
    this.counts = new Array<number>(edges.length + 1).fill(0);
  }

  /** Takes note of one value. */
  observe(value: number): void {
    const edges = this.#edges;
    let bucket = 0;
    while (bucket < edges.length && value > (edges[bucket] ?? 0)) bucket++;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
  }
}

/** How many were how large. One without labels is 0 from the start. */
export class Histogram extends Samples<Distribution> {
  readonly #name: string;
  readonly #edges: readonly number[];

  /** `buckets`: upper edges, rising. */
  constructor(options: MetricOptions & { readonly buckets: readonly number[] }) {
    super("histogram", options);
    this.#name = options.name;
    this.#edges = options.buckets;
    if ((options.labelNames ?? []).length === 0) this.of({});
  }

  /** Shows these labels from 0 on, before there is a value. */
  expect(labels: Labels): void {
    this.of(labels);
  }

  /** Takes note of one value. */
  observe(labels: Labels, value: number): void {
    this.of(labels).observe(value);
  }

  protected override first(): Distribution {
    return new Distribution(this.#edges);
  }

  protected override text(labels: string, { counts, sum }: Distribution): string {
    const others = labels === "" ? "" : `,${labels}`;
    let below = 0;
    let text = "";
    for (const [i, count] of counts.entries()) {
      below += count;
      text += `${this.#name}_bucket{le="${this.#edges[i] ?? "+Inf"}"${others}} ${below}\n`;
    }
    return text + sampleText(`${this.#name}_sum`, labels, sum) +
      sampleText(`${this.#name}_count`, labels, below);
  }
}

/** A metric's two first lines. */
export function headingText(kind: string, name: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n`;
}

/** One sample's line. `labels`: as `labelText` makes them. */
export function sampleText(name: string, labels: string, value: number): string {
  return labels === "" ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`;
}

/** What stands between the braces; nothing for no labels. */
export function labelText(labels: Labels): string {
  let text = "";
  for (const [name, value] of Object.entries(labels)) {
    text += `${text === "" ? "" : ","}${name}="${escapeLabel(String(value))}"`;
  }
  return text;
}

function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value)
    ? value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
    : value;
}
