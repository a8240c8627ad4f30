/** What each thing in a drill was like, over time: the picture of the report. Sampled, equal samples in a row are one span. */

export interface Span {
  readonly fromMs: number;
  toMs: number;
  /** What it was like: a word for the legend. */
  readonly value: string;
}

export interface Lane {
  readonly name: string;
  /** `node`, `target`, `active`, `record`, `client`. */
  readonly kind: string;
  readonly spans: Span[];
}

/** Collects spans. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();

  sample(kind: string, name: string, value: string, atMs: number): void {
    let lane = this.#lanes.get(`${kind} ${name}`);
    if (lane === undefined) {
      lane = { kind, name, spans: [] };
      this.#lanes.set(`${kind} ${name}`, lane);
    }
    const last = lane.spans.at(-1);
    if (last !== undefined) last.toMs = atMs;
    if (last?.value !== value) lane.spans.push({ fromMs: atMs, toMs: atMs, value });
  }

  all(): readonly Lane[] {
    return [...this.#lanes.values()];
  }
}
