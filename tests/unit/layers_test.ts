import assert from "node:assert/strict";

/**
 * STYLE.md, Folders, as a table: what each folder may import besides its own files. Types that a folder needs only
 * for description count as imports too: a dependency is a dependency.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  election: ["base"],
  health: ["base", "config"],
  failover: ["base", "config", "health"],
  publish: ["base", "config", "dns"],
  dns: ["base"],
  wire: ["base", "election", "node"],
  node: ["base", "config", "election", "health", "failover", "publish", "dns", "wire"],
  view: ["base", "config", "election", "health", "failover", "publish", "node", "dns", "wire"],
  config: ["base", "election", "health", "dns"],
  adapters: [
    ...["base", "config", "election", "health", "failover", "publish", "dns", "wire", "node", "view"],
  ],
  runtime: [
    ...["base", "config", "election", "health", "failover", "publish", "dns", "wire", "node", "view"],
    ...["adapters", "record"],
  ],
  record: ["base", "config", "election", "health", "failover", "publish", "node"],
  sim: ["base", "config", "election", "health", "failover", "publish", "dns", "wire", "node", "view"],
  drill: [
    ...["base", "config", "election", "health", "failover", "publish", "dns", "wire", "node", "view"],
    "adapters",
  ],
  cli: ["*"],
};

/** Folders that compute and nothing else: the simulator drives the very same code. */
const PURE = [
  ...["base", "election", "health", "failover", "publish", "dns", "wire", "node", "view", "config"],
  "record",
];

/** What the system gives: time, chance, everything else. */
const IMPURE: readonly RegExp[] = [
  /\bDate\.now\b/,
  /\bnew Date\(\)/,
  /\bperformance\.now\b/,
  /\bMath\.random\b/,
  /\bsetTimeout\b/,
  /\bsetInterval\b/,
  /\bqueueMicrotask\b/,
  /\bgetRandomValues\b/,
  /\brandomUUID\b/,
  /\brandomBytes\b/,
  /\bDeno\./,
  /\bfetch\(/,
  /\bconsole\./,
];

/** The system's wall clock, monotonic clock and chance, which enter in one file each. */
const SOURCES: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b/, "adapters/clock.ts"],
  [/\bMath\.random\b|\bgetRandomValues\b|\brandomBytes\b|\brandomUUID\b/, "adapters/random.ts"],
];

/** Modules of the platform that a pure folder may use: they compute. */
const PURE_PLATFORM = ["node:crypto", "node:buffer", "node:zlib"];

/** Which folder may use which package: each library stands behind one door. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  "@commander-js/extra-typings": ["cli"],
  "commander": ["cli"],
  "@logtape/logtape": ["adapters"],
  "smol-toml": ["config"],
  "aws4fetch": ["adapters"],
  "hono": ["adapters"],
  "hono/tiny": ["adapters"],
};

interface Source {
  /** Path below src/, such as `election/step.ts`. */
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const SRC = new URL("../../src/", import.meta.url);

Deno.test("there is source to judge", () => {
  assert(sources().length > 50);
  for (const { folder } of sources()) {
    assert(folder in MAY_IMPORT, `src/${folder} is not in the table of folders`);
  }
});

Deno.test("every folder imports only what STYLE.md allows", () => {
  const wrong = sources().flatMap((source) => foreignImports(source));
  assert.deepEqual(wrong, []);
});

Deno.test("pure folders take no time, no chance and nothing else from the system", () => {
  const wrong = sources().filter(({ folder }) => PURE.includes(folder)).flatMap(impurities);
  assert.deepEqual(wrong, []);
});

Deno.test("time and chance of a node enter through adapters/clock.ts and adapters/random.ts alone", () => {
  const core = sources().filter(({ folder }) => folder === "adapters" || folder === "runtime");
  const wrong = core.flatMap(({ path, text }) =>
    SOURCES.flatMap(([pattern, home]) =>
      path !== home && pattern.test(codeOf(text)) ? [`${path}: ${pattern}`] : []
    )
  );
  assert.deepEqual(wrong, []);
});

