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

/** Reads a recording. The error is one sentence, with the line where there is one. */
export function parseRecording(text: string): Result<Recording, string> {
  const lines = text.split("\n").filter((line) => line !== "");
  const header = headerOf(lines[0] ?? "");
  if (!header.ok) return header;
  const segments: { head: SegmentHeader; state: string; steps: RecordedStep[] }[] = [];
  for (let i = 1; i < lines.length; i++) {
    const line = parse(lines[i] ?? "");
    const segment = segmentOf(line);
    const steps = segment === null ? stepsOf(line) : null;
    if (segment !== null) segments.push({ ...segment, steps: [] });
    else if (steps !== null && segments.length > 0) segments.at(-1)?.steps.push(...steps);
    else return err(`line ${i + 1} is no line of a recording; was it cut off?`);
  }
  if (segments.length === 0) return err("it is a recording with nothing in it");
  return ok({
    header: header.value,
    segments: segments.map(({ head, state, steps }) => ({ ...head, state, steps })),
  });
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

function stepsOf(line: unknown): RecordedStep[] | null {
  if (!Array.isArray(line)) return null;
  const steps = line.map(unpackStep);
  return steps.every((step) => step !== null) ? steps : null;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
