/** Replays a recording within bounds: of its size, and of the time that one step may take. */
import { err, ok, type Result } from "../base/result.ts";
import { reasonOf } from "./load.ts";
import type { ReplayJob, ReplayOutcome } from "./replay_worker.ts";

/** Largest recording that is read, bytes: a node keeps less, and hands out 16 MB at most. */
export const RECORDING_BYTES = 32 * 1024 * 1024;
/** Longest that one step may take, and the reading of all: a step of a real node takes well below 1 s. */
const STALL_MS = 15_000;
/** How often it is looked at, ms. */
const LOOK_MS = 200;

/** The text of a recording, which may come through a pipe. The error is one phrase. */
export async function readBounded(file: string, most = RECORDING_BYTES): Promise<Result<string, string>> {
  try {
    using opened = await Deno.open(file);
    const decoder = new TextDecoder();
    const chunk = new Uint8Array(256 * 1024);
    let text = "";
    for (let size = 0;;) {
      const got = await opened.read(chunk);
      if (got === null) return ok(text + decoder.decode());
      size += got;
      if (size > most) return err(`is larger than ${most / 1024 / 1024} MB: no recording is`);
      text += decoder.decode(chunk.subarray(0, got), { stream: true });
    }
  } catch (problem) {
    return err(`cannot be read: ${reasonOf(problem)}`);
  }
}

/** Replays. The error is one sentence. `stallMs`: for tests. */
export function replayWatched(text: string, stallMs = STALL_MS): Promise<ReplayOutcome> {
  const at = new SharedArrayBuffer(4);
  const step = new Int32Array(at);
  const worker = new Worker(new URL("./replay_worker.ts", import.meta.url), { type: "module" });
  return new Promise((resolve) => {
    let last = -1;
    let since = performance.now();
    const looking = setInterval(() => {
      const now = Atomics.load(step, 0);
      if (now !== last) since = performance.now();
      last = now;
      if (performance.now() - since < stallMs) return;
      const what = now === 0
        ? "it cannot be read within"
        : `step ${now} does not end: no node was ever in this state, or the file was changed; waited for`;
      end(err(`${what} ${stallMs / 1000} s`));
    }, LOOK_MS);
    const end = (outcome: ReplayOutcome): void => {
      clearInterval(looking);
      worker.terminate();
      resolve(outcome);
    };
    worker.onmessage = ({ data }: MessageEvent<ReplayOutcome>): void => end(data);
    worker.onerror = (event): void => {
      event.preventDefault();
      end(err(`it cannot be replayed: ${event.message}`));
    };
    worker.postMessage({ text, at } satisfies ReplayJob);
  });
}
