/** Reads and replays one recording beside the command, which ends this when a step does not end. */
import { err, ok, type Result } from "../base/result.ts";
import { parseRecording, type RecordingHeader } from "../record/recording.ts";
import { recordedMs, replay, type Replayed } from "../record/replay.ts";

/** What it is given. */
export interface ReplayJob {
  readonly text: string;
  /** One number: the step that it is at, from 1; 0 while it reads. */
  readonly at: SharedArrayBuffer;
}

/** What it gives back; an error is one sentence. */
export type ReplayOutcome = Result<
  { readonly header: RecordingHeader; readonly ms: number; readonly replayed: Replayed },
  string
>;

/** The part of a worker's global scope that is used here. */
interface Scope {
  onmessage: ((event: MessageEvent<ReplayJob>) => void) | null;
  postMessage(message: ReplayOutcome): void;
}

const scope = globalThis as unknown as Scope;

scope.onmessage = ({ data }): void => {
  const at = new Int32Array(data.at);
  scope.postMessage(outcome(data.text, (step) => Atomics.store(at, 0, step)));
};

function outcome(text: string, onStep: (step: number) => void): ReplayOutcome {
  const recording = parseRecording(text);
  if (!recording.ok) return recording;
  try {
    const replayed = replay(recording.value, onStep);
    return ok({ header: recording.value.header, ms: recordedMs(recording.value), replayed });
  } catch (problem) {
    // A state that cannot be taken up is no recording of ours.
    return err(`its state cannot be read: ${problem instanceof Error ? problem.message : problem}`);
  }
}
