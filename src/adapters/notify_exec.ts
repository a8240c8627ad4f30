/** One run of a notify program. */
import { err, ok, type Result } from "../base/result.ts";
import type { Notification } from "../view/notification.ts";
import type { Delivered, NotifyFailure } from "./notify_outcome.ts";
import { runProgram } from "./publishers/run_program.ts";

/** A notifier's own limit comes as `signal`; this one only bounds what slips past it, ms. */
const LIMIT_MS = 60_000;

/**
 * Runs the program with the notification in ABFAIL_* variables and as JSON on stdin. Exit code 0 = told. When
 * `signal` fires it ends the whole process group.
 */
export async function runNotifyCommand(
  command: readonly string[],
  notification: Notification,
  signal: AbortSignal,
): Promise<Result<Delivered, NotifyFailure>> {
  const stdin = JSON.stringify(notification) + "\n";
  const run = await runProgram({
    command,
    env: environment(notification),
    stdin,
    timeoutMs: LIMIT_MS,
    signal,
  });
  switch (run.kind) {
    case "not-started":
      return err({ detail: run.detail, again: false, afterMs: null });
    case "cut-off":
      return err({ detail: "it did not end in time", again: true, afterMs: null });
    case "ended":
      return run.code === 0
        ? ok({ answer: "exit code 0" })
        : err({ detail: `it ended with exit code ${run.code}`, again: true, afterMs: null });
  }
}

function environment(notification: Notification): Record<string, string> {
  return {
    ABFAIL_EVENT: notification.event,
    ABFAIL_STATUS: notification.status,
    ABFAIL_KEY: notification.key,
    ABFAIL_TEXT: notification.text,
    ABFAIL_CLUSTER: notification.cluster,
    ABFAIL_NODE: String(notification.node),
    ABFAIL_EPOCH: notification.epoch,
    ABFAIL_SERVICE: notification.service ?? "",
    ABFAIL_TIME: notification.time,
  };
}
