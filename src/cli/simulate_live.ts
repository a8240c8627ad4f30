/** `abfail simulate --live`: real processes on this machine (src/drill). */
import type { SimulateOptions } from "./options.ts";
import { columns, complain, print, wantsColour } from "./output.ts";

/** Runs the real drill. Exit code: 0 it went well, 1 it did not, 2 wrong usage. */
export async function simulateLive(options: SimulateOptions): Promise<number> {
  const unfit = givenBesideLive(options);
  if (unfit !== null) {
    complain(`error: --live is always the same drill, it takes no ${unfit}`);
    return 2;
  }
  const { runDrill } = await import("../drill/drill.ts");
  const write = (text: string): void => void Deno.stdout.writeSync(new TextEncoder().encode(text));
  return await runDrill({
    json: options.json,
    print,
    terminal: {
      write: quietly(write),
      colour: wantsColour(),
      live: Deno.stdout.isTerminal() && Deno.env.get("TERM") !== "dumb",
      columns: columns(),
    },
  });
}

/** The first option that means nothing to a live drill; null when there is none. */
function givenBesideLive(options: SimulateOptions): string | null {
  const { config, scenario, seed, runs, nodes, durationMs, loss, without, budgetMs, report } = options;
  const given: readonly (readonly [string, boolean])[] = [
    ["--config", config !== null],
    ["--scenario", scenario !== null],
    ["--seed", seed !== null],
    ["--runs", runs !== 1],
    ["--nodes", nodes !== null],
    ["--duration", durationMs !== null],
    ["--loss", loss !== null],
    ["--without", without !== null],
    ["--budget", budgetMs !== null],
    ["--report", report !== null],
  ];
  return given.find(([, present]) => present)?.[0] ?? null;
}

/** A reader that went away (`| head`) does not end the drill: what it started must be cleared away. */
function quietly(write: (text: string) => void): (text: string) => void {
  return (text) => {
    try {
      write(text);
    } catch {
      // Nobody reads it any more.
    }
  };
}
