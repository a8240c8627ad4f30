/** Reads what the `exec` publisher's program wrote down: one line a run. */
import type { Entry } from "./history.ts";
import { monotonicMs } from "./monotonic.ts";

/** The kernel counts the start of a process in hundredths of a second since boot. */
const TICK_MS = 10;
const LOOK_EVERY_MS = 200;

/** One line `TICKS EPOCH TARGET`; null for one that was cut off. `bootMs`: how far the boot clock is ahead. */
export function readRun(line: string, bootMs: number): Extract<Entry, { kind: "run" }> | null {
  const match = /^(\d+) (\d+\.\d+) (\S*)$/.exec(line);
  if (match === null) return null;
  return {
    kind: "run",
    at: Number(match[1]) * TICK_MS - bootMs,
    epoch: match[2] ?? "",
    target: match[3] ?? "",
  };
}

/** Follows the file; what it gives back ends that. */
export function followRuns(path: string, record: (entry: Entry) => void): () => void {
  const bootMs = bootAheadMs();
  let seen = 0;
  const look = (): void => {
    let text: string;
    try {
      text = Deno.readTextFileSync(path);
    } catch {
      return; // nothing was written yet
    }
    const whole = text.slice(seen, text.lastIndexOf("\n") + 1);
    seen += whole.length;
    for (const line of whole.split("\n")) {
      const run = readRun(line, bootMs);
      if (run !== null) record(run);
    }
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    look();
  };
}

/** A machine that has slept has another boot clock than a monotonic one. Below a tick it is none. */
function bootAheadMs(): number {
  const before = monotonicMs();
  const uptime = Number(Deno.readTextFileSync("/proc/uptime").split(" ")[0]) * 1000;
  const ahead = uptime - before;
  return Math.abs(ahead) <= 2 * TICK_MS ? 0 : Math.round(ahead / TICK_MS) * TICK_MS;
}
