/**
 * Rehearsals: while all is well, the value that stands there is written once more, so that a revoked token or a retired
 * API is an alert today and not at the failover (PRODUCT.md, `rehearse`). It is a write like any other: under the lease,
 * under the epoch, one at a time. Any write that was done proves as much.
 *
 *     proven ---- rehearseMs, and a part of it by chance ----> due --- all is well ---> written ---> proven
 *                                                               ^                          | failed: told once
 *                                                               +--- 1 min .. 1 h ---------+
 *
 * When it was last proven is part of the cluster's state: the next leader goes on from there instead of trying all
 * publishers anew, and what is due at its beginning is spread by chance.
 */
import type { Env, WallMs } from "../base/time.ts";
import { keepQuiet, type Operation, type Reconciler, WELL_REHEARSED } from "./reconciler.ts";
import { QUIET, type Told } from "./told.ts";

/** Between a failed rehearsal and the next, ms; doubles, and is never above the period. */
const AGAIN_MS = { first: 60_000, most: 3_600_000 } as const;
/** Rehearsals are put off by chance for up to this share of the period, and at most so long, ms. */
const SPREAD = { share: 0.1, mostMs: 600_000 } as const;

/** A tenure begins: when the first rehearsal is due. `provenWallMs`: the last proof that the cluster knows of. */
export function planRehearsal(r: Reconciler, provenWallMs: WallMs | null, env: Env): void {
  r.rehearsal = WELL_REHEARSED;
  r.newlyProven = false;
  const own = r.provenWallMs;
  r.provenWallMs = own === null ? provenWallMs : Math.max(own, provenWallMs ?? own);
  if (r.rehearseMs === null) return;
  const left = r.provenWallMs === null ? 0 : r.provenWallMs + r.rehearseMs - env.wallMs;
  // Clocks of nodes differ, and are set: never is it longer than one period.
  r.rehearseAt = env.now + Math.min(Math.max(0, left), r.rehearseMs) + spreadMs(r.rehearseMs, env);
}

/** A write was done: it is proven. */
export function rehearsed(r: Reconciler, operation: Operation, env: Env): Told {
  const { failures } = r.rehearsal;
  r.rehearsal = WELL_REHEARSED;
  r.provenWallMs = env.wallMs;
  r.newlyProven ||= operation.rehearsal;
  if (r.rehearseMs !== null) r.rehearseAt = env.now + r.rehearseMs + spreadMs(r.rehearseMs, env);
  return failures === 0 ? QUIET : { event: "published", detail: "it can be written again (rehearsed)" };
}

/** A rehearsal failed: what is shown stays right as far as is known, but the next switch would not get out. */
export function onRehearsalFailed(
  r: Reconciler,
  detail: string,
  retryAfterMs: number | null,
  env: Env,
): Told {
  const failures = r.rehearsal.failures + 1;
  r.rehearsal = { failures, error: detail, lateUntil: env.now + r.timeoutMs };
  const wait = Math.min(
    AGAIN_MS.most,
    AGAIN_MS.first * 2 ** Math.min(failures - 1, 10),
    r.rehearseMs ?? Infinity,
  );
  r.rehearseAt = env.now + wait * (1 - env.random.next() / 4);
  keepQuiet(r, retryAfterMs, env.now);
  return failures > 1 ? QUIET : { event: "publish-failed", detail: wouldFail(detail) };
}

/** What a failed rehearsal means, one sentence without a full stop. */
export function wouldFail(detail: string): string {
  return `a failover would not be published: ${detail}`;
}

/** True where a rehearsal may begin now, were it due: what is right, and has been looked at a second time. */
export function isWell(r: Reconciler): boolean {
  return r.confirmed && !r.drifted && !r.failing && r.lookAgainAt === Infinity &&
    r.desired !== null && r.desired.value !== null;
}

function spreadMs(periodMs: number, env: Env): number {
  return env.random.next() * Math.min(periodMs * SPREAD.share, SPREAD.mostMs);
}
