import assert from "node:assert/strict";
import { readBounded, replayWatched } from "../../../src/cli/replay_watch.ts";
import { encodeGraph } from "../../../src/record/graph.ts";
import { recordingHeader, segmentLine } from "../../../src/record/recording.ts";
import { NodeLab, testConfig } from "../../support/node_lab.ts";

/** A recording of one step, long after the state before it. */
function leapTo(now: number): string {
  const lab = new NodeLab(testConfig());
  lab.run(3000);
  const state = lab.nodes.get(2);
  assert(state !== undefined);
  return [
    JSON.stringify(recordingHeader("test", 2, "lab", 0)),
    segmentLine({ after: "start", now: lab.now, wallMs: 0 }, encodeGraph(state)),
    `[[${now},0,0,0,0]]`,
    "",
  ].join("\n");
}

Deno.test("a replay says what differs; one whose step does not end is ended, with the step named", async () => {
  const honest = await replayWatched(leapTo(1e6));
  assert(honest.ok && honest.value.replayed.steps === 1);
  const mad = await replayWatched(leapTo(1e300), 1500);
  assert(!mad.ok, "it ended by itself");
  assert.match(mad.error, /^step 1 does not end: .* waited for 1\.5 s$/);
});

Deno.test("what is no recording is one sentence; a file without end is read up to a bound", async () => {
  const outcome = await replayWatched("hello");
  assert(!outcome.ok && outcome.error.includes("no recording"));
  const endless = await readBounded("/dev/zero", 1024 * 1024);
  assert(!endless.ok && endless.error === "is larger than 1 MB: no recording is");
  const absent = await readBounded("/dev/null/none");
  assert(!absent.ok && absent.error.startsWith("cannot be read: "));
});
