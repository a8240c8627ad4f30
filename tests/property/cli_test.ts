import assert from "node:assert/strict";
import fc from "fast-check";
import { runArgs } from "../../src/cli/args.ts";
import type { Dispatch } from "../../src/cli/dispatch.ts";
import type { RunOptions } from "../../src/cli/options.ts";
import { readRunArgs } from "../../src/cli/run_args.ts";

/** What the parser of all commands makes of it; null where it does not run a node. */
async function slowly(args: readonly string[], nodeId: string | undefined): Promise<RunOptions | null> {
  const before = Deno.env.get("ABFAIL_NODE_ID");
  if (nodeId === undefined) Deno.env.delete("ABFAIL_NODE_ID");
  else Deno.env.set("ABFAIL_NODE_ID", nodeId);
  let ran: RunOptions | null = null;
  const dispatch = {
    run: (options: RunOptions): Promise<number> => {
      ran = options;
      return Promise.resolve(0);
    },
  } as unknown as Dispatch;
  try {
    await runArgs(args, dispatch, { out: () => {}, error: () => {}, columns: 100 });
    return ran;
  } finally {
    if (before === undefined) Deno.env.delete("ABFAIL_NODE_ID");
    else Deno.env.set("ABFAIL_NODE_ID", before);
  }
}

const value = fc.oneof(
  fc.constantFrom("a.toml", "/etc/abfail.toml", "a b", "", "-", "-x", "--json", "run", "a=b"),
  fc.constantFrom("1", "65535", "65536", "0", "-1", "01", "1e1", "99999999999999999"),
  fc.constantFrom("debug", "info", "warning", "error", "warn", "text", "json", "JSON"),
);
const word = fc.oneof(
  { arbitrary: fc.constantFrom("--config", "-c", "--node-id", "--log-level", "--log-format"), weight: 8 },
  fc.constantFrom(
    "--config=a.toml",
    "-ca.toml",
    "--help",
    "-h",
    "--version",
    "--no-config",
    "--",
    "__proto__",
  ),
  value,
);
const pairs = fc.array(fc.tuple(word, value), { maxLength: 4 }).map((all) => all.flat());
const nodeId = fc.option(fc.constantFrom("1", "7", "0", "x", "65536"), { nil: undefined });

Deno.test("`run` is read without the parser of all commands just as that reads it, or not at all", async () => {
  let quick = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(pairs, fc.array(word, { maxLength: 6 })),
      nodeId,
      async (words, id) => {
        const args = ["run", ...words];
        const read = readRunArgs(args, id);
        if (read === null) return;
        quick++;
        assert.deepEqual(read, await slowly(args, id));
      },
    ),
    { numRuns: 4000 },
  );
  assert.ok(quick > 50, `only ${quick} were read`);
});

Deno.test("the usual ways to run a node are read without it", () => {
  assert.deepEqual(readRunArgs(["run", "--config", "a.toml"], undefined), {
    config: "a.toml",
    nodeId: null,
    logLevel: null,
    logFormat: "text",
  });
  const all = "run -c a.toml --node-id 2 --log-format json --log-level debug".split(" ");
  assert.deepEqual(readRunArgs(all, "3"), {
    config: "a.toml",
    nodeId: 2,
    logLevel: "debug",
    logFormat: "json",
  });
  assert.equal(readRunArgs(["run", "-c", "a.toml"], "3")?.nodeId, 3);
  for (const other of [["run"], ["run", "--help"], ["check", "--config", "a.toml"], []]) {
    assert.equal(readRunArgs(other, undefined), null);
  }
});
