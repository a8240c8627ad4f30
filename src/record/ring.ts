/**
 * The last minutes in segments that each begin with a whole state; bounded in bytes and in time. Steps are kept as they
 * are until there are enough for a block, which is packed: a tenth of the memory, and less work than one by one.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { MonoMs } from "../base/time.ts";

/** One segment: a first line, then lines of steps. */
export interface Segment {
  readonly startedAt: MonoMs;
  /** Lines, packed; the first has the state. */
  readonly blocks: Uint8Array[];
  /** The newest steps, not packed yet. */
  steps: unknown[];
  bytes: number;
}

export interface RingLimits {
  readonly bytes: number;
  /** Older segments are dropped once what is left covers so long, ms. */
  readonly keptMs: number;
}

/** Steps in a block. */
const BLOCK_STEPS = 128;
/** What a block takes beside its content, bytes. */
const BLOCK_BYTES = 200;

/** Segments in the order of time; the oldest go first. */
export class SegmentRing {
  readonly #limits: RingLimits;
  #segments: Segment[] = [];
  #bytes = 0;

  constructor(limits: RingLimits) {
    this.#limits = limits;
  }

  /** Bytes of all that is packed. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of the segment that is being written. */
  get bytesOfLast(): number {
    return this.last?.bytes ?? 0;
  }

  /** The segment that is being written; null before the first. */
  get last(): Segment | null {
    return this.#segments.at(-1) ?? null;
  }

  /** Begins a segment with its first line. */
  begin(now: MonoMs, line: string): void {
    this.#flush();
    this.#segments.push({ startedAt: now, blocks: [], steps: [], bytes: 0 });
    this.#keep(line);
    this.#drop(now);
  }

  /** Adds a step, plain data for JSON, to the segment that is being written. */
  add(now: MonoMs, step: unknown): void {
    const { last } = this;
    if (last === null) return;
    last.steps.push(step);
    if (last.steps.length < BLOCK_STEPS) return;
    this.#flush();
    this.#drop(now);
  }

  /** Forgets everything. */
  clear(): void {
    this.#segments = [];
    this.#bytes = 0;
  }

  /** The newest segments that cover so long, ms; as far as they reach. */
  since(now: MonoMs, coverMs: number): readonly Segment[] {
    const first = this.#segments.findLastIndex((segment) => segment.startedAt <= now - coverMs);
    return this.#segments.slice(Math.max(0, first));
  }

  #flush(): void {
    const { last } = this;
    if (last === null || last.steps.length === 0) return;
    this.#keep(JSON.stringify(last.steps));
    last.steps = [];
  }

  #keep(line: string): void {
    const { last } = this;
    if (last === null) return;
    const block = new Uint8Array(deflateRawSync(line, { level: 1 }));
    const bytes = block.length + BLOCK_BYTES;
    last.blocks.push(block);
    last.bytes += bytes;
    this.#bytes += bytes;
  }

  #drop(now: MonoMs): void {
    while (this.#segments.length > 1 && this.#mayDrop(now)) {
      this.#bytes -= this.#segments.shift()?.bytes ?? 0;
    }
  }

  #mayDrop(now: MonoMs): boolean {
    if (this.#bytes > this.#limits.bytes) return true;
    return (this.#segments[1]?.startedAt ?? now) <= now - this.#limits.keptMs;
  }
}

/** All lines of a segment, each with its newline. */
export function segmentText({ blocks, steps }: Segment): string {
  const decoder = new TextDecoder();
  const lines = blocks.map((block) => decoder.decode(inflateRawSync(block)));
  if (steps.length > 0) lines.push(JSON.stringify(steps));
  return lines.map((line) => `${line}\n`).join("");
}
