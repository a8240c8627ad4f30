/**
 * Random faults against real nodes in network namespaces: `deno task test:faults [--minutes N] [--seed S] [--nodes N]
 * [--mutant NAME] [--only KIND,...] [--json]`. Needs root, `ip`, `nft` and BIND. Exit code 1 when a promise was broken, 2
 * for a wrong option or a machine that cannot do it.
 *
 *     plan.ts (from the seed) -> inject.ts -> arena.ts: node.ts, bind.ts, roads.ts, client_main.ts -> history.ts
 *     history.ts -> judge.ts: judge_lease.ts, judge_writes.ts, judge_service.ts -> report.ts
 */
import { figuresOf } from "./figures.ts";
import { judge } from "./judge.ts";
import { parseOptions } from "./options.ts";
import { clock, type Report, reportText } from "./report.ts";
import { runFaults } from "./run.ts";
import { arenaProblem, describeTools, findTools } from "./tools.ts";

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(args);
  if (!parsed.ok) {
    console.error(`error: ${parsed.error}`);
    return 2;
  }
  const problem = arenaProblem();
  if (problem !== null) {
    console.error(`error: this cannot run here: ${problem}`);
    return 2;
  }
  const { seed, minutes, nodes, mutant, kinds, json, repeat } = parsed.value;
  const tell = (text: string): void => {
    if (!json) console.log(text);
  };
  tell(
    `${nodes} nodes, ${minutes} minutes, seed ${seed}${
      mutant === null ? "" : `, every node is the mutant ${mutant}`
    }`,
  );
  for (const line of describeTools(findTools())) tell(line);
  tell("");
  const result = await runFaults({
    seed,
    minutes,
    nodes,
    mutant,
    kinds,
    tell: (at, text) => tell(`${clock(at)}  ${text}`),
    // A mutant that is caught is caught; it may well be too broken to go on.
    enough: (seen, given) => mutant !== null && judge(seen, given).violations.length > 0,
  });
  const { history, setting, startedAt, tookMs, budgetMs } = result;
  const verdict = judge(history, setting);
  const broken = verdict.violations.length > 0;
  if (!broken) await Deno.remove(result.folder, { recursive: true });
  else {await Deno.writeTextFile(
      `${result.folder}/history.jsonl`,
      history.map((entry) => JSON.stringify(entry)).join("\n"),
    );}
  const folder = broken ? result.folder : null;
  const figures = figuresOf(history, setting);
  const report: Report = {
    seed,
    minutes,
    nodes,
    mutant,
    startedAt,
    tookMs,
    budgetMs,
    verdict,
    figures,
    repeat,
    folder,
  };
  console.log(json ? JSON.stringify(report, null, 2) : reportText(report));
  return broken ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
