import assert from "node:assert/strict";
import { runProgram } from "../support/abfail.ts";

/**
 * `deno compile` puts a program behind a base binary. Here any small program stands in for it, so that the test needs
 * no download: what it makes cannot be run, but it holds all that the real one would.
 */
const ROOT = new URL("../..", import.meta.url).pathname;

interface Project {
  readonly tasks: Readonly<Record<string, { readonly command: string }>>;
}

Deno.test("the compiled program holds the permissions, the entry point and the files that it should", async () => {
  const folder = await Deno.makeTempDir({ prefix: "abfail-test-" });
  try {
    const output = `${folder}/abfail`;
    const args = wordsOf("compile").slice(1).map((word) => word === "dist/abfail" ? output : word)
      .filter((word) => word !== "-q");
    assert(args.includes(output), "the task writes to dist/abfail");
    const ran = await runProgram(Deno.execPath(), args, {
      cwd: ROOT,
      env: { DENORT_BIN: await anyProgram() },
    });
    assert.equal(ran.code, 0, ran.stderr);
    assert.equal(ran.stdout, "");
    const bytes = await Deno.readFile(output);
    assert((await Deno.stat(output)).mode! & 0o100, "it may be executed");

    const held = metadata(bytes);
    assert.match(String(held.entrypoint_key), /main\.ts$/);
    assert.deepEqual(held.argv, []);
    assert.deepEqual(permissionsOf(held), permissionsOfTask());
    assert.equal((held.permissions as Record<string, unknown>).prompt ?? held.prompt, false, "it never asks");
    assert.deepEqual((held.unstable_config as { features: string[] }).features, ["net"]);

    const files = ran.stderr;
    for (const name of ["page/*", "deno.json", "main.ts", "start.ts"]) {
      assert(files.includes(name), `${name} is embedded:\n${files}`);
    }
    assert(
      !/_test\.ts|tests\b|fast-check|dns-packet|grpc-js|playwright|axe-core/.test(files),
      `nothing of the tests:\n${files}`,
    );
    const text = new TextDecoder("latin1").decode(bytes);
    assert(text.includes("<!doctype html>") || text.includes("<!DOCTYPE html>"), "the page is inside");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the memory of the program has a bound, which also keeps a flood from growing it", () => {
  // V8 lets its heap grow fourfold before it cleans up where it may have 4 GiB, and by half where it may have 512 MiB.
  assert(v8Flags().includes("--max-old-space-size=512"));
});

Deno.test("young garbage is collected by the main thread alone, which waits for no helper's turn on a busy machine", () => {
  // Under DNS load V8 collects some 40 times a second, in a tenth of a millisecond each; with helpers, half as long again.
  assert(v8Flags().includes("--no-parallel-scavenge"));
});

Deno.test("young objects get little memory: 50 services take 140 MiB instead of 180", () => {
  // `deno task soak`; V8's own is 16. The processor has no more work by it: hardly anything young lives long.
  assert(v8Flags().includes("--max-semi-space-size=4"));
});

Deno.test("drill and compile have the flags of the task abfail, word for word", () => {
  const flags = wordsOf("abfail").slice(2, -1);
  assert.deepEqual(wordsOf("drill"), ["deno", "run", ...flags, "main.ts", "simulate", "--live"]);
  assert.deepEqual(wordsOf("compile").slice(0, 2 + flags.length), ["deno", "compile", ...flags]);
});

function wordsOf(task: string): string[] {
  const project: Project = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`));
  return project.tasks[task]?.command.split(" ") ?? [];
}

/**
 * What the metadata says of each permission: all, some of it, or nothing (left out). Not the hosts that code may be
 * imported from: they are Deno's own list, the same under `deno run`, and this program imports from none.
 */
function permissionsOf(held: Record<string, unknown>): Record<string, string[]> {
  const permissions = held.permissions as Record<string, unknown>;
  const granted = Object.entries(permissions).filter(([key, value]) =>
    key.startsWith("allow_") && key !== "allow_import" && Array.isArray(value)
  );
  return Object.fromEntries(granted.map(([key, value]) => [key.slice("allow_".length), value as string[]]));
}

function permissionsOfTask(): Record<string, string[]> {
  const flags = wordsOf("abfail").filter((word) => word.startsWith("--allow-"));
  return Object.fromEntries(flags.map((flag) => {
    const [name = "", values] = flag.slice("--allow-".length).split("=");
    return [name, values?.split(",") ?? []];
  }));
}

/** The program's description of itself: behind the second magic word, a length and JSON. */
function metadata(bytes: Uint8Array): Record<string, unknown> {
  const magic = "d3n0l4nd";
  const text = new TextDecoder("latin1").decode(bytes);
  const at = text.indexOf(magic, text.indexOf(magic) + 1) + magic.length;
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigUint64(0, true));
  return JSON.parse(new TextDecoder().decode(bytes.subarray(at + 8, at + 8 + length)));
}

async function anyProgram(): Promise<string> {
  for (const path of ["/bin/true", "/usr/bin/true"]) {
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
  }
  throw new Error("there is no program `true` on this machine");
}

/** Of the task abfail. */
function v8Flags(): string[] {
  const words = wordsOf("abfail").filter((word) => word.startsWith("--v8-flags="));
  return words.flatMap((word) => word.slice("--v8-flags=".length).split(","));
}
