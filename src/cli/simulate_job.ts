/** What a drill needs to be run anywhere, as plain data: workers cannot be handed functions. */
import { SeededRandom } from "../base/random.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Config } from "../config/config.ts";
import { parseConfig } from "../config/parse.ts";
import { explainProblem } from "../config/problem.ts";
import { builtinConfig } from "../sim/builtin_config.ts";
import type { DrillOptions } from "../sim/drill_run.ts";
import { GUARD_SCENARIOS } from "../sim/guard_scenarios.ts";
import { findScenario, type Scenario } from "../sim/scenarios.ts";
import { misfits, parseScenario } from "../sim/scenario_file.ts";
import type { Guard } from "./options.ts";

/** One drill, whatever the seed. */
export interface Job {
  /** The user's config; null = the built-in one. */
  readonly config: { readonly file: string; readonly text: string } | null;
  readonly nodes: number;
  /** A built-in drill by name, the drill that a guard needs, or the user's own. */
  readonly scenario:
    | { readonly kind: "named"; readonly name: string }
    | { readonly kind: "guard"; readonly guard: Guard }
    | { readonly kind: "file"; readonly file: string; readonly text: string };
  readonly durationMs: number | null;
  readonly loss: number | null;
  readonly without: Guard | null;
}

/** The user's own drills draw nothing. */
const NO_CHANCE = new SeededRandom(0);
/** A drill has no secrets and no files. */
const NOWHERE = { env: () => undefined, readTextFile: () => err("not read in a drill") } as const;

/** The config of a drill. The error is text for people. */
function jobConfig(job: Pick<Job, "config" | "nodes">): Result<Config, string> {
  if (job.config === null) {
    try {
      return ok(builtinConfig(job.nodes));
    } catch (problem) {
      return err(problem instanceof Error ? problem.message : String(problem));
    }
  }
  const parsed = parseConfig(job.config.text, job.config.file, NOWHERE, { keys: "optional" });
  return parsed.ok ? parsed : err(parsed.error.map(explainProblem).join("\n"));
}

/** Reads a job. The error is text for people. */
export function jobOptions(job: Job): Result<Omit<DrillOptions, "seed">, string> {
  const config = jobConfig(job);
  if (!config.ok) return config;
  const scenario = jobScenario(job);
  if (!scenario.ok) return scenario;
  if (job.scenario.kind === "file") {
    const problems = misfits(scenario.value.steps(config.value, NO_CHANCE, 0), config.value);
    if (problems.length > 0) {
      return err(problems.map((problem) => `${scenario.value.name}: ${problem}`).join("\n"));
    }
  }
  const { durationMs, loss, without } = job;
  return ok({ config: config.value, scenario: scenario.value, durationMs, loss, without, timeline: false });
}

function jobScenario({ scenario }: Job): Result<Scenario, string> {
  switch (scenario.kind) {
    case "named": {
      const found = findScenario(scenario.name);
      return found === null ? err(`there is no scenario ${scenario.name}`) : ok(found);
    }
    case "guard":
      return ok(GUARD_SCENARIOS[scenario.guard]);
    case "file":
      return parseScenario(scenario.text, scenario.file);
  }
}
