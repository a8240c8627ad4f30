/**
 * The publisher `exec` (PRODUCT.md, Publishers): the user's own program makes it so. It gets the wish in the
 * environment and as one line of JSON on its standard input; exit code 0 = done. It must be idempotent: it runs again
 * whenever there is doubt, and when a rehearsal is asked for (ABFAIL_REHEARSAL=true). `read_command` prints what the world shows; nothing = nothing is published.
 */
import type { ExecPublisher } from "../../config/publisher.ts";
import type { PublishAction, PublishResult } from "../../publish/action.ts";
import type { Publisher } from "./publisher.ts";
import { type ProgramRun, runProgram } from "./run_program.ts";
import { isOneWord, wishOf } from "./wish.ts";

/** Of the program's last words, characters at most. */
const MAX_WORDS = 200;

/** A publisher that runs the programs of `config` for one service. */
export function createExecPublisher(config: ExecPublisher, service: string): Publisher {
  return {
    canRead: config.readCommand !== null,
    perform: (action, timeoutMs, signal): Promise<PublishResult> => {
      const command = action.kind === "read" ? config.readCommand : config.command;
      return command === null
        ? Promise.resolve({ kind: "ok", shows: undefined })
        : run(command, service, action, timeoutMs, signal ?? null);
    },
  };
}

async function run(
  command: readonly string[],
  service: string,
  action: PublishAction,
  timeoutMs: number,
  signal: AbortSignal | null,
): Promise<PublishResult> {
  const ran = await runProgram({
    command,
    env: environment(service, action),
    stdin: JSON.stringify(wishOf(service, action)) + "\n",
    timeoutMs,
    signal,
  });
  const problem = problemOf(ran, timeoutMs);
  if (problem !== null) return failed(problem);
  if (action.kind === "write" || ran.kind !== "ended") return { kind: "ok", shows: undefined };
  const shows = ran.stdout.trim();
  if (!isOneWord(shows)) {
    return failed(`it printed more than one word: ${lastLine(shows)}`);
  }
  return { kind: "ok", shows: shows === "" ? null : shows };
}

function problemOf(ran: ProgramRun, timeoutMs: number): string | null {
  switch (ran.kind) {
    case "not-started":
      return ran.detail;
    case "cut-off": {
      const why = ran.why === "timeout" ? `not done within ${timeoutMs} ms` : "cut off before it was done";
      return why + lastWords(ran.stderr);
    }
    case "ended":
      return ran.code === 0 ? null : `exit code ${ran.code}${lastWords(ran.stderr)}`;
  }
}

function lastWords(stderr: string): string {
  const line = lastLine(stderr);
  return line === "" ? "" : `: ${line}`;
}

/** The last line with something on it, without control characters: it goes to terminals and logs. */
function lastLine(text: string): string {
  const lines = text.split("\n").map((line) => line.replaceAll(/\p{Cc}+/gu, " ").trim());
  return (lines.findLast((line) => line !== "") ?? "").slice(0, MAX_WORDS);
}

function failed(detail: string): PublishResult {
  return { kind: "failed", detail, retryAfterMs: null };
}

/** Null is an empty variable. The cluster's keys are not handed on. */
function environment(service: string, action: PublishAction): Record<string, string> {
  const env: Record<string, string> = { ABFAIL_KEYS: "", ABFAIL_REHEARSAL: "" };
  for (const [key, value] of Object.entries(wishOf(service, action))) {
    env[`ABFAIL_${key.toUpperCase()}`] = String(value ?? "");
  }
  return env;
}
