/**
 * What is wrong with publishers, as the whole cluster knows it: only the leader publishes, but every node is asked how
 * it goes. Committed when it begins and when it ends; not when its words change.
 */
import type { WallMs } from "../base/time.ts";
import type { PublisherConfig } from "../config/config.ts";
import {
  type Ailing,
  AILING_TEXT_MAX,
  type ClusterState,
  decisionOn,
  withDecision,
} from "../failover/cluster_state.ts";
import type { Reconciler } from "../publish/reconcile.ts";
import { keyOf } from "./proofs.ts";
import type { NodeState, PublisherSlot } from "./state.ts";

/** Ailments that a state holds at most: when all fails, a part of it says enough. */
const AILING_MAX = 64;

/** What ails a publisher, as the cluster knows. */
export function ailmentsOf(
  cluster: ClusterState | null,
  service: string,
  publisher: PublisherConfig,
): readonly Ailing[] {
  const ailing = cluster === null ? [] : decisionOn(cluster, service)?.ailing ?? [];
  return ailing.filter((one) => one.publisher === keyOf(publisher));
}

/** The state with what this leader found since; the very same state when that is nothing new. */
export function withAilments(cluster: ClusterState, state: NodeState, wallMs: WallMs): ClusterState {
  let next = cluster;
  let room = AILING_MAX;
  for (const { config, publishers } of state.services) {
    const decision = decisionOn(next, config.name);
    if (decision === null) continue;
    const before = decision.ailing ?? [];
    const found = publishers.flatMap((slot) => ailmentsNow(slot, before, wallMs));
    const ailing = found.filter(isFirst).slice(0, room);
    room -= ailing.length;
    const same = ailing.length === before.length && ailing.every((one, i) => one === before[i]);
    if (!same) next = withDecision(next, config.name, { ...decision, ailing });
  }
  return next;
}

/** Two publishers may bear one name (two `exec` of one program): they ail as one. */
function isFirst({ publisher, how }: Ailing, at: number, all: readonly Ailing[]): boolean {
  return all.findIndex((one) => one.publisher === publisher && one.how === how) === at;
}

/** One that lasts is the very same as before, words and all. */
function ailmentsNow(
  { config, reconciler: r }: PublisherSlot,
  before: readonly Ailing[],
  wallMs: WallMs,
): readonly Ailing[] {
  if (r === null) return [];
  const publisher = keyOf(config);
  const known = (how: Ailing["how"]): Ailing | undefined =>
    before.find((one) => one.publisher === publisher && one.how === how);
  const told = (how: Ailing["how"], why: string | null): Ailing => {
    const words = why ?? "it does not say why";
    const short = words.length <= AILING_TEXT_MAX ? words : `${words.slice(0, AILING_TEXT_MAX - 1)}…`;
    return known(how) ?? { publisher, how, why: short, atWallMs: wallMs };
  };
  const ailing: Ailing[] = [];
  const shown = known("failed") ?? known("drift");
  if (r.failing) ailing.push(told("failed", r.error));
  else if (r.drifted) ailing.push(told("drift", r.error));
  else if (shown !== undefined && !r.confirmed) ailing.push(shown); // a new leader does not know yet
  const unproven = known("unproven");
  if (r.rehearsal.error !== null) ailing.push(told("unproven", r.rehearsal.error));
  else if (unproven !== undefined && !isProvenSince(r, unproven)) ailing.push(unproven);
  return ailing;
}

function isProvenSince({ provenWallMs, rehearseMs }: Reconciler, { atWallMs }: Ailing): boolean {
  return rehearseMs === null || (provenWallMs !== null && provenWallMs > atWallMs);
}
