import assert from "node:assert/strict";
import { parseConfig } from "../../../src/config/parse.ts";
import type { Sample } from "../../../src/drill/client.ts";
import { launcherFor } from "../../../src/drill/launch.ts";
import { Narrator } from "../../../src/drill/narrate.ts";
import { readLine } from "../../../src/drill/node_process.ts";
import { drawPlan, drillConfig } from "../../../src/drill/plan.ts";
import { STEPS } from "../../../src/drill/steps.ts";
import { Tally } from "../../../src/drill/tally.ts";
import { Timeline } from "../../../src/drill/timeline.ts";

const TASK = "deno run -q --no-prompt --allow-net --allow-read main.ts";

Deno.test("a compiled program starts itself, deno runs the same command as the task", () => {
  const given = { program: "/opt/x", main: "/here/a%20b/main.ts", task: TASK };
  assert.deepEqual(launcherFor({ ...given, standalone: true }), { program: "/opt/x", args: [] });
  assert.deepEqual(launcherFor({ ...given, standalone: false }), {
    program: "/opt/x",
    args: ["run", "-q", "--no-prompt", "--allow-net", "--allow-read", "/here/a b/main.ts"],
  });
  assert.throws(() => launcherFor({ ...given, standalone: false, task: "deno task other" }));
});

for (const many of [true, false]) {
  Deno.test(`the drill's config is right, with ${many ? "many loopback addresses" : "one"}`, () => {
    const plan = drawPlan(many);
    const key = btoa("x".repeat(32));
    const io = {
      env: (): undefined => undefined,
      readTextFile: (): { ok: false; error: string } => ({ ok: false, error: "none" }),
    };
    const parsed = parseConfig(drillConfig(plan, key), "drill.toml", io);
    assert(parsed.ok, JSON.stringify(parsed));
    const config = parsed.value;
    assert.deepEqual(config.cluster.nodes.map(({ id, zone }) => [id, zone]), [[1, "a"], [2, "b"], [3, "c"]]);
    assert.deepEqual(
      config.services[0]?.targets.map(({ publish }) => publish),
      plan.targets.map(({ publish }) => publish),
    );
    assert.deepEqual(config.warnings, []);
    const places = [
      ...plan.nodes.flatMap(({ udp, api, dns }) => [udp, api, dns]),
      ...plan.targets.map(({ address }) => address),
    ].map(({ host, port }) => `${host}:${port}`);
    assert.equal(new Set(places).size, places.length, "no address is used twice");
    assert.equal(new Set(plan.targets.map(({ publish }) => publish)).size, 2);
  });
}

Deno.test("the tally counts failures and the longest time between two good answers", () => {
  const tally = new Tally();
  const add = (from: number, to: number, by: string | null): void => {
    const sample: Sample = { from, to, by, problem: by === null ? "refused" : null };
    tally.add(sample);
  };
  add(0, 10, "a");
  add(20, 30, "a");
  assert.deepEqual([tally.streak, tally.streakFrom, tally.longestGapMs], [2, 10, 20]);
  add(40, 50, null);
  assert.equal(tally.streak, 0);
  add(60, 130, "b");
  add(140, 150, "b");
  assert.deepEqual([tally.requests, tally.failed, tally.longestGapMs], [5, 1, 100]);
  assert.deepEqual([tally.streak, tally.streakFrom], [2, 130]);
  add(160, 170, "a");
  assert.deepEqual([tally.streak, tally.streakFrom], [1, 170], "another service begins another streak");
});

Deno.test("a request that fails before the first good answer makes no gap", () => {
  const tally = new Tally();
  tally.add({ from: 0, to: 500, by: null, problem: "refused" });
  tally.add({ from: 510, to: 520, by: "a", problem: null });
  assert.equal(tally.longestGapMs, 0);
});

Deno.test("a line of the log that is no event is kept as text", () => {
  assert.deepEqual(readLine("error: something broke", 5), {
    at: 5,
    level: "",
    name: "",
    text: "error: something broke",
    epoch: null,
    service: null,
    data: {},
  });
  assert.equal(readLine("{broken", 5).text, "{broken");
  const line = readLine('{"level":"info","name":"lease","text":"t","epoch":"7.1","at":99}', 5);
  assert.deepEqual([line.name, line.epoch, line.at], ["lease", "7.1", 5]);
});

Deno.test("the same switch, told by three nodes, is told once; a later one again", () => {
  const narrator = new Narrator();
  const line = readLine('{"name":"switch","level":"info","text":"web: web-a -> web-b (down)."}', 1000);
  assert.equal(narrator.tell(1, line), "web: web-a -> web-b (down)");
  assert.equal(narrator.tell(2, { ...line, at: 1003 }), null);
  assert.equal(narrator.tell(1, { ...line, at: 9000 }), "web: web-a -> web-b (down)");
  assert.equal(narrator.tell(1, readLine('{"name":"peer","level":"info","text":"x"}', 1)), null);
  assert.equal(narrator.tell(3, readLine("panic", 1)), "node 3: panic");
});

Deno.test("the timeline keeps its last line below all others, and writes none where it cannot", () => {
  const written: string[] = [];
  const terminal = { write: (text: string): void => void written.push(text), colour: false, columns: 40 };
  const live = new Timeline({ ...terminal, live: true });
  live.tick("client: 5 requests");
  live.begin("Stop web-a");
  live.endTicks();
  const shown = written.join("").replaceAll("\r\x1b[K", "<clear>").replace(/ *[0-9.]+ s/, "(time)");
  const ticker = "<clear>client: 5 requests";
  assert.equal(shown, `${ticker}<clear>(time)  ▸ Stop web-a\nclient: 5 requests<clear>`);
  written.length = 0;
  const plain = new Timeline({ ...terminal, live: false });
  plain.tick("client: 5 requests");
  plain.done("node 2 leads", 415.2);
  plain.endTicks();
  assert.match(written.join(""), /^ +0\.\d\d s {4}✓ node 2 leads: 415 ms\n$/);
});

Deno.test("every step of the drill has a name of its own and a limit", () => {
  const names = STEPS.map(({ what }) => what);
  assert.equal(new Set(names).size, names.length, "each has a name of its own");
  assert(STEPS.every(({ limitMs }) => limitMs <= 15_000));
});
