/** Examples and notes of every command: the end of its `--help`, and of its part of the man page. */
import type { CommandHelp } from "./command_spec.ts";

const CONFIG = "--config /etc/abfail/abfail.toml";
const API = "--api http://10.0.1.10:7421";
const ASKED = "Exit code: 0 done, 2 wrong usage or config, 3 the node cannot be reached.";
const OPERATED = "Exit code: 0 done, 1 refused, 2 wrong usage or config, 3 the node cannot be reached.";
const LATE =
  "When no answer comes in time, it may still be carried out, for 5 s from when it was asked: see `abfail status`.";

/** By the command's name; each has an example. */
export const COMMAND_HELP: Readonly<Record<string, CommandHelp>> = {
  run: {
    examples: [
      `abfail run ${CONFIG}`,
      `abfail run ${CONFIG} --node-id 1 --log-level debug --log-format json`,
    ],
    notes: [
      "SIGTERM hands the lease over and ends it, SIGHUP takes up a changed config.",
      "Exit code: 0 it was told to end, 2 wrong usage or config.",
    ],
  },
  status: {
    examples: ["abfail status", `abfail status ${CONFIG} --watch`, `abfail status ${API} --json`],
    notes: ["Exit code: 0 all is well, 1 it is not, 2 wrong usage or config, 3 the node cannot be reached."],
  },
  events: {
    examples: ["abfail events", `abfail events --follow ${API}`],
    notes: [ASKED],
  },
  simulate: {
    examples: [
      "abfail simulate",
      "abfail simulate --scenario leader-crash --runs 100 --budget 30s",
      "abfail simulate --config abfail.toml --report drill.html",
      "abfail simulate --live",
    ],
    notes: ["Exit code: 0 all promises were kept, 1 one was broken or the budget exceeded, 2 wrong usage."],
  },
  init: {
    examples: [
      "abfail init",
      "abfail init --nodes 3 --output abfail.toml --yes",
      "abfail init --node nyc1=10.0.1.10 --node sfo2=10.0.2.10 --node home=10.0.3.10 --output abfail.toml",
      "abfail init --with systemd --output /etc/systemd/system/abfail.service",
    ],
    notes: [
      "At a terminal and without options that say something of the config, it asks. A file that is there is left alone.",
      "Exit code: 0 done, 2 wrong usage, or it could not be written.",
    ],
  },
  check: {
    examples: [
      "abfail check --config abfail.toml",
      "abfail check --config new.toml --against /etc/abfail/abfail.toml",
      `abfail check ${CONFIG} --try-publishers`,
    ],
    notes: [
      "Exit code: 0 it is right, 1 the step from the old config is not safe or a publisher could not be read, 2 it is wrong.",
    ],
  },
  probe: {
    examples: [`abfail probe web ${CONFIG}`, `abfail probe web nyc1 ${CONFIG} --json`],
    notes: ["Exit code: 0 all probes are good, 1 one is not, 2 wrong usage or config."],
  },
  notify: {
    examples: [`abfail notify --test ${CONFIG}`, `abfail notify --test ${CONFIG} --json`],
    notes: ["Exit code: 0 all of them took it, 1 one did not, 2 wrong usage or config."],
  },
  keygen: {
    examples: ["abfail keygen", "abfail keygen > /etc/abfail/keys"],
    notes: [],
  },
  schema: {
    examples: ["abfail schema > abfail.schema.json"],
    notes: ["Editors find it by the first line of the config: #:schema abfail.schema.json"],
  },
  switch: {
    examples: [`abfail switch web sfo2 ${CONFIG}`, `abfail switch web sfo2 ${CONFIG} --dry-run`],
    notes: [LATE, OPERATED],
  },
  unpin: { examples: [`abfail unpin web ${CONFIG}`], notes: [LATE, OPERATED] },
  drain: { examples: [`abfail drain web nyc1 ${CONFIG}`], notes: [LATE, OPERATED] },
  undrain: { examples: [`abfail undrain web nyc1 ${CONFIG}`], notes: [LATE, OPERATED] },
  "step-down": {
    examples: [
      `abfail step-down ${CONFIG}`,
      "abfail step-down --api unix:/run/abfail/api.sock",
    ],
    notes: [OPERATED],
  },
  record: {
    examples: [
      `abfail record --output incident.jsonl ${CONFIG}`,
      `abfail record --output incident.jsonl --minutes 5 ${API} --token-file token`,
    ],
    notes: [OPERATED],
  },
  completions: {
    examples: [
      "abfail completions bash > /etc/bash_completion.d/abfail",
      "abfail completions zsh > /usr/local/share/zsh/site-functions/_abfail",
      "abfail completions fish > ~/.config/fish/completions/abfail.fish",
    ],
    notes: [],
  },
  man: {
    examples: ["abfail man > /usr/local/share/man/man1/abfail.1"],
    notes: ["Read it at once: abfail man | man -l -"],
  },
};

/** The end of a command's help. */
export function helpTail({ examples, notes }: CommandHelp): string {
  const head = examples.length === 1 ? "Example:" : "Examples:";
  const parts = [
    [head, ...examples.map((line) => `  ${line}`)].join("\n"),
    ...(notes.length === 0 ? [] : [notes.join("\n")]),
  ];
  return `\n${parts.join("\n\n")}`;
}
