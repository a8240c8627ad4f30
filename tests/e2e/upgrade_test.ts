/** An upgrade as the README says: one node after the other, the next when `abfail status` exits 0. */
import assert from "node:assert/strict";
import { pause, TestCluster } from "../support/cluster.ts";

Deno.test("a rolling restart: the others answer all the time, nothing is switched, every status ends well", async () => {
  await using cluster = new TestCluster();
  await cluster.startAll();
  const started = performance.now();
  let down: number | null = null;
  let asked = 0;
  const wrong: string[] = [];
  let isDone = false;
  const client = (async (): Promise<void> => {
    while (!isDone) {
      for (const id of [1, 2, 3].filter((one) => one !== down)) {
        const answer = await cluster.dig(id);
        if (id === down || isDone) continue; // it was told to end while it was asked
        asked++;
        if (answer !== cluster.addressOf("web-a")) wrong.push(`node ${id}: ${answer}`);
      }
    }
  })();
  try {
    for (const id of [3, 2, 1]) {
      down = id;
      const node = cluster.node(id);
      node.kill("SIGTERM");
      assert.equal((await node.ended).code, 0, `node ${id} ends well`);
      cluster.start(id);
      await cluster.until(
        `status of node ${id} exits 0`,
        async () => (await cluster.statusCommand(id)).code === 0,
      );
      down = null;
      await pause(200);
    }
  } finally {
    isDone = true;
    await client;
  }
  assert.deepEqual(wrong, []);
  assert.ok(asked > 20, `${asked} answers`);
  for (const id of [1, 2, 3]) {
    const switched = cluster.node(id).log.filter(({ name, at }) => name === "switch" && at > started + 1000);
    assert.deepEqual(switched.map(({ text }) => text), [], `node ${id}`);
  }
  console.log(`    ${asked} answers in ${Math.round(performance.now() - started)} ms, none wrong`);
});
