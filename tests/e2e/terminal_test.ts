import assert from "node:assert/strict";
import { testLauncher } from "../support/abfail.ts";
import { TestCluster } from "../support/cluster.ts";

/** What `abfail ...` leaves on a terminal of that size (util-linux `script`), and its exit code. */
async function onTerminal(
  columns: number,
  args: readonly string[],
  stop: Promise<void> | null = null,
): Promise<{ readonly code: number; readonly text: string }> {
  const { program, args: before } = testLauncher();
  const words = [program, ...before, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const child = new Deno.Command("script", {
    args: ["-qefc", `stty cols ${columns} rows 40; exec env NO_COLOR=1 ${words}`, "/dev/null"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const stdin = child.stdin.getWriter();
  const output = child.output();
  if (stop !== null) {
    await stop;
    await stdin.write(new Uint8Array([3])); // Ctrl-C
  }
  const { code, stdout } = await output;
  await stdin.close().catch(() => {});
  return { code, text: new TextDecoder().decode(stdout).replaceAll("\r", "") };
}

/** True, and said, where there is no `script`. */
function ignoreWithoutScript(): boolean {
  try {
    new Deno.Command("script", { args: ["--version"], stdout: "null", stderr: "null" }).outputSync();
    return false;
  } catch {
    console.log("there is no `script` (Debian: apt-get install bsdutils): its test is ignored");
    return true;
  }
}

Deno.test("a cluster in trouble, on a terminal", { ignore: ignoreWithoutScript() }, async (t) => {
  await using cluster = new TestCluster({ service: 'failback = "manual"\nmin_hold = "100ms"' });
  await cluster.startAll();
  await cluster.service("web-a").stop();
  await cluster.untilAnswered("web-b");
  await cluster.until(
    "web-a is down for all",
    async () => (await cluster.status(1))?.services[0]?.targets[0]?.health === "down",
  );

  for (const columns of [40, 60, 80]) {
    await t.step(`what is wrong first, and nothing wider than ${columns} columns`, async () => {
      const { code, text } = await onTerminal(columns, ["status", "--api", cluster.apiOf(1)]);
      assert.equal(code, 0, text);
      const lines = text.trimEnd().split("\n");
      for (const line of lines) assert.ok(line.length <= columns, `${line.length} columns: ${line}`);
      assert.match(lines[0] ?? "", /^e2e WARNING: serving/);
      assert.ok(lines.findIndex((line) => line.startsWith("! web: web-a is down")) < 5, text);
      assert.match(text, /^ {4}web-a +DOWN/m, "targets are told in full");
      assert.match(text, /^ {2}> web-b +up/m);
    });
  }

  await t.step("--watch redraws in place, and ends by Ctrl-C with the exit code of what it saw", async () => {
    const stop = (async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 3500));
    })();
    const { code, text } = await onTerminal(60, ["status", "--watch", "--api", cluster.apiOf(1)], stop);
    assert.equal(code, 0, text);
    assert.ok(text.split("\x1b[H").length >= 3, "it was drawn again and again");
    assert.equal(text.split("\x1b[2J").length, 2, "it was cleared once");
    assert.ok(text.includes("\x1b[?25l") && text.includes("\x1b[?25h"), "the cursor is back");
  });
});

Deno.test("events --follow goes on over a leader change and a restart of its node", async () => {
  await using cluster = new TestCluster();
  await cluster.startAll();
  const { program, args } = testLauncher();
  const child = new Deno.Command(program, {
    args: [...args, "events", "--follow", "--api", cluster.apiOf(2)],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let seen = "";
  const reading = (async (): Promise<void> => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) seen += text;
  })();
  let said = "";
  const listening = (async (): Promise<void> => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) said += text;
  })();
  const count = (pattern: RegExp): number => seen.match(pattern)?.length ?? 0;
  await cluster.until("it tells of the first leader", () => count(/ leader: Node 1 leads/g) >= 1);
  cluster.node(1).kill("SIGKILL");
  await cluster.until("it tells of the new leader", () => count(/ leader: Node [23] leads/g) >= 1);
  await cluster.node(1).ended;
  cluster.start(1);
  await cluster.untilWell(1, "web-a");
  await cluster.node(2).stop(3000);
  await cluster.until("it says that the node is gone", () => /asking again/.test(said));
  cluster.start(2);
  await cluster.untilWell(1, "web-a");
  await cluster.service("web-a").stop();
  await cluster.until(
    "it tells of what came after the restart",
    () => count(/ switch: web: web-a -> web-b/g) === 1,
  );
  child.kill("SIGTERM");
  assert.equal((await child.status).code, 0);
  await reading;
  await listening;
  assert.equal(said.match(/asking again/g)?.length, 1, said);
  const lines = seen.trimEnd().split("\n");
  assert.equal(new Set(lines).size, lines.length, "nothing is told twice");
});
