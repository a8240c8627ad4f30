/** `abfail simulate --replay FILE`: decides once more what a node decided, and says which input caused it. */
import type { RecordingHeader } from "../record/recording.ts";
import type { Replayed, ReplayedDecision } from "../record/replay.ts";
import { colourPaint, type Paint, plainPaint } from "../view/paint.ts";
import { printable } from "../view/text.ts";
import { complain, print, wantsColour } from "./output.ts";
import { readBounded, replayWatched } from "./replay_watch.ts";
import { VERSION } from "./version.ts";

/** Divergences told at most. */
const MAX_TOLD = 10;

/** Longest line that is told, characters: names and reasons are short in what a node recorded. */
const MAX_LINE = 1000;

/** Exit code: 0 the same decisions, 1 others, 2 no recording. */
export async function simulateReplay(file: string, json: boolean): Promise<number> {
  const text = await readBounded(file);
  const outcome = text.ok ? await replayWatched(text.value) : text;
  if (!outcome.ok) {
    complain(`error: ${file}: ${clean(outcome.error)}`);
    return 2;
  }
  const { header, ms, replayed } = outcome.value;
  if (json) print(JSON.stringify(document(header, ms, replayed), null, 2));
  else print(replayText(header, ms, replayed, wantsColour() ? colourPaint : plainPaint).join("\n"));
  return replayed.divergences.length === 0 ? 0 : 1;
}

/** What stands in a file does nothing to the terminal. */
function clean(text: string): string {
  return printable(text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text);
}

function document({ version, node, cluster }: RecordingHeader, ms: number, replayed: Replayed): unknown {
  return {
    same: replayed.divergences.length === 0,
    recordedBy: { version, node, cluster },
    replayedBy: VERSION,
    recordedMs: Math.round(ms),
    ...replayed,
  };
}

/** The lines for people. */
export function replayText(
  { version, node, cluster }: RecordingHeader,
  ms: number,
  replayed: Replayed,
  paint: Paint,
): string[] {
  const seconds = Math.round(ms / 1000);
  const lines = [
    paint(clean(`node ${node} of ${cluster}, ${seconds} s, ${replayed.steps} steps`), "strong"),
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
    lines.push(paint(clean(`diverged at step ${step}: ${detail}`), "bad"));
  }
  if (divergences.length > MAX_TOLD) lines.push(`and ${divergences.length - MAX_TOLD} more`);
  if (version !== VERSION) {
    lines.push(
      `It was recorded by abfail ${clean(version)}, this is ${VERSION}: replay it with that version.`,
    );
  }
  return lines;
}

function told(decision: ReplayedDecision, paint: Paint): string[] {
  const { atWallMs, name, level, text, because, step } = decision;
  const at = new Date(atWallMs).toISOString().slice(11, 23);
  const tone = level === "error" ? "bad" : level === "warning" ? "warn" : "plain";
  return [
    `${at}  ${name.padEnd(11)} ${paint(clean(text), tone)}`,
    paint(`${" ".repeat(14)}because ${clean(because)} (step ${step})`, "faint"),
  ];
}
