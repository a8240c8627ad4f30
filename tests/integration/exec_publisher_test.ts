import assert from "node:assert/strict";
import { createExecPublisher } from "../../src/adapters/publishers/exec.ts";
import type { Publisher } from "../../src/adapters/publishers/publisher.ts";
import type { PublishAction, PublishResult } from "../../src/publish/action.ts";

const READ: PublishAction = { kind: "read" };
const WRITE: PublishAction = {
  kind: "write",
  target: "sfo2",
  value: "10.0.2.20",
  previous: "10.0.1.20",
  epoch: "1763881200123.1",
};

/** A publisher whose programs are these shell scripts. */
function publisher(script: string, read: string | null = null): Publisher {
  const shell = (text: string): string[] => ["/bin/sh", "-c", text];
  return createExecPublisher({
    type: "exec",
    name: "test",
    command: shell(script),
    readCommand: read === null ? null : shell(read),
    timeoutMs: 5000,
    onDrift: "repair",
    rehearseMs: null,
  }, "web");
}

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "abfail-test-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The failure's detail; not a failure is one. */
function detail(result: PublishResult): string {
  assert.equal(result.kind, "failed");
  return result.kind === "failed" ? result.detail : "";
}

function isRunning(pid: number): boolean {
  try {
    return !Deno.readTextFileSync(`/proc/${pid}/stat`).includes(") Z ");
  } catch {
    return false;
  }
}

Deno.test("the program learns what to publish, in the environment and on its standard input", async () => {
  await inFolder(async (folder) => {
    const script = `env | grep ^ABFAIL_ | sort > ${folder}/env; cat > ${folder}/stdin`;
    assert.deepEqual(await publisher(script).perform(WRITE, 5000), { kind: "ok", shows: undefined });
    const lines = (await Deno.readTextFile(`${folder}/env`)).trim().split("\n");
    for (
      const line of [
        "ABFAIL_SERVICE=web",
        "ABFAIL_TARGET=sfo2",
        "ABFAIL_ADDRESS=10.0.2.20",
        "ABFAIL_PREVIOUS=10.0.1.20",
        "ABFAIL_EPOCH=1763881200123.1",
        "ABFAIL_KEYS=",
      ]
    ) assert.ok(lines.includes(line), `${line} is not among ${lines}`);
    const stdin = await Deno.readTextFile(`${folder}/stdin`);
    assert.deepEqual(JSON.parse(stdin), {
      service: "web",
      target: "sfo2",
      address: "10.0.2.20",
      previous: "10.0.1.20",
      epoch: "1763881200123.1",
    });
    assert.ok(stdin.endsWith("\n"));
  });
});

Deno.test("to withdraw is an empty variable and a null", async () => {
  await inFolder(async (folder) => {
    const script = `printf '%s' "<$ABFAIL_TARGET$ABFAIL_ADDRESS>" > ${folder}/env; cat > ${folder}/stdin`;
    await publisher(script).perform({ ...WRITE, target: null, value: null }, 5000);
    assert.equal(await Deno.readTextFile(`${folder}/env`), "<>");
    assert.equal(JSON.parse(await Deno.readTextFile(`${folder}/stdin`)).address, null);
  });
});

Deno.test("an exit code is a failure with the program's last words", async () => {
  const failed = await publisher("echo first >&2; echo ' quota\x1b[31m exceeded ' >&2; echo >&2; exit 3")
    .perform(WRITE, 5000);
  assert.deepEqual(failed, {
    kind: "failed",
    detail: "exit code 3: quota [31m exceeded",
    retryAfterMs: null,
  });
  assert.equal(detail(await publisher("exit 1").perform(WRITE, 5000)), "exit code 1");
});

Deno.test("what the world shows is what read_command prints", async () => {
  const shows = async (read: string): Promise<PublishResult> =>
    await publisher("true", read).perform(READ, 5000);
  assert.deepEqual(await shows("echo ' 10.0.1.20 '"), { kind: "ok", shows: "10.0.1.20" });
  assert.deepEqual(await shows("true"), { kind: "ok", shows: null });
  assert.match(detail(await shows("echo one two")), /^it printed more than one word: one two$/);
  assert.equal(detail(await shows("echo 10.0.1.20; exit 2")), "exit code 2");
  assert.deepEqual(await publisher("true").perform(READ, 5000), { kind: "ok", shows: undefined });
  assert.equal(publisher("true", "true").canRead, true);
  assert.equal(publisher("true").canRead, false);
});

Deno.test("a program that is not there or may not run is named", async () => {
  const run = async (program: string): Promise<string> =>
    detail(
      await createExecPublisher({
        type: "exec",
        name: "x",
        command: [program],
        readCommand: null,
        timeoutMs: 5000,
        onDrift: "repair",
        rehearseMs: null,
      }, "web").perform(WRITE, 5000),
    );
  assert.equal(await run("/nowhere/at-all"), "there is no program /nowhere/at-all");
  assert.equal(await run("/etc/passwd"), "/etc/passwd may not be executed");
});

Deno.test("at the timeout the whole process group ends, also what ignores SIGTERM", async () => {
  await inFolder(async (folder) => {
    const script = `trap '' TERM; sleep 30 & echo $! > ${folder}/child; echo waiting >&2
      while :; do sleep 0.05; done`;
    const startedAt = performance.now();
    const result = await publisher(script).perform(WRITE, 200);
    assert.equal(detail(result), "not done within 200 ms: waiting");
    assert.ok(performance.now() - startedAt < 3000);
    const child = Number(await Deno.readTextFile(`${folder}/child`));
    for (let i = 0; i < 100 && isRunning(child); i++) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(isRunning(child), false);
  });
});

Deno.test("a program is cut off when the lease is lost", async () => {
  const abort = new AbortController();
  const performing = publisher("sleep 30").perform(WRITE, 20_000, abort.signal);
  abort.abort();
  assert.equal(detail(await performing), "cut off before it was done");
  assert.equal(
    detail(await publisher("true").perform(WRITE, 20_000, abort.signal)),
    "cut off before it was done",
  );
});

Deno.test("a helper that a program leaves behind holds nobody up", async () => {
  await inFolder(async (folder) => {
    const startedAt = performance.now();
    const result = await publisher(`sleep 20 & echo $! > ${folder}/child`).perform(WRITE, 10_000);
    assert.deepEqual(result, { kind: "ok", shows: undefined });
    assert.ok(performance.now() - startedAt < 5000);
    Deno.kill(Number(await Deno.readTextFile(`${folder}/child`)), "SIGKILL");
  });
});

Deno.test("a flood of output is taken and dropped, and unread input is no failure", async () => {
  const flood = "head -c 3000000 /dev/zero | tr '\\0' x";
  assert.deepEqual(await publisher(`exec <&-; ${flood}; ${flood} >&2`).perform(WRITE, 10_000), {
    kind: "ok",
    shows: undefined,
  });
  const read = await publisher("true", flood).perform(READ, 10_000);
  assert.ok(detail(read).length < 300);
});
