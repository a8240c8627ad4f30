import assert from "node:assert/strict";
import { abfail, type Ran } from "../support/abfail.ts";
import { TestCluster } from "../support/cluster.ts";

Deno.test("what a real node recorded over a failover is decided again by the same code, and explained", async (t) => {
  await using cluster = new TestCluster({ api: (folder) => `token_file = "${folder}/token"` });
  const token = `${cluster.folder}/token`;
  const file = `${cluster.folder}/incident.jsonl`;
  await Deno.writeTextFile(token, "open-sesame-0123456789\n", { mode: 0o600 });
  await cluster.startAll();
  await cluster.service("web-a").stop();
  await cluster.untilAnswered("web-b");
  const record = (...more: string[]): Promise<Ran> => {
    return abfail(["record", "--api", cluster.apiOf(1), "--output", file, ...more]);
  };

  await t.step("without the token it is refused, and nothing is written", async () => {
    const refused = await record();
    assert.equal(refused.code, 1, refused.stdout + refused.stderr);
    assert.match(refused.stderr, /token/);
    assert.equal((await cluster.get(1, "/v1/record"))?.status, 401);
    await assert.rejects(Deno.stat(file));
  });

  await t.step("the leader's recording is written for its owner alone, without secrets", async () => {
    const recorded = await record("--token-file", token, "--minutes", "5");
    assert.equal(recorded.code, 0, recorded.stderr);
    assert.match(recorded.stdout, /node 1 of e2e, \d+ steps/);
    assert.equal(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
    const text = await Deno.readTextFile(file);
    const key = /keys = \["([^"]+)"\]/.exec(await Deno.readTextFile(cluster.configFile(1)))?.[1] ?? "?";
    assert(!text.includes(key) && !text.includes("open-sesame"));
  });

  await t.step("its replay makes the same decisions and names what caused the switch", async () => {
    const replayed = await abfail(["simulate", "--replay", file]);
    assert.equal(replayed.code, 0, replayed.stdout + replayed.stderr);
    assert.match(replayed.stdout, /same decisions: all \d+ steps/);
    assert.match(replayed.stdout, /lease +This node holds the lease/);
    assert.match(replayed.stdout, /switch +web: web-a -> web-b \(down\)\.\n +because .*web\/web-a/);
    const json = await abfail(["simulate", "--replay", file, "--json"]);
    const { same, steps, decisions, divergences } = JSON.parse(json.stdout);
    assert.deepEqual({ same, divergences }, { same: true, divergences: [] });
    assert(steps > 50 && decisions.length > 5);
  });

  await t.step("a recording with another decision in it exits 1 and names the step", async () => {
    const lines = (await Deno.readTextFile(file)).split("\n");
    const at = lines.findIndex((line) => line.startsWith("[["));
    const steps: [number, number, number, unknown, unknown][] = JSON.parse(lines[at] ?? "[]");
    const changed = steps.findIndex(([, , digest]) => digest !== 0);
    const forgedSteps = steps.map((step, i) => i === changed ? step.with(2, 1) : step);
    const forged = lines.with(at, JSON.stringify(forgedSteps));
    await Deno.writeTextFile(`${file}.forged`, forged.join("\n"));
    const replayed = await abfail(["simulate", "--replay", `${file}.forged`]);
    assert.equal(replayed.code, 1, replayed.stdout + replayed.stderr);
    assert.match(replayed.stdout, new RegExp(`diverged at step ${changed + 1}:`));
  });

  await t.step("what is no recording exits 2 with one clear line", async () => {
    for (const other of [cluster.configFile(1), `${file}.absent`]) {
      const replayed = await abfail(["simulate", "--replay", other]);
      assert.equal(replayed.code, 2);
      assert.equal(replayed.stdout, "");
      assert.match(replayed.stderr, /no recording|cannot be read/);
    }
  });
});
