/**
 * Many nodes' opinions of one target -> what the cluster thinks of it.
 *
 * `n` is the size of the cluster, `half` its majority (floor(n/2) + 1), `present` how many observers have told
 * anything lately, "unknown" included. Opinions that are old are left out by the caller.
 *
 *     observers   whose   down when downs >=      usable when not down and ups >=   a verdict when ups + downs >=
 *     majority    all     half                    half                              half
 *     all         all     max(half, present)      max(half, present)                half
 *     any         all     1                       1                                 1
 *     leader      leader  1                       1                                 1
 *     number k    all     min(k, n)               min(k, n, max(half, present))     min(k, half)
 *
 * - `down` needs its number from the cluster as configured: a node that is gone makes it harder to call a target
 *   down, never easier. With `all` only nodes that are there are asked, but a majority must say it in any case.
 * - `usable` (good enough to switch to, or to go back to) needs as many, except that `k` above a majority does
 *   not wait for nodes that are gone: else one lost node would leave nowhere to go.
 * - One opinion "down" among `any` is enough, so a usable target there has not a single one.
 * - `suspect`: some say down, not enough. `up`: somebody says up, nobody down. `unknown`: nobody says anything.
 */
import { unreachable } from "../base/assert.ts";
import type { NodeId } from "../base/id.ts";
import type { Observers } from "../config/config.ts";
import type { Opinion } from "./probing.ts";

/** What the cluster thinks of one target. */
export type Health = "up" | "suspect" | "down" | "unknown";

/** Opinions of one target, weighed. */
export interface Weighed {
  readonly health: Health;
  /** Good enough to switch to, or to go back to. */
  readonly usable: boolean;
  /** Enough observers have an opinion, whatever it is. */
  readonly verdict: boolean;
  readonly ups: number;
  readonly downs: number;
  /** How many must say down. */
  readonly needed: number;
}

interface Needs {
  readonly down: number;
  readonly use: number;
  readonly verdict: number;
}

/** Weighs fresh opinions by the service's `observers`. `leader` is the node whose word counts with "leader". */
export function weigh(
  opinions: Iterable<readonly [NodeId, Opinion]>,
  policy: Observers,
  clusterSize: number,
  leader: NodeId,
): Weighed {
  let present = 0;
  let ups = 0;
  let downs = 0;
  for (const [node, opinion] of opinions) {
    if (policy === "leader" && node !== leader) continue;
    present++;
    if (opinion === "up") ups++;
    else if (opinion === "down") downs++;
  }
  const needs = needsOf(policy, clusterSize, present);
  const health = healthOf(ups, downs, needs.down);
  return {
    health,
    usable: health !== "down" && ups >= needs.use,
    verdict: health === "down" || ups + downs >= needs.verdict,
    ups,
    downs,
    needed: needs.down,
  };
}

function needsOf(policy: Observers, n: number, present: number): Needs {
  const half = Math.floor(n / 2) + 1;
  switch (policy) {
    case "majority":
      return { down: half, use: half, verdict: half };
    case "all": {
      const all = Math.max(half, present);
      return { down: all, use: all, verdict: half };
    }
    case "any":
    case "leader":
      return { down: 1, use: 1, verdict: 1 };
    default: {
      if (typeof policy !== "number") return unreachable(policy);
      const k = Math.max(1, Math.min(policy, n));
      return { down: k, use: Math.min(k, Math.max(half, present)), verdict: Math.min(k, half) };
    }
  }
}

function healthOf(ups: number, downs: number, needed: number): Health {
  if (downs >= needed) return "down";
  if (downs > 0) return "suspect";
  return ups > 0 ? "up" : "unknown";
}
