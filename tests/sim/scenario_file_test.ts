import assert from "node:assert/strict";
import { SeededRandom } from "../../src/base/random.ts";
import { builtinConfig } from "../../src/sim/builtin_config.ts";
import { runDrillSeed } from "../../src/sim/drill_run.ts";
import { misfits, parseScenario } from "../../src/sim/scenario_file.ts";

const STORY = `
about = "the primary dies while the leader is cut off"
duration = "40s"
[[steps]]
at = "2s"
do = "isolate"
node = "leader"
for = "10s"
[[steps]]
at = "3s"
do = "target"
target = "nyc1"
how = "hangs"
`;

Deno.test("a drill of the user's own is read and run", () => {
  const read = parseScenario(STORY, "drills/story.toml");
  assert.ok(read.ok);
  assert.equal(read.value.name, "story");
  const config = builtinConfig(3);
  const result = runDrillSeed({
    config,
    scenario: read.value,
    seed: 1,
    durationMs: null,
    loss: null,
    without: null,
    timeline: true,
  });
  assert.deepEqual(result.broken, []);
  const told = result.timeline.map(({ text }) => text).join("\n");
  assert.match(told, /web\/nyc1 hangs/);
  assert.match(told, /web: nyc1 -> sfo2/);
});

Deno.test("a drill can hold what operators do: drain, switch, unpin", () => {
  const read = parseScenario(
    `[[steps]]\nat = "1s"\ndo = "drain"\nservice = "web"\ntarget = "nyc1"\nnode = 2\n` +
      `[[steps]]\nat = "9s"\ndo = "undrain"\nservice = "web"\ntarget = "nyc1"\n` +
      `[[steps]]\nat = "10s"\ndo = "switch"\nservice = "web"\ntarget = "sfo2"\n` +
      `[[steps]]\nat = "30s"\ndo = "unpin"\nservice = "web"\n`,
    "maintenance.toml",
  );
  assert.ok(read.ok);
  const given = { seed: 1, durationMs: null, loss: null, without: null, timeline: true } as const;
  const result = runDrillSeed({ config: builtinConfig(3), scenario: read.value, ...given });
  assert.deepEqual(result.broken, []);
  const told = result.timeline.map(({ text }) => text).join("\n");
  assert.match(told, /an operator tells node 2: drain web nyc1/);
  assert.equal(told.match(/web: nyc1 -> sfo2/g)?.length, 2, told);
});

Deno.test("everything wrong with a drill is said at once", () => {
  const read = parseScenario(
    `duration = 5\n[[steps]]\ndo = "explode"\n[[steps]]\nat = "1s"\ndo = "crash"\nnode = "first"\nhard = true\n`,
    "bad.toml",
  );
  assert.ok(!read.ok);
  for (
    const part of [
      "duration: 5 is not a duration",
      'steps[0].do: "explode" is none of',
      "steps[1].hard",
      "steps[1].node",
    ]
  ) {
    assert.ok(read.error.includes(part), `${part} is missing in:\n${read.error}`);
  }
});

Deno.test("nodes, zones and targets that the config lacks are named", () => {
  const read = parseScenario(
    `[[steps]]\nat="1s"\ndo="crash"\nnode=9\n[[steps]]\nat="1s"\ndo="zone"\nzone="moon"\n[[steps]]\nat="1s"\ndo="target"\ntarget="fra1"\n` +
      `[[steps]]\nat="1s"\ndo="drain"\nservice="mail"\ntarget="nyc1"\n`,
    "x.toml",
  );
  assert.ok(read.ok);
  const config = builtinConfig(3);
  const problems = misfits(read.value.steps(config, new SeededRandom(1), 0), config);
  assert.deepEqual(problems.map((problem) => problem.replace(/ in .*/, "")), [
    "there is no node 9",
    "there is no zone moon",
    "there is no target fra1",
    "there is no service mail",
  ]);
});

Deno.test("of a drill with thousands of slips the first hundred are told", () => {
  const read = parseScenario(`steps = [${"{}, ".repeat(5000)}]\n`, "f.toml");
  assert.ok(!read.ok);
  const lines = read.error.split("\n");
  assert.equal(lines.length, 101);
  assert.match(lines.at(-1) ?? "", /and \d+ more$/);
});
