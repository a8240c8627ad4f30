import assert from "node:assert/strict";
import { parseConfig } from "../../../src/config/parse.ts";
import { err } from "../../../src/base/result.ts";
import type { Effect, NodeEvent } from "../../../src/node/events.ts";
import { createNode } from "../../../src/node/node.ts";
import type { NodeState } from "../../../src/node/state.ts";
import { firstDifference } from "../../../src/record/difference.ts";
import { decodeGraph, encodeGraph } from "../../../src/record/graph.ts";
import { packStep, unpackStep } from "../../../src/record/line.ts";
import { Recorder, type RecorderSettings } from "../../../src/record/recorder.ts";
import { parseRecording, type Recording, recordingHeader } from "../../../src/record/recording.ts";
import { replay, type Replayed } from "../../../src/record/replay.ts";
import { NodeLab, testConfig } from "../../support/node_lab.ts";

/** A lab whose node `watched` is recorded. */
class RecordedLab extends NodeLab {
  recorder = new Recorder();
  watched = 2;

  record(node: number, settings: RecorderSettings = {}): void {
    this.watched = node;
    this.recorder = new Recorder(settings);
  }

  protected override step(id: number, state: NodeState, event: NodeEvent): Effect[] {
    return id === this.watched ? this.recorder.step(state, event, this.env()) : super.step(id, state, event);
  }

  text(): string {
    return this.recorder.text(recordingHeader("test", this.watched, "lab", 0), this.now, 60);
  }

  recording(): Recording {
    return read(this.text());
  }
}