Deno.test("packages stand behind one door each, by the name in the import map", () => {
  const wrong = sources().flatMap(({ path, folder, imports }) =>
    imports.filter((name) => !name.startsWith(".") && !name.startsWith("node:"))
      .filter((name) => !(DOORS[name] ?? []).includes(folder))
      .map((name) => `${path} imports ${name}`)
  );
  assert.deepEqual(wrong, []);
});

Deno.test("main.ts hands over to the command line and does nothing else", () => {
  const text = Deno.readTextFileSync(new URL("../main.ts", SRC));
  assert.deepEqual(importsOf(text), ["./src/cli/main.ts"]);
  assert(text.split("\n").filter((line) => line.trim() !== "").length <= 3);
});

Deno.test("the judge sees a wrong import and an impure line", () => {
  const source = (text: string): Source => ({
    path: "election/wrong.ts",
    folder: "election",
    text,
    imports: importsOf(text),
  });
  assert.equal(foreignImports(source('import { x } from "../adapters/clock.ts";')).length, 1);
  assert.equal(foreignImports(source('export type { x } from "../node/node.ts";')).length, 1);
  assert.equal(foreignImports(source('import {\n  x,\n} from "../../outside.ts";')).length, 1);
  assert.equal(foreignImports(source('const x = await import("../dns/name.ts");')).length, 1);
  assert.equal(foreignImports(source('import { x } from "../base/time.ts";')).length, 0);
  assert.equal(impurities(source("const now = Date.now();")).length, 1);
  assert.equal(impurities(source('const s = Deno.readTextFileSync("x");')).length, 1);
  assert.equal(impurities(source("// not Date.now() here")).length, 0);
  assert.equal(impurities(source('import { connect } from "node:net";')).length, 1);
});

function sources(): Source[] {
  return [...walk("")];
}

function* walk(folder: string): Generator<Source> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, SRC))) {
    const path = `${folder}${name}`;
    if (isDirectory) yield* walk(`${path}/`);
    else if (name.endsWith(".ts")) {
      const text = Deno.readTextFileSync(new URL(path, SRC));
      yield { path, folder: path.split("/")[0] as string, text, imports: importsOf(text) };
    }
  }
}

/** Every module that a file names, in static, re-exporting and dynamic imports. */
function importsOf(text: string): string[] {
  const code = codeOf(text);
  const found = code.matchAll(/(?:\bfrom\s*|\bimport\s*\(\s*|^\s*import\s+)"([^"\s]+)"/gm);
  return [...found].map((match) => match[1] as string);
}

function foreignImports({ path, folder, imports }: Source): string[] {
  const allowed = MAY_IMPORT[folder] ?? [];
  return imports.filter((name) => name.startsWith(".")).flatMap((name) => {
    const target = new URL(name, new URL(path, SRC)).href;
    const to = target.startsWith(SRC.href)
      ? target.slice(SRC.href.length).split("/")[0] as string
      : "outside";
    // The project file names the version and the permissions: data, no code.
    const isProjectFile = target === new URL("../deno.json", SRC).href;
    const fine = to === folder || allowed.includes("*") || allowed.includes(to) ||
      (isProjectFile && !PURE.includes(folder));
    return fine ? [] : [`${path} imports ${name}`];
  });
}

function impurities({ path, text, imports }: Source): string[] {
  const code = codeOf(text);
  return [
    ...IMPURE.filter((pattern) => pattern.test(code)).map((pattern) => `${path}: ${pattern}`),
    ...imports.filter((name) => name.startsWith("node:") && !PURE_PLATFORM.includes(name))
      .map((name) => `${path} imports ${name}`),
  ];
}

/** The text without comments. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:"'`])\/\/.*$/gm, "$1");
}
