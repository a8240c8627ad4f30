import assert from "node:assert/strict";
import { SeededRandom } from "../../src/base/random.ts";
import { EventQueue } from "../../src/sim/queue.ts";

Deno.test("things come out by time, and at one time in the order put in", () => {
  const queue = new EventQueue<{ at: number; order: number }>();
  const random = new SeededRandom(1);
  let order = 0;
  let last = { at: -1, order: -1 };
  const put = (floor: number): void => {
    const at = floor + Math.floor(random.next() * 20);
    queue.put(at, { at, order: order++ });
  };
  for (let i = 0; i < 500; i++) put(0);
  for (let i = 0; i < 2000; i++) {
    const next = queue.take();
    assert.ok(next.at > last.at || (next.at === last.at && next.order > last.order));
    last = next;
    if (i < 1500) put(next.at);
  }
  assert.equal(queue.next(), Infinity);
});
