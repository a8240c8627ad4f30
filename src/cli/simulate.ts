/** `abfail simulate`: drills (PRODUCT.md, Drills). */
import type { SimulateOptions } from "./options.ts";
import { columns, complain, print, wantsColour } from "./output.ts";

/** Runs a drill. Exit code: 0 all promises were kept, 1 one was broken, 2 wrong usage. */
export async function simulateCommand(options: SimulateOptions): Promise<number> {
  if (!options.live) {
    complain("error: this version has no virtual drills yet, only real ones: abfail simulate --live");
    return 2;
  }
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
