import assert from "node:assert/strict";
import { pause, TestCluster } from "../support/cluster.ts";

Deno.test("an exec publisher is run once for each change, also when the leader changes", async (t) => {
  await using cluster = new TestCluster({ publish: showsFile });
  const runs = `${cluster.folder}/runs`;
  const world = `${cluster.folder}/world`;
  await cluster.startAll();

  await t.step("the first target is written once, with all that the program needs to know", async () => {
    await cluster.until("the world shows web-a", () => readText(world) === cluster.addressOf("web-a"));
    const [run, ...others] = readRuns(runs);
    assert.deepEqual(others, []);
    assert.equal(run?.service, "web");
    assert.equal(run?.target, "web-a");
    assert.equal(run?.address, cluster.addressOf("web-a"));
    // On a busy machine another node may lead first, until node 1 is there.
    assert.match(run?.epoch ?? "", /^[0-9]+\.[123]$/);
    await cluster.untilWell(1, "web-a");
    await cluster.until("the leader's status says that it is published", async () => {
      const publishers = (await cluster.status(1))?.services[0]?.publishers ?? [];
      const exec = publishers.find((publisher) => publisher.type === "exec");
      return exec?.state === "ok" && exec.shows === cluster.addressOf("web-a");
    });
  });

  await t.step("a new leader reads, finds it right, and writes nothing", async () => {
    const since = performance.now();
    cluster.node(1).kill("SIGKILL");
    await cluster.untilLogged(2, "lease", since);
    await cluster.until("the new leader has seen what is published", async () => {
      const publishers = (await cluster.status(2))?.services[0]?.publishers ?? [];
      return publishers.find((publisher) => publisher.type === "exec")?.state === "ok";
    });
    await cluster.node(1).ended;
    cluster.start(1);
    await cluster.untilWell(1, "web-a");
    await pause(500);
    assert.equal(readRuns(runs).length, 1);
  });

  await t.step("a switch is written once, and names what was there before", async () => {
    await cluster.service("web-a").stop();
    await cluster.until("the world shows web-b", () => readText(world) === cluster.addressOf("web-b"));
    const all = readRuns(runs);
    assert.equal(all.length, 2);
    assert.equal(all[1]?.target, "web-b");
    assert.equal(all[1]?.previous, cluster.addressOf("web-a"));
  });
});

interface Run {
  readonly service: string;
  readonly target: string;
  readonly address: string;
  readonly previous: string;
  readonly epoch: string;
}

/** Keeps the world in a file, reads it back from there, and notes each run. */
function showsFile(folder: string): string {
  const line = '"$ABFAIL_SERVICE|$ABFAIL_TARGET|$ABFAIL_ADDRESS|$ABFAIL_PREVIOUS|$ABFAIL_EPOCH"';
  return `[[services.publish]]
type = "exec"
command = ["sh", "-c", 'echo ${line} >> ${folder}/runs; printf %s "$ABFAIL_ADDRESS" > ${folder}/world']
read_command = ["sh", "-c", 'cat ${folder}/world 2>/dev/null || true']
`;
}

function readRuns(file: string): Run[] {
  return readText(file).trim().split("\n").filter((line) => line !== "").map((line) => {
    const [service = "", target = "", address = "", previous = "", epoch = ""] = line.split("|");
    return { service, target, address, previous, epoch };
  });
}

function readText(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch {
    return "";
  }
}
