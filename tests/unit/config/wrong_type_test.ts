import assert from "node:assert/strict";
import { parseConfig } from "../../../src/config/parse.ts";
import { err } from "../../../src/base/result.ts";
import { CLUSTER, service } from "./sample.ts";

Deno.test("with a wrong type the other values are judged all the same", () => {
  const text = CLUSTER +
    service({ check: 'interval = 200\nfall = "two"' }).replace('type = "tcp"', 'type = "tpc"');
  const parsed = parseConfig(text, "a.toml", { env: () => undefined, readTextFile: () => err("no file") });
  const paths = parsed.ok ? [] : parsed.error.map((problem) => problem.path);
  assert.deepEqual(paths, [
    "services.web.check.type",
    "services.web.check.interval",
    "services.web.check.fall",
  ]);
});
