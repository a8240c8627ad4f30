/** `deno task bench [all | NAME ...]`: measures on this machine, prints one table, then the same as JSON. */
import { benchChecks } from "./checks.ts";
import { benchFailover } from "./failover.ts";
import { type Figure, renderFigures } from "./figure.ts";
import { benchIdle } from "./idle.ts";
import { benchLeader } from "./leader.ts";
import { benchSimulate } from "./simulate.ts";
import { benchStart } from "./start.ts";

const BENCHES: Readonly<Record<string, () => Promise<Figure[]>>> = {
  failover: benchFailover,
  leader: benchLeader,
  idle: benchIdle,
  start: benchStart,
  checks: benchChecks,
  simulate: benchSimulate,
};

async function main(args: readonly string[]): Promise<number> {
  const names = args.length === 0 || args.includes("all") ? Object.keys(BENCHES) : args;
  const unknown = names.filter((name) => !(name in BENCHES));
  if (unknown.length > 0) {
    console.error(`error: no ${unknown.join(", ")}; there is: all, ${Object.keys(BENCHES).join(", ")}`);
    return 2;
  }
  const figures: Figure[] = [];
  for (const name of names) {
    console.error(`measuring ${name} ...`);
    figures.push(...await BENCHES[name]?.() ?? []);
  }
  console.log(renderFigures(figures));
  console.log(JSON.stringify({ deno: Deno.version.deno, cores: navigator.hardwareConcurrency, figures }));
  return 0;
}

Deno.exitCode = await main(Deno.args);
