/** Completions as they are used: bash, zsh and fish at a terminal, Tab pressed, and what the program then was given. */
import assert from "node:assert/strict";
import { completionScript } from "../../../src/cli/completions.ts";
import { SHELLS } from "../../../src/cli/options.ts";
import { commandsOf } from "./command_tree.ts";

/** What is typed (Tab is completed), and which words the program is called with. */
const TYPED: readonly (readonly [string, string])[] = [
  ["abfail swi\tweb", "switch web"],
  ["abfail step\t", "step-down"],
  ["abfail check --ag\told.toml", "check --against old.toml"],
  ["abfail run --log-f\tj\t", "run --log-format json"],
  ["abfail simulate --without quor\t", "simulate --without quorum"],
  ["abfail check --config abf\t", "check --config abfail.toml"],
  ["abfail completions fi\t", "completions fish"],
  ["abfail init --publisher rou\t", "init --publisher route53"],
  ["abfail switch -c names.toml we\tsf\t", "switch -c names.toml web sfo2"],
  ["abfail probe --config=names.toml d\tb\t", "probe --config=names.toml db beta"],
  ["abfail drain --config names.toml we\tny\t", "drain --config names.toml web nyc1"],
  ["abfail status -c names.toml --node-id 1\t", "status -c names.toml --node-id 12"],
];

/** A config that is no right one: only its names are looked at. */
const NAMES = `[cluster]
nodes = [{ id = 12 }, { id = 345 }]
[[services]]
name = "web"
targets = [{ name = "nyc1" }, { name = "sfo2" }]
[[services]]
name = "db"
targets = [{ name = "alpha" }, { name = "beta" }]
`;

/** The program itself, where completions ask it for names. */
const NAMER =
  `env DENO_DIR=${
    Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`
  } ${Deno.execPath()} run --cached-only --no-prompt --allow-read --allow-env --allow-net=127.0.0.1 ` +
  `${new URL("../../../main.ts", import.meta.url).pathname} names`;

const START: Readonly<Record<string, (script: string) => readonly [string, string]>> = {
  bash: (script) => ["bash --noprofile --norc -i", `source ${script}`],
  zsh: (script) => ["zsh -f -i", `autoload -Uz compinit; compinit -u -D; source ${script}`],
  fish: (script) => ["fish --no-config -i", `source ${script}`],
};

function has(program: string): boolean {
  return ["/usr/bin", "/bin"].some((folder) => {
    try {
      return Deno.statSync(`${folder}/${program}`).isFile;
    } catch {
      return false;
    }
  });
}

for (const shell of SHELLS) {
  const ignore = !has(shell) || !has("script");
  if (ignore) console.log(`completions of ${shell} are not driven: ${shell} or script (bsdutils) is missing`);
  Deno.test({
    name: `${shell} completes commands, options, their words and files`,
    ignore,
    fn: async () => {
      const folder = await Deno.makeTempDir();
      try {
        await Deno.writeTextFile(`${folder}/script`, completionScript(shell, await commandsOf()));
        await Deno.writeTextFile(`${folder}/abfail.toml`, "");
        await Deno.writeTextFile(`${folder}/names.toml`, NAMES);
        await Deno.mkdir(`${folder}/bin`);
        await Deno.writeTextFile(
          `${folder}/bin/abfail`,
          `#!/bin/sh\nif [ "$1" = names ]; then shift; exec ${NAMER} "$@"; fi\n` +
            `echo "$*" >> ${folder}/calls\n[ "$1" != end ] || touch ${folder}/end\n`,
          { mode: 0o755 },
        );
        const [start, prepare] = START[shell]?.(`${folder}/script`) ?? ["", ""];
        const shown = await drive(folder, start, [prepare, ...TYPED.map(([keys]) => keys), "abfail end"]);
        const calls = (await Deno.readTextFile(`${folder}/calls`).catch(() => "")).trim().split("\n");
        const expected = [...TYPED.map(([, words]) => words), "end"];
        assert.deepEqual(calls.map((call) => call.trim()), expected, shown);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

/** Longest that a shell may take, ms. */
const PATIENCE_MS = 30_000;

/** Types the lines one after the other, each when the one before has run. Returns what was shown. */
async function drive(folder: string, start: string, lines: readonly string[]): Promise<string> {
  const child = new Deno.Command("script", {
    args: ["-qefc", start, "/dev/null"],
    cwd: folder,
    env: {
      ...{
        PATH: `${folder}/bin:/usr/bin:/bin`,
        HOME: folder,
        TERM: "xterm",
        SHELL: "/bin/sh",
        LC_ALL: "C.UTF-8",
      },
    },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let shown = "";
  const drained = (async (): Promise<void> => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) shown += text;
  })();
  const writer = child.stdin.getWriter();
  const type = (text: string): Promise<void> => writer.write(new TextEncoder().encode(text));
  const end = performance.now() + PATIENCE_MS;
  const until = async (done: () => boolean): Promise<void> => {
    while (!done() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const calls = (): number => {
    try {
      return Deno.readTextFileSync(`${folder}/calls`).split("\n").length - 1;
    } catch {
      return 0;
    }
  };
  const [prepare = "", ...rest] = lines;
  await type(`${prepare}; touch ready\r`);
  await until(() => exists(`${folder}/ready`));
  for (const [i, line] of rest.entries()) {
    // A key at a time, as fingers do: what follows a Tab would else come before it has completed.
    for (const part of line.split(/(?<=\t)/)) {
      const before = shown.length;
      await type(part);
      if (part.endsWith("\t")) await settled(() => shown.length, before);
    }
    await type("\r");
    await until(() => calls() > i);
    if (calls() <= i) break;
  }
  await writer.close().catch(() => {});
  child.kill("SIGTERM");
  await child.status;
  await drained;
  return shown;
}

/** Waits until something was shown and nothing more comes; a Tab that shows nothing is given up after 5 s. */
async function settled(size: () => number, before: number): Promise<void> {
  const end = performance.now() + 5000;
  let last = before;
  for (let calm = 0; calm < 3 && performance.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, 40));
    calm = size() > before && size() === last ? calm + 1 : 0;
    last = size();
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
