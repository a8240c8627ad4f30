import assert from "node:assert/strict";
import { abfail, testLauncher } from "../support/abfail.ts";
import { pause } from "../support/cluster.ts";

Deno.test("the live drill passes, says what the client saw, and leaves nothing behind", async () => {
  const folder = await Deno.makeTempDir({ prefix: "abfail-test-" });
  try {
    const since = performance.now();
    const ran = await abfail(["simulate", "--live", "--json"], { env: { TMPDIR: folder } });
    const tookMs = performance.now() - since;
    assert.equal(ran.code, 0, ran.stdout + ran.stderr);
    const report = JSON.parse(ran.stdout);
    assert.deepEqual(Object.keys(report).toSorted(), ["failed", "longestGapMs", "ok", "requests", "steps"]);
    assert.equal(report.ok, true);
    assert(report.requests > 100, `${report.requests} requests`);
    assert(report.failed < report.requests / 2);
    assert(report.steps.length >= 8);
    for (const { what, tookMs } of report.steps) {
      assert.equal(typeof what, "string");
      assert(Number.isInteger(tookMs) && tookMs >= 0);
    }
    assert(tookMs < 45_000, `took ${tookMs} ms`);
    console.log(
      `measured: drill ${Math.round(tookMs)} ms, ${report.requests} requests, ${report.failed} failed, ` +
        `longest gap ${report.longestGapMs} ms`,
    );
    assert.deepEqual([...Deno.readDirSync(folder)], [], "no file is left");
    assert.deepEqual(processesWith(folder), [], "no process is left");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`a drill that is ended by ${signal} leaves nothing behind either`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "abfail-test-" });
    try {
      const launcher = testLauncher();
      const drill = new Deno.Command(launcher.program, {
        args: [...launcher.args, "simulate", "--live"],
        env: { TMPDIR: folder, NO_COLOR: "1" },
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
      const end = performance.now() + 20_000;
      while (processesWith(folder).length < 3 && performance.now() < end) await pause(20);
      assert.equal(processesWith(folder).length, 3, "three nodes run");
      await pause(300);
      drill.kill(signal);
      const { code } = await drill.status;
      assert.equal(code, signal === "SIGINT" ? 130 : 143);
      assert.deepEqual(processesWith(folder), []);
      assert.deepEqual([...Deno.readDirSync(folder)], []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** Processes whose command line names that folder: the drill's nodes, whose config lies in it. */
function processesWith(folder: string): number[] {
  const pids: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    try {
      if (Deno.readTextFileSync(`/proc/${name}/cmdline`).includes(folder)) pids.push(Number(name));
    } catch {
      // It ended meanwhile.
    }
  }
  return pids;
}
