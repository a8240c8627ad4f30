/** Waiting for something, and noticing that nobody got to run. */
import assert from "node:assert/strict";
import type { Entry } from "./history.ts";
import { monotonicMs, pause } from "./monotonic.ts";

const READY_MS = 30_000;

/** Notes when this process did not get to run: the machine was too busy, or stood still. */
export function watchStalls(record: (entry: Entry) => void): () => void {
  const EVERY_MS = 50;
  const LATE_MS = 300;
  let due = monotonicMs() + EVERY_MS;
  const timer = setInterval(() => {
    const now = monotonicMs();
    if (now - due > LATE_MS) record({ kind: "stall", at: now, ms: now - due });
    due = now + EVERY_MS;
  }, EVERY_MS);
  return () => clearInterval(timer);
}

/** Waits; throws when it does not come. */
export async function until(what: string, check: () => boolean, detail = (): string => ""): Promise<void> {
  const end = monotonicMs() + READY_MS;
  while (!check()) {
    assert(monotonicMs() < end, `it never came: ${what} ${detail()}`);
    await pause(25);
  }
}