function read(text: string): Recording {
  const parsed = parseRecording(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

/** Node 2 through a start, a failover, a takeover of its own, and a command. */
function eventful(settings: RecorderSettings = {}): RecordedLab {
  const lab = new RecordedLab(testConfig(`failback_delay = "3s"\nmin_hold = "1s"`));
  lab.record(2, settings);
  lab.run(8000);
  lab.healthy = (_node, target) => target !== "one";
  lab.run(4000);
  lab.healthy = () => true;
  lab.run(8000);
  lab.nodes.delete(1);
  lab.run(6000);
  assert.equal(lab.leader()?.self, 2);
  lab.healthy = (_node, target) => target !== "one";
  lab.run(4000);
  const command = { kind: "drain", service: "web", target: "one" } as const;
  lab.give(2, { kind: "command", request: "r", command, who: "socket" });
  lab.run(1000);
  return lab;
}

function names(replayed: Replayed): string[] {
  return replayed.decisions.map((decision) => decision.name);
}

Deno.test("a replay does what was recorded, step by step, through a failover and a change of leaders", () => {
  const lab = eventful();
  const replayed = replay(lab.recording());
  assert.deepEqual(replayed.divergences, []);
  assert(replayed.steps > 300, `${replayed.steps} steps`);
  const own = lab.events.filter(({ node }) => node === 2).map(({ event }) => event.text);
  const again = replayed.decisions.filter(({ name }) => name !== "publish").map(({ text }) => text);
  assert.deepEqual(again, own);
  for (const name of ["leader", "lease", "opinion", "switch"]) assert(names(replayed).includes(name), name);
});

Deno.test("a switch is told with the input that made the leader decide, not with the one that committed it", () => {
  const { decisions } = replay(eventful().recording());
  const switched = decisions.findLast(({ name, text }) => name === "switch" && text.includes("(down)"));
  assert(switched !== undefined);
  assert.match(switched.because, /web\/one down|probe of web\/one/);
  assert.match(switched.because, /committed: received grant of node 3/);
  assert(switched.becauseStep < switched.step);
});

Deno.test("every segment begins with the state that the replay has got to", () => {
  const recording = eventful({ snapshotMs: 500 }).recording();
  assert(recording.segments.length > 30);
  assert.deepEqual(replay(recording).divergences, []);
});

Deno.test("a state or an input that was changed is found, with its step", () => {
  const lines = eventful({ snapshotMs: 5000 }).text().split("\n");
  const at = lines.findIndex((line, i) => i > 3 && line.startsWith("[") && line.includes('"kind":"grant"'));
  const forged = lines.with(at, (lines[at] ?? "").replace('"kind":"grant"', '"kind":"hello"'));
  const replayed = replay(read(forged.join("\n")));
  assert(replayed.divergences.length >= 1);
  const before = read(lines.slice(0, at).join("\n"));
  const steps = before.segments.reduce((sum, segment) => sum + segment.steps.length, 0);
  const step = replayed.divergences[0]?.step ?? 0;
  assert(step > steps && step < steps + 200, `${step} after ${steps}`);
});

Deno.test("a digest that does not fit is a divergence at that very step", () => {
  const recording = eventful().recording();
  const segment = recording.segments[0];
  assert(segment !== undefined);
  const at = segment.steps.findIndex(({ digest }, i) => i > 50 && digest !== 0);
  const steps = segment.steps.map((step, i) => i === at ? { ...step, digest: step.digest ^ 1 } : step);
  const { divergences } = replay({ ...recording, segments: [{ ...segment, steps }] });
  assert.deepEqual(divergences.map(({ step, kind }) => ({ step, kind })), [{
    step: at + 1,
    kind: "effects",
  }]);
});

Deno.test("a state goes to text and back: equal, and what was one object is one object", () => {
  for (const state of eventful().nodes.values()) {
    const text = encodeGraph(state);
    const again = decodeGraph(text) as NodeState;
    assert.equal(firstDifference(state, again), null);
    assert.equal(encodeGraph(again), text);
    assert.equal(again.services[0]?.targets[1], again.targets[1]);
    assert.equal(again.targetByName.get("web/two"), again.targets[1]);
    assert.equal(again.targets[1]?.service, again.config.services[0]);
    assert.equal(
      again.election.committed === again.clusterEntry,
      state.election.committed === state.clusterEntry,
    );
    assert.equal(again.agenda.next(), state.agenda.next());
  }
});

Deno.test("special numbers, undefined, bytes and tables without a prototype survive", () => {
  const table = Object.assign(Object.create(null), { constructor: 1 });
  const all = {
    a: [Infinity, -Infinity, NaN, -0, 0.1],
    u: undefined,
    b: new Uint8Array([0, 255]),
    s: new Set([1]),
  };
  const again = decodeGraph(encodeGraph({ ...all, table, map: new Map([[1, { x: all.b }]]) })) as typeof all;
  assert.equal(firstDifference(again, { ...all, table, map: new Map([[1, { x: all.b }]]) }), null);
  assert.notEqual(firstDifference(again, { ...all, table, map: new Map([[1, { x: null }]]) }), null);
  assert.throws(() => encodeGraph({ f: () => 1 }));
  const event = {
    kind: "published",
    publisher: { service: "web", index: 0 },
    operation: 1,
    result: { kind: "ok", shows: undefined },
  } as const;
  const step = { now: 1.25, wallMs: 2, digest: 3, draws: [0.1], event };
  assert.deepEqual(unpackStep(JSON.parse(JSON.stringify(packStep(step)))), step);
});

Deno.test("no secret gets into a recording: keys, headers, variables, addresses, what is sent", () => {
  const key = btoa("0123456789abcdef0123456789abcdef");
  const nodes = [1, 2, 3].map((id) => `[[cluster.nodes]]\nid = ${id}\naddress = "10.0.0.${id}:7420"\n`);
  const text = `[cluster]\nname = "lab"\nkeys = ["${key}"]\n${nodes.join("")}
[[services]]\nname = "web"
[services.check]\ntype = "http"\nport = 80\nheaders = { authorization = "hunter2" }
[[services.targets]]\nname = "one"\naddress = "10.0.1.1"
[[services.targets]]\nname = "two"\naddress = "10.0.1.2"
[[notify]]\ntype = "webhook"\nurl = "https://hooks.example/hunter2"\n`;
  const parsed = parseConfig(text, "x.toml", { env: () => undefined, readTextFile: () => err("no files") });
  assert(parsed.ok, JSON.stringify(parsed));
  const env = { now: 0, wallMs: 0, random: { next: (): number => 0.5 } };
  const options = { config: parsed.value, self: 1, incarnation: "0".repeat(16), memory: null };
  const recorder = new Recorder();
  recorder.step(createNode(options, env), { kind: "deadline" }, env);
  const recorded = recorder.text(recordingHeader("t", 1, "lab", 0), 0, 10);
  assert(recorded.includes("10.0.1.1"), "what is no secret is there");
  for (const secret of ["hunter2", key, "0123456789abcdef0123"]) assert(!recorded.includes(secret), secret);
});

Deno.test("the ring forgets whole segments: bounded in bytes and in minutes, and what is left replays", () => {
  const small = eventful({ snapshotMs: 1000, bytes: 60_000 });
  assert(small.recorder.bytes <= 60_000);
  const left = small.recording();
  assert.notEqual(left.segments[0]?.after, "start");
  assert.deepEqual(replay(left).divergences, []);
  const short = eventful({ snapshotMs: 1000, minutes: 0.1 }).recording();
  const covered = (short.segments.at(-1)?.now ?? 0) - (short.segments[0]?.now ?? 0);
  assert(covered >= 5000 && covered <= 7000, `${covered} ms`);
});

Deno.test("a state too large for the ring is not recorded, and the node steps on", () => {
  const lab = eventful({ bytes: 5000 });
  assert.match(lab.recorder.problem ?? "", /too large to be recorded \([0-9]+ bytes\)/);
  assert.equal(lab.recorder.bytes, 0);
  const many = eventful({ bytes: 2000 });
  assert.match(many.recorder.problem ?? "", /too large/, "so many targets are not even written");
  assert.match(many.recorder.problem ?? "", /\(more than [0-9]+ bytes\)/);
});

Deno.test("a reload begins a segment of its own, without the config", () => {
  const lab = new RecordedLab(testConfig());
  lab.record(2);
  lab.run(4000);
  lab.give(2, { kind: "reload", config: testConfig(`failback = "manual"`) });
  lab.run(2000);
  const recording = lab.recording();
  assert.deepEqual(recording.segments.map(({ after }) => after), ["start", "reload"]);
  assert.deepEqual(replay(recording).divergences, []);
});

Deno.test("what is no recording is said to be none", () => {
  for (const text of ["", "hello", "[]", '{"abfail":"status"}', "null"]) {
    const parsed = parseRecording(text);
    assert(!parsed.ok && parsed.error.includes("no recording"), text);
  }
  const cut = eventful().text().slice(0, -20);
  const parsed = parseRecording(cut);
  assert(!parsed.ok && parsed.error.includes("cut off"));
});

Deno.test("a damaged line is named with its number in the file, what is wrong with it and what is allowed", () => {
  const head = JSON.stringify(recordingHeader("test", 2, "lab", 0));
  const segment = '{"segment":"start","now":5,"wallMs":5,"state":[]}';
  const cases: readonly (readonly [string, RegExp])[] = [
    ["{", /^line 3 .*no JSON/],
    ["7", /^line 3 .*a list of steps is needed/],
    ["[[6,6,0,0,0]]", /^line 3 has steps before any segment/],
    [`${segment}\n[[6,6,0,0,0],[7,7]]`, /^line 4 has no step at 2: \[now, wallMs/],
    [`${segment}\n[[4,6,0,0,0]]`, /^line 4 step 1 goes back in time, from 5 to 4 ms/],
    [`${segment}\n[[6,1e300,0,0,0]]`, /^line 4 step 1 has the date 1e\+300/],
    [segment.replace('"now":5', '"now":-5'), /^line 3 has the time -5: milliseconds, 0 or more/],
  ];
  for (const [rest, wanted] of cases) {
    const parsed = parseRecording(`${head}\n\n${rest}\n`);
    assert(!parsed.ok, rest);
    assert.match(parsed.error, wanted);
  }
});

Deno.test("text of any alphabet comes back", () => {
  const lab = new RecordedLab(testConfig());
  lab.record(2);
  lab.run(3000);
  const command = { kind: "unpin", service: "wéb-日本-😀" } as const;
  lab.give(2, { kind: "command", request: "r", command, who: "Zoë" });
  lab.run(3000);
  const given = lab.recording().segments.flatMap(({ steps }) => steps).find(({ event }) =>
    event.kind === "command"
  );
  assert.deepEqual(given?.event, { kind: "command", request: "r", command, who: "Zoë" });
  assert.deepEqual(replay(lab.recording()).divergences, []);
});
