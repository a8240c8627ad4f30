/**
 * What `abfail record` writes: lines of JSON.
 *
 *     {"abfail":"recording","format":1,"version":...,"node":...}     first line
 *     {"segment":"start" | "time" | "reload","now":...,"wallMs":...,"state":[...]}
 *     [[now, wallMs, digest, draws, event], ...]                      steps, in order, many to a line
 */
import type { NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { MonoMs, WallMs } from "../base/time.ts";
import { type RecordedStep, unpackStep } from "./line.ts";

/** The first line. */
export interface RecordingHeader {
  readonly abfail: "recording";
  readonly format: 1;
  /** Of the program that recorded it. */
  readonly version: string;
  readonly node: NodeId;
  readonly cluster: string;
  readonly takenAtWallMs: WallMs;
}

/** How a segment begins. */
export interface SegmentHeader {
  /** What made it begin: the process, a minute that was over, or a config that was read again. */
  readonly after: "start" | "time" | "reload";
  readonly now: MonoMs;
  readonly wallMs: WallMs;
}

/** One segment, read. */
export interface RecordedSegment extends SegmentHeader {
  /** The whole state before its first step, as `decodeGraph` reads it. */
  readonly state: string;
  readonly steps: readonly RecordedStep[];
}

export interface Recording {
  readonly header: RecordingHeader;
  readonly segments: readonly RecordedSegment[];
}

/** The first line of a recording. */
export function recordingHeader(
  version: string,
  node: NodeId,
  cluster: string,
  takenAtWallMs: WallMs,
): RecordingHeader {
  return { abfail: "recording", format: 1, version, node, cluster, takenAtWallMs };
}

/** The first line of a segment. */
export function segmentLine({ after, now, wallMs }: SegmentHeader, state: string): string {
  return `{"segment":"${after}","now":${now},"wallMs":${wallMs},"state":${state}}`;
}

/** Latest wall time that is a date, ms. */
const LAST_WALL_MS = 8.64e15;

/** Reads a recording. The error is one sentence: the line, what is wrong with it and what is allowed. */
export function parseRecording(text: string): Result<Recording, string> {
  const lines = text.split("\n").map((line, i) => ({ line, number: i + 1 })).filter(({ line }) =>
    line !== ""
  );
  const header = headerOf(lines[0]?.line ?? "");
  if (!header.ok) return header;
  const segments: { head: SegmentHeader; state: string; steps: RecordedStep[] }[] = [];
  let last = -Infinity;
  for (const { line: written, number } of lines.slice(1)) {
    const wrong = (what: string): Result<never, string> => err(`line ${number} ${what}`);
    const line = parse(written);
    if (line === undefined) return wrong("is no line of a recording (no JSON); was it cut off?");
    const segment = segmentOf(line);
    if (segment !== null) {
      const why = timesWrong(segment.head, last);
      if (why !== null) return wrong(why);
      last = segment.head.now;
      segments.push({ ...segment, steps: [] });
      continue;
    }
    if (!Array.isArray(line)) {
      return wrong(
        'is no line of a recording: {"segment": "start", "time" or "reload", "now", "wallMs", "state": [...]} ' +
          "or a list of steps is needed",
      );
    }
    const current = segments.at(-1);
    if (current === undefined) return wrong("has steps before any segment: the segment's line is missing");
    for (const [i, packed] of line.entries()) {
      const step = unpackStep(packed);
      if (step === null) {
        return wrong(`has no step at ${i + 1}: [now, wallMs, digest, draws, event] is needed`);
      }
      const why = timesWrong(step, last);
      if (why !== null) return wrong(`step ${i + 1} ${why}`);
      last = step.now;
      current.steps.push(step);
    }
  }
  if (segments.length === 0) return err("it is a recording with nothing in it");
  return ok({
    header: header.value,
    segments: segments.map(({ head, state, steps }) => ({ ...head, state, steps })),
  });
}

/** What no clock shows: times that are none, or that go back. */
function timesWrong(
  { now, wallMs }: { readonly now: MonoMs; readonly wallMs: WallMs },
  last: number,
): string | null {
  if (!Number.isFinite(now) || now < 0) return `has the time ${now}: milliseconds, 0 or more, are needed`;
  if (now < last) return `goes back in time, from ${last} to ${now} ms: times must rise`;
  if (!(wallMs >= 0 && wallMs <= LAST_WALL_MS)) {
    return `has the date ${wallMs}: milliseconds since 1970 are needed`;
  }
  return null;
}

function headerOf(line: string): Result<RecordingHeader, string> {
  const header = parse(line) as Partial<Record<keyof RecordingHeader, unknown>> | null | undefined;
  if (header?.abfail !== "recording") return err("it is no recording of `abfail record`");
  if (header.format !== 1) return err("it is a recording of another version of abfail");
  const { version, node, cluster, takenAtWallMs } = header;
  const fine = typeof version === "string" && typeof node === "number" && typeof cluster === "string" &&
    typeof takenAtWallMs === "number";
  return fine ? ok(recordingHeader(version, node, cluster, takenAtWallMs)) : err("its first line is damaged");
}

function segmentOf(line: unknown): { head: SegmentHeader; state: string } | null {
  if (typeof line !== "object" || line === null || !("segment" in line)) return null;
  const { segment, now, wallMs, state } = line as Record<string, unknown>;
  if (segment !== "start" && segment !== "time" && segment !== "reload") return null;
  if (typeof now !== "number" || typeof wallMs !== "number" || !Array.isArray(state)) return null;
  return { head: { after: segment, now, wallMs }, state: JSON.stringify(state) };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
