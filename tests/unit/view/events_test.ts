import assert from "node:assert/strict";
import type { LogEvent } from "../../../src/node/events.ts";
import { EventRing, eventsAfter } from "../../../src/view/events.ts";
import { jsonLine, textLine } from "../../../src/view/log_line.ts";

const event: LogEvent = {
  level: "info",
  name: "switch",
  text: "web: nyc1 -> sfo2, nyc1 is down",
  epoch: "5.1",
  service: "web",
  data: { reason: "down", detectMs: 2100, manual: false, note: "two words", gone: null },
};
const at = Date.UTC(2026, 10, 25);

Deno.test("a ring keeps the newest events, with rising ids and their time", () => {
  const ring = new EventRing(100, 3);
  for (let i = 0; i < 5; i++) ring.add({ ...event, text: String(i) }, at + i);
  const kept = ring.recent();
  assert.deepEqual(kept.map((one) => [one.id, one.text]), [[102, "2"], [103, "3"], [104, "4"]]);
  assert.equal(kept[0]?.time, "2026-11-25T00:00:00.002Z");
});

Deno.test("what is many does not push out leaders and switches, and those never fill more than half", () => {
  const ring = new EventRing(0, 10);
  ring.add(event, at);
  for (let i = 0; i < 50; i++) ring.add({ ...event, name: "opinion" }, at);
  assert.deepEqual([ring.recent().length, ring.recent()[0]?.name], [10, "switch"]);
  for (let i = 0; i < 50; i++) ring.add({ ...event, name: "leader" }, at);
  for (let i = 0; i < 5; i++) ring.add({ ...event, name: "opinion" }, at);
  const names = ring.recent().map(({ name }) => name);
  assert.equal(names.filter((name) => name === "leader").length, 5);
  assert.equal(names.filter((name) => name === "opinion").length, 5);
  const ids = ring.recent().map(({ id }) => id);
  assert.deepEqual(ids, ids.toSorted((a, b) => a - b));
});

Deno.test("a reader that comes back gets what it missed, and all of it when its id lies ahead", () => {
  const ring = new EventRing(100);
  for (let i = 0; i < 3; i++) ring.add(event, at);
  const ids = (lastId: number): number[] => eventsAfter(ring.recent(), lastId).map((one) => one.id);
  assert.deepEqual(ids(100), [101, 102]);
  assert.deepEqual(ids(102), []);
  assert.deepEqual(ids(5000), [100, 101, 102]);
  assert.deepEqual(ids(3), [100, 101, 102]);
});

Deno.test("a log line has time, level, name, sentence and pairs", () => {
  assert.equal(
    textLine(event, at),
    "2026-11-25T00:00:00.000Z INFO  switch: web: nyc1 -> sfo2, nyc1 is down " +
      '{service=web epoch=5.1 reason=down detectMs=2100 manual=false note="two words" gone=null}',
  );
  assert.equal(
    textLine({ ...event, level: "error", epoch: null, service: null, data: {} }, at),
    "2026-11-25T00:00:00.000Z ERROR switch: web: nyc1 -> sfo2, nyc1 is down",
  );
});

Deno.test("nobody can forge a log line with a newline", () => {
  const line = textLine({ ...event, text: "HTTP 200\n2026 ERROR fake", data: { detail: "a\nb" } }, at);
  assert.ok(!line.includes("\n"));
  assert.ok(!jsonLine({ ...event, text: "a\nb" }, at).includes("\n"));
});

Deno.test("a JSON log line is one object with the event's keys", () => {
  assert.deepEqual(JSON.parse(jsonLine({ ...event, name: "switch" }, at)), {
    time: "2026-11-25T00:00:00.000Z",
    category: "abfail.failover",
    ...event,
    name: "switch",
  });
});
