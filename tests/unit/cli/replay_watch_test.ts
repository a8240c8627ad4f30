/** `simulate --replay` of files that no node wrote: said what is wrong with them, and never for ever. */
import assert from "node:assert/strict";
import { readBounded, replayWatched } from "../../../src/cli/replay_watch.ts";
import { replayText } from "../../../src/cli/simulate_replay.ts";
import { plainPaint } from "../../../src/view/paint.ts";
import { recordedText } from "../../support/recorded.ts";

async function wrong(text: string, stallMs?: number): Promise<string> {
  const outcome = await replayWatched(text, stallMs);
  assert.ok(!outcome.ok);
  return outcome.error;
}

Deno.test("a recording is replayed beside the command; one that was cut off, or changed, is told by its line", async () => {
  const text = recordedText();
  const outcome = await replayWatched(text);
  assert.ok(outcome.ok, outcome.ok ? "" : outcome.error);
  assert.deepEqual(outcome.value.replayed.divergences, []);
  const [head = "", segment = ""] = text.split("\n");
  const cases: readonly (readonly [string, RegExp])[] = [
    [text.slice(0, -20), /line \d+ is no line of a recording \(no JSON\); was it cut off\?/],
    [
      `${head}\n\n{"segment":"end"}`,
      /line 3 is no line of a recording: \{"segment": "start", "time" or "reload"/,
    ],
    [`${head}\n[[1,2,3,0,0]]`, /line 2 has steps before any segment/],
    [`${head}\n${segment}\n[[1e9,2,3,0,0],[5]]`, /line 3 has no step at 2: \[now, wallMs, digest/],
    [
      `${head}\n${segment}\n[[1e9,2,3,0,0],[5,2,3,0,0]]`,
      /line 3 step 2 goes back in time, from 1000000000 to 5/,
    ],
    [`${head}\n${segment}\n[[1e999,2,3,0,0]]`, /line 3 step 1 has the time Infinity: milliseconds/],
    [
      `${head}\n${segment}\n[[1e9,1e300,3,0,0]]`,
      /line 3 step 1 has the date 1e\+300: milliseconds since 1970/,
    ],
    [
      `${head}\n{"segment":"start","now":1,"wallMs":2,"state":[{"o":[["a",[7]]]}]}`,
      /its state cannot be read/,
    ],
    [`${head}\n{"segment":"start","now":1,"wallMs":2,"state":[]}\n[[1,2,3,0,0]]`, /its state cannot be read/],
  ];
  for (const [made, told] of cases) assert.match(await wrong(made), told);
});

Deno.test("a state in which a step never ends is given up, with the number of the step", async () => {
  const made = recordedText().replaceAll(/\["timeoutMs",[0-9.]+\]/g, '["timeoutMs",-1000]');
  assert.match(await wrong(made, 1500), /^step \d+ does not end: .*waited for 1\.5 s$/);
});

Deno.test("a file without end, or none, is said so; what a file says does nothing to the terminal", async () => {
  const endless = await readBounded("/dev/zero", 1024 * 1024);
  assert.deepEqual(endless, { ok: false, error: "is larger than 1 MB: no recording is" });
  const none = await readBounded("/nowhere/at/all");
  assert.match(none.ok ? "" : none.error, /cannot be read: there is no such file/);
  const header = { abfail: "recording", format: 1, version: "9\x1b[2J", node: 1, takenAtWallMs: 0 } as const;
  const lines = replayText({ ...header, cluster: `a\x1b]0;x\x07${"b".repeat(100_000)}` }, 1, {
    ...{ steps: 1, segments: 1 },
    decisions: [{
      ...{ step: 1, atWallMs: 0, name: "leader", level: "info", service: null, epoch: null, becauseStep: 1 },
      ...{ text: "\x1b[31m", because: "\x9b2J" },
    }],
    divergences: [{ step: 1, kind: "effects", detail: "\x1b[5m" }],
  }, plainPaint);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(lines.join("\n"), /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  assert.ok(lines.join("\n").length < 5000);
});
