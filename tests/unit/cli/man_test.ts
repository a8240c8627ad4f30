import assert from "node:assert/strict";
import { manPage } from "../../../src/cli/man.ts";
import { configSchema } from "../../../src/config/schema.ts";
import { commandsOf } from "./command_tree.ts";

async function run(
  program: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly out: string } | null> {
  try {
    const { code, stdout, stderr } = await new Deno.Command(program, {
      ...{ args: [...args], env: { MANWIDTH: "100", LC_ALL: "C.UTF-8" } },
    }).output();
    const decoder = new TextDecoder();
    return { code, out: decoder.decode(stdout) + decoder.decode(stderr) };
  } catch {
    return null;
  }
}

const mandoc = await run("mandoc", ["-V"]) !== null || await run("mandoc", ["-Tlint", "/dev/null"]) !== null;
if (!mandoc) console.log("the man page is not judged: mandoc is missing");

Deno.test({
  name: "the man page has no fault, and shows every command, option, example and key of the config",
  ignore: !mandoc,
  fn: async () => {
    const commands = await commandsOf();
    const file = await Deno.makeTempFile({ suffix: ".1" });
    try {
      await Deno.writeTextFile(file, manPage(commands));
      assert.deepEqual(await run("mandoc", ["-Tlint", file]), { code: 0, out: "" });
      const shown = await run("mandoc", ["-Tutf8", "-Owidth=200", file]);
      // Bold is a letter struck twice.
      const text = (shown?.out ?? "").replaceAll(/.\p{Cc}/gu, (struck) => struck.endsWith("\b") ? "" : struck)
        .replaceAll("‐", "-");
      assert.ok(commands.length > 15);
      for (const { name, options, help } of commands) {
        assert.ok(text.includes(`abfail ${name}`), name);
        for (const { term } of options) assert.ok(text.includes(term), `${name} ${term}`);
        for (const line of help.examples) assert.ok(text.includes(line), line);
      }
      for (const key of keysOf(configSchema())) assert.match(text, new RegExp(`^ +${key}\\b`, "m"));
      for (
        const table of [
          "[cluster]",
          "[[cluster.nodes]]",
          '[[services.publish]] type = "dns"',
          "[services.check]",
        ]
      ) {
        assert.ok(text.includes(table), table);
      }
    } finally {
      await Deno.remove(file);
    }
  },
});

/** Every key that a value may be given to. */
function keysOf(node: unknown): readonly string[] {
  if (typeof node !== "object" || node === null) return [];
  const { properties, ...rest } = node as { properties?: Readonly<Record<string, unknown>> };
  const own = Object.entries(properties ?? {}).flatMap(([key, value]) => {
    const inner = keysOf(value);
    return key === "type" || inner.length > 0 ? inner : [key];
  });
  return [...own, ...Object.values(rest).flatMap(keysOf)];
}
