/** One run of a notify program. */
import { err, ok, type Result } from "../base/result.ts";
import type { Notification, NotifyFailure } from "./notify.ts";

/** From SIGTERM until SIGKILL, ms. */
const TERM_MS = 300;

/**
 * Runs the program with the notification in ABFAIL_* variables and as JSON on stdin. Exit code 0 = told. When
 * `signal` fires it ends the whole process group. The cluster keys are not handed on.
 */
export async function runNotifyCommand(
  command: readonly string[],
  notification: Notification,
  signal: AbortSignal,
): Promise<Result<null, NotifyFailure>> {
  const [program, ...args] = command;
  if (program === undefined) return err({ detail: "no command in the config", again: false });
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args,
      env: environment(notification),
      stdin: "piped",
      stdout: "null",
      stderr: "null",
      detached: true,
    }).spawn();
  } catch (error) {
    const detail = error instanceof Deno.errors.NotFound
      ? "there is no such program"
      : "it cannot be started";
    return err({ detail, again: false });
  }
  let hard: ReturnType<typeof setTimeout> | undefined;
  const stop = (): void => {
    kill(child.pid, "SIGTERM");
    hard = setTimeout(() => kill(child.pid, "SIGKILL"), TERM_MS);
  };
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    const told = feed(child, JSON.stringify(notification) + "\n");
    const status = await child.status;
    await told;
    if (signal.aborted) return err({ detail: "it did not end in time", again: true });
    return status.success ? ok(null) : err({ detail: `it ended with exit code ${status.code}`, again: true });
  } finally {
    clearTimeout(hard);
    signal.removeEventListener("abort", stop);
  }
}

function environment(notification: Notification): Record<string, string> {
  return {
    ABFAIL_KEYS: "",
    ABFAIL_EVENT: notification.event,
    ABFAIL_TEXT: notification.text,
    ABFAIL_CLUSTER: notification.cluster,
    ABFAIL_NODE: String(notification.node),
    ABFAIL_EPOCH: notification.epoch ?? "",
    ABFAIL_SERVICE: notification.service ?? "",
    ABFAIL_TIME: notification.time,
  };
}

/** A program need not read what it is told. */
async function feed(child: Deno.ChildProcess, text: string): Promise<void> {
  const writer = child.stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    await writer.abort().catch(() => {});
  }
}

function kill(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(-pid, signal);
  } catch {
    // It has ended already.
  }
}
