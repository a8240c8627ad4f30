import assert from "node:assert/strict";
import { runProbe } from "../../src/adapters/probes/index.ts";
import type { CheckConfig } from "../../src/config/config.ts";
import { at, checkOf } from "./probe_lab.ts";

function exec(
  command: readonly string[],
  timeoutMs = 5000,
  env: Readonly<Record<string, string>> = {},
): CheckConfig {
  return checkOf({ type: "exec", port: null, command, env }, timeoutMs);
}

async function told(check: CheckConfig): Promise<[boolean, string]> {
  const { ok, detail } = await runProbe(check, at(5432));
  return [ok, detail];
}

Deno.test("exec: the exit code decides, the first line says why", async () => {
  assert.deepEqual(await told(exec(["true"])), [true, "exit code 0"]);
  assert.deepEqual(await told(exec(["echo", "all fine"])), [true, "exit code 0: all fine"]);
  assert.deepEqual(await told(exec(["sh", "-c", "echo out; echo disk full >&2; exit 3"])), [
    false,
    "exit code 3: disk full",
  ]);
  assert.deepEqual(await told(exec(["sh", "-c", "kill -KILL $$"])), [false, "exit code 137"]);
  assert.deepEqual(await told(exec(["/no/such/program"])), [false, "there is no program /no/such/program"]);
});

Deno.test("exec: no shell reads the words; the program knows its target and its own variables", async () => {
  assert.deepEqual(await told(exec(["echo", "$HOME; *"])), [true, "exit code 0: $HOME; *"]);
  const script = 'echo "$ABFAIL_TARGET $ABFAIL_ADDRESS $ABFAIL_PORT $PGUSER"';
  assert.deepEqual(await told(exec(["sh", "-c", script], 5000, { PGUSER: "probe" })), [
    true,
    "exit code 0: nyc1 127.0.0.1 5432 probe",
  ]);
});

Deno.test("exec: the whole process group ends with the time, even when it ignores SIGTERM", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const trap of ["", "trap '' TERM; "]) {
      const script = `${trap}(${trap}sleep 30; true) & echo $! > ${folder}/child; sleep 30; true`;
      const outcome = await runProbe(exec(["sh", "-c", script], 300), at(null));
      assert.deepEqual([outcome.ok, outcome.detail], [false, "no end of the program within 300 ms"]);
      assert.ok(outcome.latencyMs < 2000, `${outcome.latencyMs}`);
      assert.equal(await isGone(Number(await Deno.readTextFile(`${folder}/child`))), true);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("exec: what a program leaves running ends with it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const script = `sleep 30 > /dev/null 2>&1 & echo $! > ${folder}/child`;
    assert.equal((await told(exec(["sh", "-c", script])))[0], true);
    assert.equal(await isGone(Number(await Deno.readTextFile(`${folder}/child`))), true);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("exec: ten megabytes of output are read and dropped", async () => {
  const [ok, detail] = await told(exec(["sh", "-c", "head -c 10000000 /dev/zero | tr '\\0' x"]));
  assert.equal(ok, true);
  assert.ok(detail.length <= 200 && detail.startsWith("exit code 0: xxx"));
});

/** True once a process is no more, or only waits to be buried. */
async function isGone(pid: number): Promise<boolean> {
  assert.ok(pid > 1);
  for (let i = 0; i < 100; i++) {
    const { stdout } = await new Deno.Command("ps", { args: ["-o", "stat=", "-p", String(pid)] }).output();
    const state = new TextDecoder().decode(stdout).trim();
    if (state === "" || state.startsWith("Z")) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}
