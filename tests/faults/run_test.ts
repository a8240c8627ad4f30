/** Three minutes of random faults with a fixed seed; and deliberately broken nodes, which must be caught. */
import assert from "node:assert/strict";
import { figuresOf } from "./figures.ts";
import { judge, type Verdict } from "./judge.ts";
import { monotonicMs } from "./monotonic.ts";
import { FAULT_KINDS, type FaultKind } from "./plan.ts";
import { reportText } from "./report.ts";
import { runFaults, type RunResult } from "./run.ts";
import { arenaProblem, findTools } from "./tools.ts";

const SEED = 2026;
const MINUTES = 3;
/** A broken node is caught in its first episodes. */
const MUTANT_MINUTES = 0.5;

const problem = arenaProblem();
if (problem === null) monotonicMs(); // opens its library once for all tests
else console.log(`the runs of tests/faults are skipped: ${problem}`);

async function run(
  minutes: number,
  seed: number,
  mutant: string | null,
  kinds: readonly FaultKind[],
): Promise<RunResult & { readonly verdict: Verdict; readonly text: string }> {
  const result = await runFaults({
    seed,
    minutes,
    nodes: 3,
    mutant,
    kinds,
    tell: () => {},
    enough: (history, setting) => mutant !== null && judge(history, setting).violations.length > 0,
  });
  const { history, setting } = result;
  const verdict = judge(history, setting);
  const repeat = `deno task test:faults --minutes ${minutes} --seed ${seed}`;
  const figures = figuresOf(history, setting);
  const keeps = mutant === null && verdict.violations.length > 0;
  if (!keeps) await Deno.remove(result.folder, { recursive: true });
  const folder = keeps ? result.folder : null;
  const text = reportText({ ...result, seed, minutes, nodes: 3, mutant, verdict, figures, repeat, folder });
  return { ...result, verdict, text };
}

Deno.test({
  name: `${MINUTES} minutes of random faults in network namespaces: no promise is broken`,
  ignore: problem !== null,
  fn: async () => {
    const { verdict, text, history, setting } = await run(MINUTES, SEED, null, FAULT_KINDS);
    console.log(text);
    assert.deepEqual(verdict.violations, [], text);
    const { calls, tenures, updates, runs, wrongClocks, relayed } = figuresOf(history, setting);
    // It did see something, and what was done to the world was done.
    assert(calls > 500 && tenures > 3 && updates > 3 && runs > 3, text);
    const { netem, faketime } = findTools();
    assert(netem || relayed > 0, text);
    assert(faketime === null || wrongClocks > 0, text);
  },
});

for (
  const [mutant, promise, kinds] of [
    ["lease-over-a-pause", "one-leader", ["pause-long"]],
    ["no-fence", "epochs-rise", ["pause-in-publish", "kill-in-publish"]],
  ] as const
) {
  Deno.test({
    name: `nodes that are broken on purpose (${mutant}) are caught: ${promise}`,
    ignore: problem !== null,
    fn: async () => {
      const { verdict, text } = await run(MUTANT_MINUTES, 3, mutant, kinds);
      assert(verdict.violations.some((one) => one.promise === promise), text);
    },
  });
}
