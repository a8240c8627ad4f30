/** `run`, `status`, `events` and `simulate`: their options. */
import { LOG_LEVELS } from "../config/log_categories.ts";
import { type Finish, lacksConfig, nodeIdOption, place, withPlace } from "./args_reach.ts";
import { type Command, Option } from "./commander.ts";
import type { Dispatch } from "./dispatch.ts";
import { GUARDS } from "./options.ts";
import { durationMs, share, wholeNumber } from "./values.ts";

/** Adds them. */
export function addRunning(program: Command, dispatch: Dispatch, finish: Finish): void {
  program.commandsGroup("Run and look:");
  program.command("run").description("run a node")
    .option("-c, --config <file>", "the config, the same on every node (required)")
    .addOption(nodeIdOption("which node of the config this is").env("ABFAIL_NODE_ID"))
    .addOption(
      new Option("--log-level <level>", "least important messages to log; info where the config says nothing")
        .choices(LOG_LEVELS),
    )
    .addOption(
      new Option("--log-format <format>", "how to log").choices(["text", "json"] as const)
        .default("text" as const),
    )
    .action(async ({ config, nodeId, logLevel, logFormat }, command) => {
      if (config === undefined) return lacksConfig(command);
      finish(await dispatch.run({ config, nodeId: nodeId ?? null, logLevel: logLevel ?? null, logFormat }));
    });
  withPlace(program.command("status").description("how the cluster is, as one node sees it"))
    .option("--json", "print one JSON document", false)
    .addOption(new Option("--watch", "go on showing it until Ctrl-C").default(false).conflicts("json"))
    .action(async ({ json, watch, ...given }) => {
      finish(await dispatch.status({ ...place(given), json, watch }));
    });
  addEvents(program, dispatch, finish);
  addSimulate(program, dispatch, finish);
}

function addEvents(program: Command, dispatch: Dispatch, finish: Finish): void {
  withPlace(program.command("events").description("what a node has told lately, in the words of its log"))
    .option("--follow", "go on with what happens until Ctrl-C", false)
    .option("--json", "print one JSON document a line", false)
    .action(async ({ follow, json, ...given }) => {
      finish(await dispatch.events({ ...place(given), follow, json }));
    });
}

function addSimulate(program: Command, dispatch: Dispatch, finish: Finish): void {
  program.command("simulate").description("drills: the same code in a virtual world, or live on this machine")
    .option("-c, --config <file>", "simulate this config; a built-in one when absent")
    .option("--scenario <name>", "a built-in scenario, a TOML file, or all")
    .option("--seed <n>", "first seed of chance", wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option("--runs <n>", "how many seeds to try", wholeNumber(1, 1_000_000), 1)
    .option("--nodes <n>", "nodes of the built-in config", wholeNumber(1, 64))
    .option("--duration <duration>", "virtual time of each run", durationMs)
    .option("--loss <share>", "datagrams lost, such as 0.1 or 10%", share)
    .addOption(
      new Option("--without <guard>", "take one guard away: a broken promise must be found").choices(GUARDS),
    )
    .addOption(new Option("--replay <file>", "replay what a node recorded").conflicts(["scenario", "live"]))
    .option("--budget <duration>", "exit 1 when a failover takes longer", durationMs)
    .addOption(new Option("--live", "real nodes, services and clients on this machine").default(false))
    .option("--json", "print one JSON document", false)
    .option("--report <file>", "write an HTML page with the timeline")
    .action(async (given) => {
      finish(
        await dispatch.simulate({
          config: given.config ?? null,
          scenario: given.scenario ?? null,
          seed: given.seed ?? null,
          runs: given.runs,
          nodes: given.nodes ?? null,
          durationMs: given.duration ?? null,
          loss: given.loss ?? null,
          without: given.without ?? null,
          replay: given.replay ?? null,
          budgetMs: given.budget ?? null,
          live: given.live,
          json: given.json,
          report: given.report ?? null,
        }),
      );
    });
}
