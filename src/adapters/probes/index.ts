/**
 * One probe: tries a target once, the way its check says, and always comes back in time. Each probe is a new
 * connection, closed again whatever happened; nothing is kept from one to the next.
 *
 * - A probe never rejects. It ends within the check's timeout, up to `GRACE_MS` later when a socket is slow to close.
 * - Details are for people: short, without control characters, whatever the far side sent.
 */
import { unreachable } from "../../base/assert.ts";
import type { CheckConfig, TargetConfig } from "../../config/config.ts";
import type { ProbeOutcome } from "../../health/probing.ts";
import { describeError } from "./describe_error.ts";
import { Attempt, type Finding } from "./finding.ts";
import { probeHttp } from "./http.ts";
import { probeTcp } from "./tcp.ts";

/** Beyond the timeout, ms: for sockets to close. */
const GRACE_MS = 50;
/** Characters of a detail at most. */
const MAX_DETAIL = 200;

/** Tries a target once. `signal` cuts the probe off; it says nothing about the target then. */
export async function runProbe(
  check: CheckConfig,
  target: TargetConfig,
  signal?: AbortSignal,
): Promise<ProbeOutcome> {
  const startedAt = performance.now();
  const attempt = new Attempt(check.timeoutMs);
  const cut = (): void => attempt.abort("cut-off");
  signal?.addEventListener("abort", cut);
  if (signal?.aborted === true) cut();
  try {
    const finding = await Promise.race([probe(check, target, attempt), tooLate(attempt)]);
    return outcomeOf(attempt.ended ?? finding, performance.now() - startedAt);
  } catch (problem) {
    return outcomeOf(
      attempt.ended ?? { ok: false, detail: describeError(problem, target.address) },
      performance.now() - startedAt,
    );
  } finally {
    signal?.removeEventListener("abort", cut);
    attempt.close();
  }
}

function probe(check: CheckConfig, target: TargetConfig, attempt: Attempt): Promise<Finding> {
  switch (check.type) {
    case "http":
    case "https":
      return probeHttp(check, target, attempt);
    case "tcp":
      return probeTcp(check, target, attempt);
    default:
      return unreachable(check);
  }
}

/** Settles a while after the attempt was ended: the last resort, should a socket not close. */
async function tooLate(attempt: Attempt): Promise<Finding> {
  await attempt.aborted;
  await new Promise<void>((resolve) => attempt.later(resolve, GRACE_MS));
  return { ok: false, detail: "" };
}

function outcomeOf(finding: Finding, tookMs: number): ProbeOutcome {
  const { ok, warning, inconclusive } = finding;
  const detail = finding.detail.replaceAll(/\p{C}+/gu, " ").trim().slice(0, MAX_DETAIL);
  return {
    ok,
    latencyMs: Math.round(tookMs * 10) / 10,
    detail,
    ...(inconclusive === true ? { inconclusive } : {}),
    ...(warning === undefined ? {} : { warning }),
  };
}
