/**
 * The program as its users start it: ABFAIL_BIN, the path of a compiled binary, or else `deno run` with exactly
 * the flags of the task `abfail`.
 */
import assert from "node:assert/strict";
import { type Launcher, ownLauncher } from "../../src/drill/launch.ts";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function testLauncher(): Launcher {
  const binary = Deno.env.get("ABFAIL_BIN") ?? "";
  return binary === "" ? ownLauncher() : { program: binary, args: [] };
}

/** Longest that a command may take, ms; it is killed then, and the test fails. */
const COMMAND_LIMIT_MS = 60_000;

/** Runs a command to its end. */
export async function abfail(
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<Ran> {
  const launcher = testLauncher();
  return await runProgram(launcher.program, [...launcher.args, ...args], options);
}

/** Runs any program to its end. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<Ran> {
  const child = new Deno.Command(program, {
    args: [...args],
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0", ABFAIL_KEYS: "", ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, COMMAND_LIMIT_MS);
  try {
    const { code, stdout, stderr } = await child.output();
    const text = new TextDecoder();
    const ran = { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
    assert(!late, `${program} ${args.join(" ")} did not end:\n${ran.stderr}`);
    return ran;
  } finally {
    clearTimeout(timer);
  }
}
