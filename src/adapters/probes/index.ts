/**
 * One probe: tries a target once, the way its check says, and always comes back in time. Each probe is a new
 * connection, closed again whatever happened; nothing is kept from one to the next.
 *
 * - A probe never rejects. It ends within the check's timeout, up to `GRACE_MS` later when a socket is slow to
 *   close, `PROGRAM_GRACE_MS` when a program does not end by itself.
 * - Details are for people: short, without control characters, whatever the far side sent.
 */
import { unreachable } from "../../base/assert.ts";
import type { CheckConfig, TargetConfig } from "../../config/config.ts";
import type { ProbeOutcome } from "../../health/probing.ts";
import { stopwatchMs } from "../clock.ts";
import { isShortage } from "./describe_error.ts";
import { Attempt, type Finding, type Rule } from "./finding.ts";
import { probeHttp } from "./http.ts";
import { lazy } from "./lazy.ts";
import { probeTcp } from "./tcp.ts";
import type { Trace } from "./trace.ts";

/** Beyond the timeout, ms: for sockets to close. */
const GRACE_MS = 50;
/** The same for programs, which may need to be killed. */
const PROGRAM_GRACE_MS = 500;
/** Characters of a detail at most. */
const MAX_DETAIL = 200;

/** Code of kinds that few configs have, brought in at the first probe of that kind. */
const rare = {
  tls: lazy(() => import("./tls.ts")),
  udp: lazy(() => import("./udp.ts")),
  dns: lazy(() => import("./dns.ts")),
  grpc: lazy(() => import("./grpc.ts")),
  exec: lazy(() => import("./exec.ts")),
};

/** Tries a target once. `signal` cuts the probe off; it says nothing about the target then. */
export async function runProbe(
  check: CheckConfig,
  target: TargetConfig,
  signal?: AbortSignal,
): Promise<ProbeOutcome> {
  return (await traceProbe(check, target, null, signal)).outcome;
}

/** The same for people who look on: tells `trace` what happens, and which rule gave the verdict. */
export async function traceProbe(
  check: CheckConfig,
  target: TargetConfig,
  trace: Trace | null,
  signal?: AbortSignal,
): Promise<{ readonly outcome: ProbeOutcome; readonly rule: Rule }> {
  const startedAt = stopwatchMs();
  const attempt = new Attempt(check.timeoutMs, trace);
  const cut = (): void => attempt.abort("cut-off");
  signal?.addEventListener("abort", cut);
  if (signal?.aborted === true) cut();
  let finding: Finding;
  try {
    finding = await Promise.race([probe(check, target, attempt), tooLate(check, attempt)]);
  } catch (problem) {
    finding = attempt.failure(problem, target.address);
  } finally {
    signal?.removeEventListener("abort", cut);
  }
  finding = attempt.ended ?? finding;
  attempt.close();
  return { outcome: outcomeOf(finding, stopwatchMs() - startedAt), rule: finding.rule };
}

async function probe(check: CheckConfig, target: TargetConfig, attempt: Attempt): Promise<Finding> {
  switch (check.type) {
    case "http":
    case "https":
      return await probeHttp(check, target, attempt);
    case "tls":
      return await (await rare.tls()).probeTls(check, target, attempt);
    case "tcp":
      return await probeTcp(check, target, attempt);
    case "udp":
      return await (await rare.udp()).probeUdp(check, target, attempt);
    case "dns":
      return await (await rare.dns()).probeDns(check, target, attempt);
    case "grpc":
      return await (await rare.grpc()).probeGrpc(check, target, attempt);
    case "exec":
      return await (await rare.exec()).probeExec(check, target, attempt);
    default:
      return unreachable(check);
  }
}

/** Settles a while after the attempt was ended: the last resort, should a socket or a program not end. */
async function tooLate(check: CheckConfig, attempt: Attempt): Promise<Finding> {
  await attempt.aborted;
  const graceMs = check.type === "exec" ? PROGRAM_GRACE_MS : GRACE_MS;
  await new Promise<void>((resolve) => attempt.later(resolve, graceMs));
  return { ok: false, detail: "", rule: "timeout" };
}

function outcomeOf(finding: Finding, tookMs: number): ProbeOutcome {
  const { ok, warning } = finding;
  const inconclusive = finding.inconclusive === true || (!ok && isShortage(finding.detail));
  const detail = finding.detail.replaceAll(/\p{C}+/gu, " ").trim().slice(0, MAX_DETAIL);
  return {
    ok,
    latencyMs: Math.round(tookMs * 10) / 10,
    detail,
    ...(inconclusive ? { inconclusive } : {}),
    ...(warning === undefined ? {} : { warning }),
  };
}
