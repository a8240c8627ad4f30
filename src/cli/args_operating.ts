/** `switch`, `drain` and the other commands that a node carries out: their options. */
import { type Finish, type GivenReach, reach, withReach } from "./args_reach.ts";
import type { Command } from "./commander.ts";
import type { Dispatch } from "./dispatch.ts";
import type { OperateAction } from "./options.ts";
import { wholeNumber } from "./values.ts";

/** Adds them. */
export function addOperating(program: Command, dispatch: Dispatch, finish: Finish): void {
  program.commandsGroup("Operate (each asks one node, which tells the leader):");
  const operate = async (action: OperateAction, given: GivenReach): Promise<void> => {
    finish(await dispatch.operate({ action, ...reach(given) }));
  };
  withReach(
    program.command("switch").description("make a target active by hand, and keep it (pin)")
      .argument("<service>", "name of the service").argument("<target>", "name of the target")
      .option("--dry-run", "only say what would happen", false),
  ).action(async (service, target, { dryRun, ...given }) => {
    await operate({ kind: "switch", service, target, dryRun }, given);
  });
  withReach(
    program.command("unpin").description("go back to automatic after a switch by hand")
      .argument("<service>", "name of the service"),
  ).action(async (service, given) => await operate({ kind: "unpin", service }, given));
  withReach(
    program.command("drain").description("take a target out for maintenance")
      .argument("<service>", "name of the service").argument("<target>", "name of the target"),
  ).action(async (service, target, given) => await operate({ kind: "drain", service, target }, given));
  withReach(
    program.command("undrain").description("put a target back after maintenance")
      .argument("<service>", "name of the service").argument("<target>", "name of the target"),
  ).action(async (service, target, given) => await operate({ kind: "undrain", service, target }, given));
  withReach(
    program.command("step-down").description("hand leadership over now"),
  ).action(async (given) => await operate({ kind: "step-down" }, given));
  withReach(
    program.command("record").description("what a node saw and decided, for `simulate --replay`")
      .option("-o, --output <file>", "the file to write, readable by you alone (required)")
      .option("--minutes <n>", "how far back; all that the node kept, up to 10", wholeNumber(1, 10)),
  ).action(async ({ output, minutes, ...given }, command) => {
    if (output === undefined) return command.error("error: option '-o, --output <file>' is needed");
    finish(await dispatch.record({ ...reach(given), minutes: minutes ?? null, output }));
  });
}
