import assert from "node:assert/strict";
import { createLogger, LINES_MAX } from "../../../src/adapters/log.ts";
import type { LogConfig } from "../../../src/config/log_categories.ts";
import type { LogEvent } from "../../../src/node/events.ts";
import { KINDS_MAX, LogFold, WRITTEN } from "../../../src/view/log_fold.ts";

const event: LogEvent = {
  level: "info",
  name: "leader",
  text: "node 1 leads",
  epoch: "5.1",
  service: null,
  data: { node: 1 },
};

/** Takes a few bytes at a time, as a slow pipe may. */
function collector(): { write(bytes: Uint8Array): Promise<number>; text(): string } {
  let text = "";
  return {
    write: (bytes): Promise<number> => {
      text += new TextDecoder().decode(bytes.subarray(0, 10));
      return Promise.resolve(Math.min(10, bytes.length));
    },
    text: () => text,
  };
}

Deno.test("each event is a line, those below the level are left out", async () => {
  const out = collector();
  const logger = createLogger({ level: "info", format: "text", write: out.write });
  logger.log({ ...event, level: "debug" });
  logger.log(event);
  logger.log({ ...event, level: "error", text: "lost the lease" });
  await logger.close();
  const lines = out.text().trimEnd().split("\n");
  assert.equal(lines.length, 2);
  assert.match(
    lines[0] ?? "",
    /^\d{4}-\d\d-\d\dT[\d:.]+Z INFO {2}leader: node 1 leads \{epoch=5\.1 node=1\}$/,
  );
  assert.match(lines[1] ?? "", /Z ERROR leader: lost the lease/);
});

Deno.test("as JSON each line is an object", async () => {
  const out = collector();
  const logger = createLogger({ level: "debug", format: "json", write: out.write });
  logger.log(event);
  await logger.close();
  const { time, ...rest } = JSON.parse(out.text());
  assert.ok(!Number.isNaN(Date.parse(time)));
  assert.deepEqual(rest, { category: "abfail.election", ...event });
});

Deno.test("a closed stderr is no error, and is not tried again", async () => {
  let tries = 0;
  const logger = createLogger({
    level: "debug",
    format: "text",
    write: () => {
      tries += 1;
      return Promise.reject(new Deno.errors.BrokenPipe("closed"));
    },
  });
  logger.log(event);
  await new Promise((resolve) => setTimeout(resolve, 0));
  logger.log(event);
  await logger.close();
  assert.equal(tries, 1);
  assert.equal(logger.lost, 2);
});

Deno.test("a stderr that stalls costs lines, neither memory nor the end of the process", async () => {
  const stalled = Promise.withResolvers<number>();
  const logger = createLogger({ level: "debug", format: "text", write: () => stalled.promise });
  for (let i = 0; i < LINES_MAX + 10; i++) logger.log({ ...event, text: `${i}` });
  assert.ok(logger.lost > 0 && logger.lost <= 10, String(logger.lost));
  await logger.close();
  stalled.reject(new Error("too late"));
});

Deno.test("each category has its own level; a reload changes it", async () => {
  const out = collector();
  const config: LogConfig = { level: "warning", levels: { checks: "debug", dns: "error" } };
  const logger = createLogger({ level: null, format: "text", config, write: out.write });
  logger.log(event);
  logger.log({ ...event, level: "debug", name: "opinion", text: "web/one is up" });
  logger.log({ ...event, level: "warning", name: "dns", text: "not this" });
  assert.equal(logger.wants("debug", "probe"), true);
  logger.use({ level: null, levels: { election: "error" } });
  assert.equal(logger.wants("debug", "probe"), false);
  logger.log({ ...event, level: "warning", text: "not this either" });
  logger.log({ ...event, name: "switch", text: "web: one -> two" });
  await logger.close();
  const texts = out.text().trimEnd().split("\n").map((line) =>
    line.replace(/^\S+ \w+ +/, "").replace(/ \{.*/, "")
  );
  assert.deepEqual(texts, ["opinion: web/one is up", "switch: web: one -> two"]);
});

Deno.test("the command line wins over the config's level, not over that of a category", async () => {
  const out = collector();
  const config: LogConfig = { level: "debug", levels: { checks: "debug" } };
  const logger = createLogger({ level: "error", format: "text", config, write: out.write });
  logger.log(event);
  logger.log({ ...event, level: "debug", name: "opinion" });
  await logger.close();
  assert.equal(out.text().trimEnd().split("\n").length, 1);
});

Deno.test("a line that comes again and again is written three times, then counted", async () => {
  const out = collector();
  let now = 0;
  const logger = createLogger({ level: "info", format: "text", write: out.write, now: () => now });
  for (let i = 0; i < 40; i++) logger.log(event);
  logger.log({ ...event, epoch: "6.1" });
  now = 60_000;
  logger.log({ ...event, epoch: "7.1" });
  for (let i = 0; i < 5; i++) logger.log({ ...event, epoch: "7.1" });
  now = 61_000;
  await logger.close();
  const lines = out.text().trimEnd().split("\n");
  assert.equal(lines.length, 3 + 1 + 1 + 3 + 1);
  assert.match(
    lines[4] ?? "",
    /node 1 leads \.\.\. repeated 37 times in 60 s \{epoch=5\.1 node=1 repeated=37\}$/,
  );
  assert.match(lines.at(-1) ?? "", /repeated 3 times in 1 s \{epoch=7\.1/);
});

Deno.test("what is counted is said without waiting for the next line", async () => {
  const out = collector();
  const logger = createLogger({ level: "info", format: "text", write: out.write, foldMs: 50 });
  for (let i = 0; i < 10; i++) logger.log(event);
  const end = performance.now() + 20_000;
  while (!out.text().includes("repeated")) {
    assert.ok(performance.now() < end, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await logger.close();
  assert.match(out.text(), /repeated \d times in \d+ s/);
});

Deno.test("folding remembers so many kinds of lines", () => {
  const fold = new LogFold();
  const kinds = Array.from({ length: KINDS_MAX * 3 }, (_, i) => ({ ...event, text: `kind ${i}` }));
  for (const kind of kinds) for (let i = 0; i < WRITTEN + 1; i++) fold.add(kind, i);
  assert.equal(fold.rest(10).length, KINDS_MAX);
});

Deno.test("what answers an operator is written each time, however often it is the same", () => {
  const fold = new LogFold();
  const reload: LogEvent = { ...event, name: "reload", text: "The config was read again and is in force." };
  for (let i = 0; i < 3 * WRITTEN; i++) assert.deepEqual(fold.add(reload, i), [reload]);
  assert.equal(fold.nextAt, Infinity);
});
