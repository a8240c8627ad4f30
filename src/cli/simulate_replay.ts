/** `abfail simulate --replay FILE`: decides once more what a node decided, and says which input caused it. */
import { err, ok, type Result } from "../base/result.ts";
import { parseRecording, type Recording } from "../record/recording.ts";
import { recordedMs, replay, type Replayed, type ReplayedDecision } from "../record/replay.ts";
import { colourPaint, type Paint, plainPaint } from "../view/paint.ts";
import { reasonOf } from "./load.ts";
import { complain, print, wantsColour } from "./output.ts";
import { VERSION } from "./version.ts";

/** Divergences told at most. */
const MAX_TOLD = 10;

/** Exit code: 0 the same decisions, 1 others, 2 no recording. */
export async function simulateReplay(file: string, json: boolean): Promise<number> {
  const recording = await readRecording(file);
  const replayed = recording.ok ? runReplay(recording.value) : recording;
  if (!recording.ok || !replayed.ok) {
    complain(`error: ${file}: ${replayed.ok ? "" : replayed.error}`);
    return 2;
  }
  if (json) print(JSON.stringify(document(recording.value, replayed.value), null, 2));
  else {
    const paint = wantsColour() ? colourPaint : plainPaint;
    print(replayText(recording.value, replayed.value, paint).join("\n"));
  }
  return replayed.value.divergences.length === 0 ? 0 : 1;
}

async function readRecording(file: string): Promise<Result<Recording, string>> {
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (problem) {
    return err(`cannot be read: ${reasonOf(problem)}`);
  }
  return parseRecording(text);
}

/** A state that cannot be taken up is no recording of ours. */
function runReplay(recording: Recording): Result<Replayed, string> {
  try {
    return ok(replay(recording));
  } catch (problem) {
    return err(`its state cannot be read: ${reasonOf(problem)}`);
  }
}

function document(recording: Recording, replayed: Replayed): unknown {
  const { version, node, cluster } = recording.header;
  return {
    same: replayed.divergences.length === 0,
    recordedBy: { version, node, cluster },
    replayedBy: VERSION,
    recordedMs: Math.round(recordedMs(recording)),
    ...replayed,
  };
}

/** The lines for people. */
export function replayText(recording: Recording, replayed: Replayed, paint: Paint): string[] {
  const { version, node, cluster } = recording.header;
  const seconds = Math.round(recordedMs(recording) / 1000);
  const lines = [
    paint(`node ${node} of ${cluster}, ${seconds} s, ${replayed.steps} steps`, "strong"),
    "",
    ...replayed.decisions.filter(({ level }) => level !== "debug").flatMap((decision) =>
      told(decision, paint)
    ),
    "",
  ];
  const { divergences } = replayed;
  if (divergences.length === 0) {
    lines.push(paint(`same decisions: all ${replayed.steps} steps did what was recorded`, "good"));
    return lines;
  }
  for (const { step, detail } of divergences.slice(0, MAX_TOLD)) {
    lines.push(paint(`diverged at step ${step}: ${detail}`, "bad"));
  }
  if (divergences.length > MAX_TOLD) lines.push(`and ${divergences.length - MAX_TOLD} more`);
  if (version !== VERSION) {
    lines.push(`It was recorded by abfail ${version}, this is ${VERSION}: replay it with that version.`);
  }
  return lines;
}

function told(decision: ReplayedDecision, paint: Paint): string[] {
  const { atWallMs, name, level, text, because, step } = decision;
  const at = new Date(atWallMs).toISOString().slice(11, 23);
  const tone = level === "error" ? "bad" : level === "warning" ? "warn" : "plain";
  return [
    `${at}  ${name.padEnd(11)} ${paint(text, tone)}`,
    paint(`${" ".repeat(14)}because ${because} (step ${step})`, "faint"),
  ];
}
