/**
 * How to start another abfail process: the compiled program starts itself; under `deno run` it is the same
 * command as the task `abfail`, read from deno.json so that the two cannot come to differ.
 */
import project from "../../deno.json" with { type: "json" };

/** A program and the arguments that come before those of abfail. */
export interface Launcher {
  readonly program: string;
  readonly args: readonly string[];
}

/** Starts what runs now. */
export function ownLauncher(): Launcher {
  return launcherFor({
    standalone: Deno.build.standalone,
    program: Deno.execPath(),
    main: new URL("../../main.ts", import.meta.url).pathname,
    task: project.tasks.abfail.command,
  });
}

/** What `ownLauncher` makes of its surroundings. Throws when the task is not one plain `deno run`: a bug. */
export function launcherFor(
  given: {
    readonly standalone: boolean;
    readonly program: string;
    readonly main: string;
    readonly task: string;
  },
): Launcher {
  if (given.standalone) return { program: given.program, args: [] };
  const [deno, run, ...rest] = given.task.split(" ");
  const entry = rest.pop();
  if (deno !== "deno" || run !== "run" || entry !== "main.ts") {
    throw new Error(`the task is not \`deno run FLAGS main.ts\`: ${given.task}`);
  }
  return { program: given.program, args: ["run", ...rest, decodeURIComponent(given.main)] };
}
