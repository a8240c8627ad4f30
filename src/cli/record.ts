/** `abfail record`: fetches what a running node's flight recorder kept. */
import { parseRecording } from "../record/recording.ts";
import { recordedMs } from "../record/replay.ts";
import { reasonOf } from "./load.ts";
import { askNode } from "./node_api.ts";
import { findWay, parseAnswer, tokenHelp } from "./operate.ts";
import type { RecordOptions } from "./options.ts";
import { complain, print } from "./output.ts";

/** A recording has megabytes and may come from afar, ms. */
const RECORDING_MS = 60_000;

/** Exit code: 0 written, 1 refused, 2 wrong usage or the file cannot be written, 3 the node cannot be reached. */
export async function recordCommand(options: RecordOptions): Promise<number> {
  const way = await findWay(options);
  if (!way.ok) {
    complain(`error: ${way.error}`);
    return 2;
  }
  const { api, token } = way.value;
  const path = options.minutes === null ? "/v1/record" : `/v1/record?minutes=${options.minutes}`;
  const answer = await askNode(api, path, RECORDING_MS, { body: null, token });
  if (!answer.ok) {
    complain(`error: ${answer.error}`);
    return 3;
  }
  const { status, body } = answer.value;
  const recording = status === 200 ? parseRecording(body) : null;
  if (recording === null || !recording.ok) {
    const said = parseAnswer(body).error;
    if (status === 200 || said === null) {
      complain(`error: what answers at ${api.text} is no abfail node: HTTP ${status} to ${path}`);
      return 3;
    }
    complain(`error: ${said}`);
    if (status === 401) complain(tokenHelp(token !== null));
    return 1;
  }
  try {
    await Deno.writeTextFile(options.output, body, { mode: 0o600 });
  } catch (problem) {
    complain(`error: cannot write ${options.output}: ${reasonOf(problem)}`);
    return 2;
  }
  const { header, segments } = recording.value;
  const steps = segments.reduce((sum, segment) => sum + segment.steps.length, 0);
  const seconds = Math.round(recordedMs(recording.value) / 1000);
  print(
    `${options.output}: ${seconds} s of node ${header.node} of ${header.cluster}, ${steps} steps. ` +
      `Replay it: abfail simulate --replay ${options.output}`,
  );
  return 0;
}
