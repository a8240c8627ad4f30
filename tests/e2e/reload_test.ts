import assert from "node:assert/strict";
import { pause, randomKey, TestCluster } from "../support/cluster.ts";

Deno.test("SIGHUP takes up a changed config, refuses a wrong one, and moves no lease", async (t) => {
  await using cluster = new TestCluster({});
  await cluster.startAll();
  await cluster.untilWell(1, "web-a");
  const epoch = (await cluster.status(1))?.leader?.epoch;
  const edit = (id: number, change: (text: string) => string): void => {
    const file = cluster.configFile(id);
    Deno.writeTextFileSync(file, change(Deno.readTextFileSync(file)));
  };

  await t.step("a wrong config is refused with its line, and the old one stays", async () => {
    const since = performance.now();
    edit(1, (text) => text.replace("fall = 2", 'fall = "two"'));
    cluster.node(1).kill("SIGHUP");
    const line = await cluster.untilLogged(1, "reload", since);
    assert.match(line.text, /not taken up: 1 problem .*fall: found "two"/s);
    edit(1, (text) => text.replace('fall = "two"', "fall = 2"));
  });

  await t.step("what a running node cannot change is refused by name", async () => {
    const since = performance.now();
    edit(1, (text) => text.replace('zone = "a"', 'zone = "elsewhere"'));
    cluster.node(1).kill("SIGHUP");
    const line = await cluster.untilLogged(1, "reload", since);
    assert.match(line.text, /cannot change cluster\.nodes\.1\.zone/);
    edit(1, (text) => text.replace('zone = "elsewhere"', 'zone = "a"'));
  });

  await t.step("a changed check is in force on every node, under the same epoch", async () => {
    for (const id of [1, 2, 3]) {
      const since = performance.now();
      edit(id, (text) => text.replace("fall = 2", "fall = 3"));
      cluster.node(id).kill("SIGHUP");
      const line = await cluster.untilLogged(id, "reload", since);
      assert.match(line.text, /in force/);
    }
    await cluster.untilWell(1, "web-a");
    assert.equal((await cluster.status(1))?.leader?.epoch, epoch);
  });

  await t.step("the cluster key is exchanged in three reloads, and the leader stays", async () => {
    const next = randomKey();
    const lists = [
      (old: string) => `"${old}", "${next}"`,
      (old: string) => `"${next}", "${old}"`,
      () => `"${next}"`,
    ];
    const [, old = ""] = /keys = \["([^"]+)"\]/.exec(Deno.readTextFileSync(cluster.configFile(1))) ?? [];
    for (const list of lists) {
      for (const id of [1, 2, 3]) {
        const since = performance.now();
        edit(id, (text) => text.replace(/keys = \[.*\]/, `keys = [${list(old)}]`));
        cluster.node(id).kill("SIGHUP");
        await cluster.until(
          `node ${id} takes the keys up`,
          () =>
            cluster.node(id).log.some(({ name, text, at }) =>
              name === "reload" && at >= since && text.includes("in force")
            ),
        );
      }
      await pause(600); // longer than the lease: were anything refused, it would have run out
      await cluster.untilWell(1, "web-a");
    }
    assert.equal((await cluster.status(1))?.leader?.epoch, epoch);
  });

  await t.step("and it still fails over", async () => {
    await cluster.service("web-a").stop();
    await cluster.untilAnswered("web-b");
  });
});
