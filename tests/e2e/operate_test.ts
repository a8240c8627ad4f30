import assert from "node:assert/strict";
import { abfail, type Ran } from "../support/abfail.ts";
import { TestCluster } from "../support/cluster.ts";

Deno.test("what an operator asks of any node, the leader does", async (t) => {
  await using cluster = new TestCluster({ api: (folder) => `token_file = "${folder}/token"` });
  const token = `${cluster.folder}/token`;
  await Deno.writeTextFile(token, "open-sesame-0123456789\n", { mode: 0o600 });
  await cluster.startAll();
  const ask = (id: number, ...words: string[]): Promise<Ran> => {
    return abfail([...words, "--api", cluster.apiOf(id), "--token-file", token]);
  };

  await t.step("drain moves away and stays away, undrain lets it come back", async () => {
    const drained = await ask(3, "drain", "web", "web-a");
    assert.equal(drained.code, 0, drained.stdout + drained.stderr);
    await cluster.untilAnswered("web-b");
    assert.equal((await cluster.status(2))?.services[0]?.targets[0]?.drained, true);
    assert.equal((await ask(1, "undrain", "web", "web-a")).code, 0);
    await cluster.untilAnswered("web-a");
  });

  await t.step("switch pins a target, unpin goes back to automatic", async () => {
    assert.equal((await ask(2, "switch", "web", "web-b", "--dry-run")).code, 0);
    assert.equal((await cluster.status(1))?.services[0]?.active, "web-a", "a dry run changes nothing");
    assert.equal((await ask(2, "switch", "web", "web-b")).code, 0);
    await cluster.untilAnswered("web-b");
    assert.equal((await cluster.status(3))?.services[0]?.pinned, "web-b");
    assert.equal((await ask(2, "unpin", "web")).code, 0);
    await cluster.untilAnswered("web-a");
  });

  await t.step("step-down hands leadership over", async () => {
    const since = performance.now();
    const told = await ask(3, "step-down");
    assert.equal(told.code, 0, told.stdout + told.stderr);
    const released = await cluster.untilLogged(1, "released", since);
    assert.equal(released.data.why, "step-down");
    await cluster.untilLogged(2, "lease", since);
  });

  await t.step("without the token, or with a wrong name, nothing happens", async () => {
    const stranger = await abfail(["drain", "web", "web-a", "--api", cluster.apiOf(1)], {
      env: { ABFAIL_TOKEN: "guess" },
    });
    assert.equal(stranger.code, 1, stranger.stdout + stranger.stderr);
    const slip = await ask(1, "drain", "web", "web-c");
    assert.equal(slip.code, 1, slip.stdout + slip.stderr);
    assert.match(slip.stderr, /web-c/);
    assert.equal((await cluster.status(1))?.services[0]?.targets.some(({ drained }) => drained), false);
  });
});

Deno.test("what was done by hand outlives leaders, and all nodes ending at once where there is a state_dir", async (t) => {
  await using cluster = new TestCluster({
    stateDir: true,
    api: (folder, id) => `token_file = "${folder}/token"\nsocket = "${folder}/abfail-${id}.sock"`,
  });
  const token = `${cluster.folder}/token`;
  await Deno.writeTextFile(token, "open-sesame-0123456789\n", { mode: 0o600 });
  await cluster.startAll();
  const socket = (id: number, ...words: string[]): Promise<Ran> => {
    return abfail([...words, "--api", `unix:${cluster.folder}/abfail-${id}.sock`]);
  };

  await t.step("a pin through a follower's socket says who, in events and status", async () => {
    const since = performance.now();
    const pinned = await socket(3, "switch", "web", "web-b");
    assert.equal(pinned.code, 0, pinned.stdout + pinned.stderr);
    await cluster.untilAnswered("web-b");
    for (const id of [1, 2, 3]) {
      const line = await cluster.untilLogged(id, "pinned", since);
      assert.equal(line.text, "web: pinned to web-b by socket.");
    }
    const status = await cluster.status(2);
    assert.equal(status?.services[0]?.pinnedBy?.who, "socket");
    assert(status?.problems.some((text) => text.includes("pinned to web-b by hand (socket")));
  });

  await t.step("the leader ends: the next one keeps to it", async () => {
    await cluster.node(1).stop(3000);
    await cluster.untilWell(2, "web-b", [2, 3]);
    assert.equal((await cluster.status(3))?.services[0]?.pinned, "web-b");
  });

  await t.step("all end and start again: it is still so", async () => {
    await Promise.all([2, 3].map((id) => cluster.node(id).stop(3000)));
    cluster.start(1, 2, 3);
    await cluster.untilWell(1, "web-b");
    const status = await cluster.status(3);
    assert.equal(status?.services[0]?.pinned, "web-b");
    assert.equal(status?.services[0]?.pinnedBy?.who, "socket");
  });

  await t.step("a drain by token through a follower, unpin and undrain through another", async () => {
    const ask = (id: number, ...words: string[]): Promise<Ran> => {
      return abfail([...words, "--api", cluster.apiOf(id), "--token-file", token]);
    };
    const since = performance.now();
    assert.equal((await ask(2, "unpin", "web")).code, 0);
    await cluster.untilAnswered("web-a");
    assert.equal((await ask(2, "drain", "web", "web-a")).code, 0);
    await cluster.untilAnswered("web-b");
    const drained = await cluster.untilLogged(3, "drained", since);
    assert.match(drained.text, /^web: web-a drained by token from 127\.0\.0\.1/);
    assert.equal((await socket(3, "undrain", "web", "web-a")).code, 0);
    await cluster.untilAnswered("web-a");
    assert.match((await cluster.untilLogged(1, "undrained", since)).text, /by socket/);
  });
});
