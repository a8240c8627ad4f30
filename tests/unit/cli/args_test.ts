import assert from "node:assert/strict";
import { runArgs } from "../../../src/cli/args.ts";
import { completionScript } from "../../../src/cli/completions.ts";
import type { CompletionsOptions, Dispatch } from "../../../src/cli/dispatch.ts";
import { commandsOf } from "./command_tree.ts";

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
  /** Which command was called, with what. */
  readonly calls: readonly (readonly [string, unknown])[];
}

async function run(...args: readonly string[]): Promise<Ran> {
  const calls: [string, unknown][] = [];
  let out = "";
  let error = "";
  const command = (name: string) => (options?: unknown): Promise<number> => {
    calls.push([name, options]);
    return Promise.resolve(7);
  };
  const names = [
    "run",
    "status",
    "events",
    "simulate",
    "check",
    "probe",
    "notify",
    "init",
    "keygen",
    "schema",
    "completions",
    "operate",
    "record",
    "man",
    "names",
  ] as const;
  const dispatch = Object.fromEntries(names.map((name) => [name, command(name)])) as unknown as Dispatch;
  const code = await runArgs(args, dispatch, {
    out: (text) => out += text,
    error: (text) => error += text,
    columns: 100,
  });
  return { code, out, error, calls };
}

/** `init` without options. */
const INIT = {
  ...{ nodes: null, output: null, extra: null, name: null, node: [], service: null, check: null, target: [] },
  ...{ publisher: null, record: null, zone: null, details: {}, machine: [], tokenFile: null },
  ...{ tokenEnv: null, yes: false },
};

Deno.test("each command gets its options, and gives the exit code", async () => {
  Deno.env.delete("ABFAIL_NODE_ID");
  const nowhere = { config: null, api: null, nodeId: null, caFile: null, certFile: null, keyFile: null };
  const cases: readonly (readonly [string, string, unknown])[] = [
    ["run -c a.toml --node-id 2 --log-level debug --log-format json", "run", {
      config: "a.toml",
      nodeId: 2,
      logLevel: "debug",
      logFormat: "json",
    }],
    ["run --config a.toml", "run", { config: "a.toml", nodeId: null, logLevel: null, logFormat: "text" }],
    ["notify --test -c a.toml", "notify", { config: "a.toml", json: false }],
    ["status --json", "status", { ...nowhere, json: true, watch: false }],
    ["status --api https://n1 --ca-file ca --cert-file c --key-file k", "status", {
      ...nowhere,
      api: "https://n1",
      caFile: "ca",
      certFile: "c",
      keyFile: "k",
      json: false,
      watch: false,
    }],
    ["simulate --loss 10% --duration 1m --without lease --runs 5", "simulate", {
      config: null,
      scenario: null,
      seed: null,
      runs: 5,
      nodes: null,
      durationMs: 60_000,
      loss: 0.1,
      without: "lease",
      replay: null,
      budgetMs: null,
      live: false,
      json: false,
      report: null,
    }],
    ["check -c new.toml --against old.toml", "check", {
      config: "new.toml",
      against: "old.toml",
      tryPublishers: false,
      json: false,
    }],
    ["probe web nyc1 -c a.toml --json", "probe", {
      config: "a.toml",
      service: "web",
      target: "nyc1",
      json: true,
    }],
    ["probe web -c a.toml", "probe", { config: "a.toml", service: "web", target: null, json: false }],
    ["init --nodes 5", "init", { ...INIT, nodes: 5 }],
    ["init --node a=h1 --node h2 --target t=h1 --check tcp:1 --record r.x -y", "init", {
      ...INIT,
      node: ["a=h1", "h2"],
      target: ["t=h1"],
      check: "tcp:1",
      record: "r.x",
      yes: true,
    }],
    ["init --with alerts -o a.yml", "init", { ...INIT, output: "a.yml", extra: "alerts" }],
    ["events --follow --api http://h:1", "events", {
      ...nowhere,
      api: "http://h:1",
      json: false,
      follow: true,
    }],
    ["switch web sfo2 --dry-run --api http://h:1", "operate", {
      action: { kind: "switch", service: "web", target: "sfo2", dryRun: true },
      ...nowhere,
      api: "http://h:1",
      tokenFile: null,
    }],
    ["undrain web a -c x.toml --node-id 3 --token-file t", "operate", {
      action: { kind: "undrain", service: "web", target: "a" },
      ...nowhere,
      config: "x.toml",
      nodeId: 3,
      tokenFile: "t",
    }],
    ["record --minutes 5 -o r.jsonl --api http://h:1", "record", {
      ...nowhere,
      api: "http://h:1",
      tokenFile: null,
      minutes: 5,
      output: "r.jsonl",
    }],
    ["step-down", "operate", {
      action: { kind: "step-down" },
      ...nowhere,
      tokenFile: null,
    }],
  ];
  for (const [line, name, options] of cases) {
    const ran = await run(...line.split(" "));
    assert.deepEqual(ran.calls, [[name, options]], `${line}\n${ran.error}`);
    assert.equal(ran.code, 7);
  }
});

