import assert from "node:assert/strict";
import { runProgram } from "../../support/abfail.ts";

Deno.test("a reader of events that stays for days costs no memory by what it was sent", async () => {
  const child = new URL("./long_stream_child.ts", import.meta.url).pathname;
  const pieces = 100_000; // a page that is open gets so many in a day
  const args = ["run", "-q", "--allow-all", "--v8-flags=--expose-gc", child, String(pieces)];
  const { code, stdout, stderr } = await runProgram(Deno.execPath(), args);
  assert.equal(code, 0, stderr);
  // Of each piece something was kept once: 360 bytes.
  assert.ok(Number(stdout) < 50 * pieces, stdout);
});
