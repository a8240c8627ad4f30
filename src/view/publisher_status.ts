/** One publisher in the status: what it shows, how it was proven, who was asked. Pure. */
import type { Env, MonoMs } from "../base/time.ts";
import type { PublisherConfig } from "../config/config.ts";
import type { Ailing, ServiceDecision } from "../failover/cluster_state.ts";
import { ailmentsOf } from "../node/ailing.ts";
import { knownLeader } from "../election/step.ts";
import { provenAt } from "../node/proofs.ts";
import type { NodeState, PublisherSlot, ServiceSlot } from "../node/state.ts";
import type { Reconciler } from "../publish/reconcile.ts";
import type { Verifier } from "../publish/verify.ts";
import { age } from "./age.ts";
import type { PublisherStatus, RehearsalStatus, VerifyStatus } from "./status_type.ts";

/** What a publisher is said to be: all but the leader know only what is wrong, and only by its word. */
export function publisherStatus(
  state: NodeState,
  service: ServiceSlot,
  publisher: PublisherSlot,
  decision: ServiceDecision | null,
  env: Pick<Env, "now" | "wallMs">,
): PublisherStatus {
  const { config, reconciler } = publisher;
  const active = service.targets.find((slot) => slot.target.name === decision?.active)?.target ?? null;
  const base = { type: config.type, name: config.name };
  if (reconciler === null) {
    return {
      ...base,
      shows: active?.publish ?? null,
      fence: "compare-and-set",
      state: decision === null ? "pending" : "ok",
      lastChangeMs: decision === null ? null : age(decision.activeSinceWallMs, env),
      verifiedMs: decision === null ? null : 0,
      error: null,
    };
  }
  const leads = state.leading !== null;
  const told = leads ? undefined : ailmentsOf(state.cluster, service.config.name, config).find(isOfState);
  return {
    ...base,
    shows: reconciler.shows ?? null,
    fence: FENCES[config.type],
    state: leads ? reconciler.state : told?.how ?? unledState(state, env.now),
    ...(leads ? {} : { atLeader: true as const }),
    lastChangeMs: reconciler.lastChangeAt === null ? null : Math.round(env.now - reconciler.lastChangeAt),
    verifiedMs: reconciler.verifiedAt === null ? null : Math.round(env.now - reconciler.verifiedAt),
    error: leads ? reconciler.error : told?.why ?? null,
    rehearsal: rehearsalStatus(state, service, publisher, reconciler, env),
    ...(publisher.verifier === null ? {} : { verify: verifyStatus(publisher.verifier, env.now) }),
    history: reconciler.history.map(({ at, from, to, by }) => ({
      atMs: Math.round(env.now - at),
      from,
      to,
      by,
    })),
  };
}

type Shown = Ailing & { readonly how: "failed" | "drift" };

function isOfState(ailing: Ailing): ailing is Shown {
  return ailing.how !== "unproven";
}

/** Where this node does not publish, and nothing is known to be wrong. */
function unledState(state: NodeState, now: MonoMs): PublisherStatus["state"] {
  return knownLeader(state.election, now) === null ? "pending" : "ok";
}

function verifyStatus({ entries }: Verifier, now: MonoMs): VerifyStatus[] {
  return entries.map(({ server, shows, agrees, lagMs, since, state, problem }) => ({
    server,
    shows: shows ?? null,
    agrees,
    lagMs: agrees ? lagMs === null ? null : Math.round(lagMs) : Math.round(now - since),
    state,
    error: problem,
  }));
}

function rehearsalStatus(
  state: NodeState,
  service: ServiceSlot,
  { config }: PublisherSlot,
  reconciler: Reconciler,
  env: Pick<Env, "now" | "wallMs">,
): RehearsalStatus {
  const known = provenAt(state.cluster, service.config.name, config);
  const proven = Math.max(known ?? -1, reconciler.provenWallMs ?? -1);
  const { error } = reconciler.rehearsal;
  const provenMs = proven < 0 ? null : age(proven, env);
  if (reconciler.rehearseMs === null) return { state: "off", provenMs, nextMs: null, error: null };
  const leads = state.leading !== null;
  const told = ailmentsOf(state.cluster, service.config.name, config).find(({ how }) => how === "unproven");
  const why = leads ? error : told?.why ?? null;
  return {
    state: why !== null ? "failed" : provenMs === null ? "due" : "ok",
    provenMs,
    nextMs: leads && reconciler.rehearseAt !== Infinity
      ? Math.max(0, Math.round(reconciler.rehearseAt - env.now))
      : null,
    error: why,
  };
}

/** What stops a late write of an older epoch, by type. */
export const FENCES: Readonly<Record<PublisherConfig["type"], PublisherStatus["fence"]>> = {
  dns: "compare-and-set",
  exec: "lease-only",
  rfc2136: "compare-and-set",
  powerdns: "lease-only",
  webhook: "lease-only",
  "digitalocean-dns": "lease-only",
  cloudflare: "claim",
  route53: "compare-and-set",
  "google-dns": "compare-and-set",
  "hetzner-dns": "lease-only",
  desec: "lease-only",
  gandi: "lease-only",
  "digitalocean-reserved-ip": "lease-only",
  "hetzner-floating-ip": "lease-only",
};