Deno.test("wrong usage is exit code 2, said on standard error, with what was probably meant", async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["chek", /unknown command 'chek'[^]*Did you mean check\?/],
    ["check --confg x", /unknown option '--confg'[^]*Did you mean --config\?/],
    ["check", /'-c, --config <file>' is needed[^]*abfail check --help/],
    ["run", /'-c, --config <file>' is needed/],
    ["run -c x --node-id 0", /whole number from 1 to 65535/],
    ["run -c x --log-level loud", /Allowed choices are debug, info, warning, error/],
    ["simulate --duration 10", /Did you mean 10s\?/],
    ["simulate --loss 1.5", /share such as 0.1 or 10%/],
    ["simulate --without brain", /Allowed choices are lease, quarantine, quorum, fence, observers/],
    ["status --json --watch", /cannot be used with/],
    ["status -c a --api b", /cannot be used with/],
    ["switch web", /missing required argument 'target'/],
    ["unpin web extra", /too many arguments/],
    ["run -c x --log-level warnig", /Allowed choices are debug[^]*Did you mean warning\?/],
    ["simulate --without quorom", /Did you mean quorum\?/],
    ["completions fihs", /Did you mean fish\?/],
    ["init --with systmd", /Did you mean systemd\?/],
    ["statsu", /Did you mean status\?/],
    ["swich web a", /Did you mean switch\?/],
    ["help swich", /unknown command 'swich'[^]*Did you mean switch\?/],
    ["check abfail.toml", /too many arguments[^]*Did you mean --config abfail\.toml\?/],
    ["init abfail.toml", /Did you mean --output abfail\.toml\?/],
    ["completions tcsh", /Allowed choices are bash, zsh, fish/],
  ];
  for (const [line, expected] of cases) {
    const ran = await run(...line.split(" "));
    assert.deepEqual([ran.code, ran.calls, ran.out], [2, [], ""], line);
    assert.match(ran.error, expected);
  }
});

Deno.test("help and version are results: standard output, exit code 0; each command has an example", async () => {
  const top = await run("--help");
  assert.deepEqual([top.code, top.error], [0, ""]);
  assert.match(top.out, /abfail init --output/);
  assert.match((await run("--version")).out, /^abfail \d+\.\d+\.\d+\n$/);
  const commands = [
    ..."run status events simulate check probe init keygen schema completions man record switch unpin drain undrain step-down"
      .split(
        " ",
      ),
  ];
  for (const command of commands) {
    assert.ok(top.out.includes(`\n  ${command} `), command);
    for (const args of [[command, "--help"], ["help", command]]) {
      const ran = await run(...args);
      assert.deepEqual([ran.code, ran.error], [0, ""], args.join(" "));
      assert.match(ran.out, new RegExp(`Examples?:\n  abfail ${command}`));
    }
  }
});

Deno.test("every example of every help is a command line that is taken", async () => {
  let count = 0;
  const commands = await commandsOf();
  for (const { name, help } of commands) {
    assert.ok(help.examples.length > 0, name);
    for (const line of help.examples) {
      assert.ok((await run(name, "--help")).out.includes(`\n  ${line}\n`), line);
      const [program, ...words] = line.replace(/ [|>] .*$/, "").split(" ");
      const ran = await run(...words);
      assert.deepEqual(
        [program, words[0], ran.code, ran.error, ran.calls.length],
        ["abfail", name, 7, "", 1],
        line,
      );
      count++;
    }
  }
  assert.ok(count >= 30, String(count));
});

Deno.test("who switches is told that an answer that does not come is no refusal", async () => {
  for (const command of ["switch", "unpin", "drain", "undrain"]) {
    assert.match((await run(command, "--help")).out, /may still be carried out, for 5 s/);
  }
});

Deno.test("completions know every command, option and choice", async () => {
  const [call] = (await run("completions", "bash")).calls;
  const { commands } = call?.[1] as CompletionsOptions;
  for (const shell of ["bash", "zsh", "fish"] as const) {
    const script = completionScript(shell, commands);
    for (const word of ["switch", "step-down", "against", "log-format", "quarantine"]) {
      assert.ok(script.includes(word), `${word} is not in the ${shell} script`);
    }
  }
  const bash = completionScript("bash", commands);
  const complete = async (words: readonly string[]): Promise<string> => {
    const script = `${bash}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})\n` +
      `COMP_CWORD=${words.length - 1}\n_abfail\nprintf '%s ' "\${COMPREPLY[@]}"`;
    const { stdout } = await new Deno.Command("bash", { args: ["-c", script] }).output();
    return new TextDecoder().decode(stdout).trim();
  };
  assert.equal(await complete(["abfail", "sw"]), "switch");
  assert.equal(await complete(["abfail", "run", "--log-format", ""]), "text json");
  assert.equal(await complete(["abfail", "check", "--ag"]), "--against");
  assert.equal(await complete(["abfail", "completions", "z"]), "zsh");
});
