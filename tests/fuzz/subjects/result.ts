import { parseEpoch } from "../../../src/publish/epoch.ts";
import type { PublishResult } from "../../../src/publish/action.ts";
import { must, mustBeWords } from "../subject.ts";

/** Longest that a far side may ask us to wait, ms. */
const LONGEST_WAIT_MS = 3_600_000;
/** What the world shows: some values of 255 characters. */
const SHOWN_MAX = 2048;

/** What must hold of a publisher's answer, whatever the far side said. */
export function mustBeResult(result: PublishResult, secrets: readonly string[]): void {
  switch (result.kind) {
    case "ok":
      if (typeof result.shows === "string") {
        mustBeWords(result.shows, "what is shown", SHOWN_MAX);
        must(result.shows !== "", "something empty is shown");
      }
      break;
    case "failed": {
      mustBeWords(result.detail, "the reason", 1000);
      const { retryAfterMs } = result;
      must(
        retryAfterMs === null || (retryAfterMs >= 0 && retryAfterMs <= LONGEST_WAIT_MS),
        `a pause of ${retryAfterMs} ms`,
      );
      must(!result.detail.includes("unexpected"), `not foreseen: ${result.detail}`);
      break;
    }
    case "fenced":
      must(parseEpoch(result.epoch) !== null, `fenced by ${result.epoch}, which is no epoch`);
      break;
    case "not-started":
      break;
  }
  const said = JSON.stringify(result);
  for (const secret of secrets) must(!said.includes(secret), "a secret is in the answer");
}
