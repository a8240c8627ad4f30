import assert from "node:assert/strict";
import { createLogger, LINES_MAX } from "../../../src/adapters/log.ts";
import type { LogEvent } from "../../../src/node/events.ts";

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
  assert.deepEqual(rest, event);
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
  for (let i = 0; i < LINES_MAX + 10; i++) logger.log(event);
  assert.ok(logger.lost > 0 && logger.lost <= 10, String(logger.lost));
  await logger.close();
  stalled.reject(new Error("too late"));
});
