/** Probes of type `exec`: a program of the user's own; exit code 0 is good. */
import type { CheckConfig, TargetConfig } from "../../config/config.ts";
import { unreachable } from "../../base/assert.ts";
import { runProgram } from "../publishers/run_program.ts";
import type { Attempt, Finding } from "./finding.ts";

type ExecCheck = Extract<CheckConfig, { type: "exec" }>;

/** Tries once. Its whole process group is ended when the time is over: SIGTERM, a little later SIGKILL. */
export async function probeExec(check: ExecCheck, target: TargetConfig, attempt: Attempt): Promise<Finding> {
  attempt.stage = "end of the program";
  const env = {
    ...check.env,
    ABFAIL_TARGET: target.name,
    ABFAIL_ADDRESS: target.address,
    ABFAIL_PORT: target.port === null ? "" : String(target.port),
  };
  attempt.trace?.sent(check.command.map(quoted).join(" ") + "\n");
  const run = await runProgram({
    command: check.command,
    env,
    stdin: "",
    // The attempt has the one clock of this.
    timeoutMs: attempt.timeoutMs + 10_000,
    signal: attempt.signal,
    endGroup: true,
  });
  switch (run.kind) {
    case "cut-off":
      return { ok: false, detail: "", rule: "timeout" };
    case "not-started":
      return { ok: false, detail: run.detail, rule: "command" };
    case "ended": {
      attempt.trace?.received(run.stdout);
      attempt.trace?.received(run.stderr);
      const said = firstLine(run.code === 0 ? [run.stdout] : [run.stderr, run.stdout]);
      return {
        ok: run.code === 0,
        detail: said === "" ? `exit code ${run.code}` : `exit code ${run.code}: ${said}`,
        rule: "command",
      };
    }
    default:
      return unreachable(run);
  }
}

function firstLine(texts: readonly string[]): string {
  return texts.flatMap((text) => text.split("\n")).map((line) => line.trim()).find((line) => line !== "") ??
    "";
}

function quoted(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : JSON.stringify(word);
}
