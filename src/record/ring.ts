/** The last minutes as text, in segments that each begin with a whole state; bounded in bytes and in time. */
import type { MonoMs } from "../base/time.ts";

/** One segment: a first line, then a line for each step. */
export interface Segment {
  readonly startedAt: MonoMs;
  /** Lines joined, many to a block. */
  readonly blocks: string[];
  /** The newest lines, not joined yet. */
  lines: string[];
  bytes: number;
}

export interface RingLimits {
  readonly bytes: number;
  /** Older segments are dropped once what is left covers so long, ms. */
  readonly keptMs: number;
}

/** Lines in a block: put together piece by piece, a line alone takes several times its length. */
const BLOCK_LINES = 64;
/** What a line costs beside its text (one byte a character): its share of a block, bytes. */
const LINE_BYTES = 4;

/** Segments in the order of time; the oldest go first. */
export class SegmentRing {
  readonly #limits: RingLimits;
  #segments: Segment[] = [];
  #bytes = 0;

  constructor(limits: RingLimits) {
    this.#limits = limits;
  }

  /** Bytes of all that is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The segment that is being written; null before the first. */
  get last(): Segment | null {
    return this.#segments.at(-1) ?? null;
  }

  /** Begins a segment with its first line. */
  begin(now: MonoMs, line: string): void {
    this.#segments.push({ startedAt: now, blocks: [], lines: [], bytes: 0 });
    this.add(now, line);
  }

  /** Adds a line to the segment that is being written, and drops what is too old or too much. */
  add(now: MonoMs, line: string): void {
    const { last } = this;
    if (last === null) return;
    const bytes = line.length + LINE_BYTES;
    last.lines.push(line);
    if (last.lines.length >= BLOCK_LINES || last.blocks.length === 0) {
      last.blocks.push(joined(last.lines));
      last.lines = [];
    }
    last.bytes += bytes;
    this.#bytes += bytes;
    while (this.#segments.length > 1 && this.#mayDrop(now)) {
      this.#bytes -= this.#segments.shift()?.bytes ?? 0;
    }
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

  #mayDrop(now: MonoMs): boolean {
    if (this.#bytes > this.#limits.bytes) return true;
    return (this.#segments[1]?.startedAt ?? now) <= now - this.#limits.keptMs;
  }
}

/** All lines of a segment, each with its newline. */
export function segmentText({ blocks, lines }: Segment): string {
  return blocks.join("") + joined(lines);
}

/** One flat text of ASCII, so that a character is a byte: JSON says the same with escapes. */
function joined(lines: readonly string[]): string {
  if (lines.length === 0) return "";
  const text = lines.join("\n") + "\n";
  return text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
