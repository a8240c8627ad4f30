/**
 * The flight recorder: the last minutes of what a node's core was given, so that the same core can decide
 * everything once more elsewhere. It sits around `stepNode` and changes nothing of it.
 *
 *     recorder.ts    keeps: event, now, wall clock, random draws, digest of the effects     ring.ts   the bounds
 *     graph.ts       a whole state as text; secrets stay here                               line.ts   one step
 *     recording.ts   reads a recording                                                      replay.ts runs it again
 *
 * A segment begins with a whole state, once a minute: a ring that forgets its oldest inputs can begin at any
 * segment. A reload begins one too, after it: a config with its secrets is never written.
 */
import type { Env } from "../base/time.ts";
import type { Effect, NodeEvent } from "../node/events.ts";
import { stepNode } from "../node/node.ts";
import type { NodeState } from "../node/state.ts";
import { digestEffects } from "./digest.ts";
import { encodeGraph } from "./graph.ts";
import { packStep } from "./line.ts";
import { type RecordingHeader, type SegmentHeader, segmentLine } from "./recording.ts";
import { SegmentRing, segmentText } from "./ring.ts";

export interface RecorderSettings {
  /** How far back it reaches, minutes. Default 10. */
  readonly minutes?: number;
  /** Bytes that it takes at most. Default 8 MiB. */
  readonly bytes?: number;
  /** How often a whole state is kept, ms. Default a minute. */
  readonly snapshotMs?: number;
  /** What is recorded. Default the node's core. */
  readonly step?: typeof stepNode;
}

/** Minutes that are kept. */
export const RECORDED_MINUTES = 10;
const BYTES = 8 * 1024 * 1024;
const SNAPSHOT_MS = 60_000;
/** A segment of this share of all bytes ends early, so that dropping one loses little. */
const SEGMENT_SHARE = 1 / 8;
/**
 * A state above this share of all bytes is not recorded: writing it would hold up the node (2 MiB, about 1,800
 * targets, was seen to take 30 ms).
 */
const STATE_SHARE = 1 / 4;

/**
 * A target takes more than this in a state, bytes (820 were seen): what is too large for certain is not even written.
 * With 5,000 targets that took 100 ms and 20 MiB, at the very start.
 */
const TARGET_BYTES = 500;

const NONE: readonly number[] = [];

/** Steps a node, and remembers how. */
export class Recorder {
  readonly #ring: SegmentRing;
  readonly #bytes: number;
  readonly #snapshotMs: number;
  readonly #step: typeof stepNode;
  #after: SegmentHeader["after"] = "start";
  #due = true;
  /** Bytes of the last state that was kept, packed. */
  #stateBytes = 0;
  #problem: string | null = null;

  constructor(settings: RecorderSettings = {}) {
    this.#bytes = settings.bytes ?? BYTES;
    this.#snapshotMs = settings.snapshotMs ?? SNAPSHOT_MS;
    this.#step = settings.step ?? stepNode;
    const keptMs = (settings.minutes ?? RECORDED_MINUTES) * 60_000;
    this.#ring = new SegmentRing({ bytes: this.#bytes, keptMs });
  }

  /** Why nothing is recorded; null while it is. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Bytes that the recording takes now. */
  get bytes(): number {
    return this.#ring.bytes;
  }

  /** `stepNode`, remembered. */
  step(state: NodeState, event: NodeEvent, env: Env): Effect[] {
    if (event.kind === "reload") {
      this.#due = true;
      this.#after = "reload";
      this.#problem = null; // another config may fit
      return this.#step(state, event, env);
    }
    if (this.#problem !== null) return this.#step(state, event, env);
    if (this.#isDue(env.now)) this.#begin(state, env);
    const { now, wallMs } = env;
    let draws = NONE;
    const random = {
      next: (): number => {
        const draw = env.random.next();
        draws = [...draws, draw];
        return draw;
      },
    };
    const effects = this.#step(state, event, { now, wallMs, random });
    this.#ring.add(now, packStep({ now, wallMs, digest: digestEffects(effects), draws, event }));
    return effects;
  }

  /** The recording of the last minutes, as lines of JSON. */
  text(header: RecordingHeader, now: number, minutes: number): string {
    const segments = this.#ring.since(now, minutes * 60_000);
    return [`${JSON.stringify(header)}\n`, ...segments.map(segmentText)].join("");
  }

  #isDue(now: number): boolean {
    const last = this.#ring.last;
    if (this.#due || last === null || now - last.startedAt >= this.#snapshotMs) return true;
    return last.bytes - this.#stateBytes > Math.max(this.#bytes * SEGMENT_SHARE, this.#stateBytes);
  }

  #begin(state: NodeState, { now, wallMs }: Env): void {
    const least = state.targets.length * TARGET_BYTES;
    if (least > this.#bytes * STATE_SHARE) {
      this.#giveUp(`this node's state is too large to be recorded (more than ${least} bytes)`);
      return;
    }
    let text: string;
    try {
      text = encodeGraph(state);
    } catch (bug) {
      this.#giveUp(`this node's state cannot be written: ${bug instanceof Error ? bug.message : bug}`);
      return;
    }
    if (text.length > this.#bytes * STATE_SHARE) {
      this.#giveUp(`this node's state is too large to be recorded (${text.length} bytes)`);
      return;
    }
    this.#ring.begin(now, segmentLine({ after: this.#after, now, wallMs }, text));
    this.#stateBytes = this.#ring.bytesOfLast;
    this.#due = false;
    this.#after = "time";
  }

  #giveUp(problem: string): void {
    this.#problem = problem;
    this.#ring.clear();
  }
}
