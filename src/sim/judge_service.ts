/**
 * Judges what the world sees of one service, by the truth about its targets:
 * one writer: no write starts under an epoch below one that has started, none without the lease, and none takes effect
 * over a newer one where the far side compares; elsewhere it is put right while all is calm;
 * one target: while all is calm and one leader leads, never for longer than the budget a target that is down by the
 * service's own `observers` while another is up everywhere; and no automatic switch away from one that was not. A
 * pinned target and a drained one are the operator's own business.
 */
import type { NodeId } from "../base/id.ts";
import type { ClusterState, ServiceDecision, SwitchRecord } from "../failover/cluster_state.ts";
import { warmupOf } from "../failover/first_decision.ts";
import { failoverBudget } from "../config/budget.ts";
import type { Config, Observers, ServiceConfig } from "../config/config.ts";
import type { Verdict } from "./promise.ts";
import { compareEpochs, type VirtualProvider } from "./provider.ts";
import type { VirtualTarget } from "./target.ts";

/** Room beyond the computed budget before a promise counts as broken, ms. */
const SLACK_MS = 2000;
/** A publisher that is right is looked at so often, ms (`publish/reconcile.ts`). */
const VERIFY_EVERY_MS = 33_000;

/** What the judge needs to know of a moment. */
export interface Moment {
  readonly at: number;
  /** Since when one leader has led, nothing was wrong between the nodes, and all of them ran; null = not so now. */
  readonly calmSince: number | null;
  /** The leader's committed state; null without a leader. */
  readonly cluster: ClusterState | null;
}

export class ServiceJudge {
  /** As in force now. */
  service: ServiceConfig;
  readonly targets: readonly VirtualTarget[];
  readonly providers: readonly VirtualProvider[];
  readonly #zones: readonly string[];
  readonly #verdict: Verdict;
  #limitMs = 0;
  #detectMs = 0;
  /** Epochs are not promised to rise any more: a majority was without memory. */
  readonly #isExcused: () => boolean;
  #highestStarted = "";
  #badSince: number | null = null;
  #wrongSince = new Map<VirtualProvider, number>();
  /** Since when too few zones miss a target to call it down; null = it is down. */
  readonly #reachedSince = new Map<VirtualTarget, number | null>();
  /** Targets that have been up from anywhere since the beginning. */
  readonly #everUp = new Set<VirtualTarget>();
  #lastSwitch = "";

  constructor(
    config: Config,
    service: ServiceConfig,
    targets: readonly VirtualTarget[],
    providers: readonly VirtualProvider[],
    verdict: Verdict,
    isExcused: () => boolean,
  ) {
    this.#isExcused = isExcused;
    this.service = service;
    this.targets = targets;
    this.providers = providers;
    this.#zones = config.cluster.nodes.map((node) => node.zone);
    this.#verdict = verdict;
    this.reconfigure(config, service);
    for (const provider of providers) {
      provider.onApply = ({ at, epoch }): void => {
        if (compareEpochs(epoch, provider.epoch) >= 0) return;
        if (provider.fence === "none" || this.#isExcused()) return; // judged by whether it is put right
        this.#verdict.broken(
          "one-writer",
          at,
          `a write of epoch ${epoch} took effect over one of ${provider.epoch}`,
        );
      };
    }
  }

  /** Another config is in force. */
  reconfigure(config: Config, service: ServiceConfig): void {
    this.service = service;
    const { detect, decide, publish } = failoverBudget(config, service);
    const { fall, timeoutMs, intervalMs } = service.check;
    this.#detectMs = fall * (intervalMs + timeoutMs) + 2 * config.election.leaseMs + SLACK_MS;
    this.#limitMs = detect.worst + decide.worst + publish.worst + SLACK_MS + warmupOf(service);
  }

  /** A node starts a write. */
  writeStarts(node: NodeId, epoch: string, leads: boolean, at: number): void {
    if (!leads) {
      this.#verdict.broken("one-writer", at, `node ${node} writes ${this.service.name} without the lease`);
    }
    if (compareEpochs(epoch, this.#highestStarted) < 0 && !this.#isExcused()) {
      const detail = `node ${node} writes under epoch ${epoch}, ${this.#highestStarted} had written already`;
      this.#verdict.broken("one-writer", at, detail);
    } else this.#highestStarted = epoch;
  }

  /** Looks at a moment; to be called often. */
  look(moment: Moment): void {
    for (const target of this.targets) {
      if (this.#isUpAnywhere(target)) this.#everUp.add(target);
      if (this.#mayBeDown(target)) this.#reachedSince.set(target, null);
      else if (this.#reachedSince.get(target) == null) this.#reachedSince.set(target, moment.at);
    }
    const decision = moment.cluster?.services[this.service.name] ?? null;
    if (moment.calmSince === null || decision === null) {
      this.#badSince = null;
      this.#wrongSince.clear();
      return;
    }
    this.#lookAtActive(moment, decision);
    this.#lookAtProviders(moment, decision.active);
  }

  /**
   * A switch has been decided, by the leader of `epoch`: it is judged and given back. One that was seen already, or
   * that the leader only took over from a former one, is no news: null.
   */
  switched(cluster: ClusterState, epoch: string | null, at: number): SwitchRecord | null {
    const last = cluster.services[this.service.name]?.lastSwitch ?? null;
    if (last === null) return null;
    const name = `${last.epoch} ${last.atWallMs} ${last.to}`;
    if (name === this.#lastSwitch) return null;
    this.#lastSwitch = name;
    if (last.epoch !== epoch) return null;
    this.#judgeChoice(last, at);
    if (last.reason === "down" || last.reason === "all-down") this.#judgeLeaving(last, at);
    return last;
  }

  /** No automatic switch away from a target that enough observers reach. */
  #judgeLeaving(last: SwitchRecord, at: number): void {
    const from = this.targets.find((target) => target.name === last.from);
    const since = from === undefined ? null : this.#reachedSince.get(from) ?? null;
    if (from === undefined || since === null || at - since <= this.#detectMs) return;
    const detail =
      `${this.service.name} left ${from.name} as ${last.reason}, enough zones have reached it for ${
        Math.round(at - since)
      } ms`;
    this.#verdict.broken("one-target", at, detail);
  }

  /** Going somewhere because it is healthy takes that it has ever been: nothing is decided on a guess. */
  #judgeChoice({ to, reason }: SwitchRecord, at: number): void {
    if (reason !== "initial" && reason !== "failback" && reason !== "drained") return;
    const target = this.targets.find((candidate) => candidate.name === to);
    if (target === undefined || this.#everUp.has(target) || this.#isUpAnywhere(target)) return;
    const detail = `${this.service.name} went to ${target.name} (${reason}), which nobody has ever reached`;
    this.#verdict.broken("one-target", at, detail);
  }

  #isUpAnywhere(target: VirtualTarget): boolean {
    return this.#zones.some((zone) => target.isUpFrom(zone));
  }

  /** True when what is decided is shown, and is a target that is up; where all are drained, it may be nothing. */
  isRight(cluster: ClusterState | null): boolean {
    const decision = cluster?.services[this.service.name];
    const target = this.targets.find((candidate) => candidate.name === decision?.active);
    const allDrained = decision !== undefined &&
      this.service.targets.every(({ name }) => decision.drained.includes(name));
    if (target === undefined ? !allDrained : !this.#isReached(target)) return false;
    return this.providers.every((provider) => provider.value === (target?.published ?? null));
  }

  #lookAtActive({ at, calmSince }: Moment, { active, pinned, drained }: ServiceDecision): void {
    const target = this.targets.find((candidate) => candidate.name === active);
    const better = this.targets.find((candidate) =>
      candidate !== target && !drained.includes(candidate.name) && this.#isConfigured(candidate) &&
      this.#zones.every((zone) => candidate.isUpFrom(zone))
    );
    const bad = pinned === null && better !== undefined && (target === undefined || this.#isDown(target));
    if (!bad) {
      this.#badSince = null;
      return;
    }
    this.#badSince ??= at;
    const since = Math.max(this.#badSince, calmSince ?? at, better.changedAt, target?.changedAt ?? 0);
    if (at - since <= this.#limitMs) return;
    const detail = `${this.service.name} has shown ${active ?? "nothing"} for ${
      Math.round(at - since)
    } ms while ${better.name} was up`;
    this.#verdict.broken("one-target", at, detail);
  }

  #lookAtProviders({ at }: Moment, active: string | null): void {
    const value = this.targets.find((target) => target.name === active)?.published ?? null;
    for (const provider of this.providers) {
      if (
        provider.value === value || provider.mood.failing > 0 || provider.mood.late > 0 ||
        provider.mood.limited > 0
      ) {
        this.#wrongSince.delete(provider);
        continue;
      }
      const since = this.#wrongSince.get(provider) ?? at;
      this.#wrongSince.set(provider, since);
      if (at - since <= VERIFY_EVERY_MS + 2 * this.#limitMs) continue;
      const detail = `${this.service.name}'s record has shown ${provider.value ?? "nothing"} for ${
        Math.round(at - since)
      } ms, decided is ${value ?? "nothing"}`;
      this.#verdict.broken("one-writer", at, detail);
    }
  }

  #isReached(target: VirtualTarget): boolean {
    return this.#zones.filter((zone) => target.isUpFrom(zone)).length * 2 > this.#zones.length;
  }

  #isConfigured(target: VirtualTarget): boolean {
    return this.service.targets.some(({ name }) => name === target.name);
  }

  /** So many zones miss it that it must be called down. */
  #isDown(target: VirtualTarget): boolean {
    return this.#missing(target) >= missesFor(this.service.observers, this.#zones.length).must;
  }

  /** So many zones miss it that it may be called down. */
  #mayBeDown(target: VirtualTarget): boolean {
    return this.#missing(target) >= missesFor(this.service.observers, this.#zones.length).may;
  }

  #missing(target: VirtualTarget): number {
    return this.#zones.filter((zone) => !target.isUpFrom(zone)).length;
  }
}

/**
 * How many of `n` observers must miss a target before it may, and before it must be called down (`health/weigh.ts`).
 * With "leader" it is one of them, and the judge does not ask which; with "all" those that are there, half at least.
 */
function missesFor(observers: Observers, n: number): { readonly may: number; readonly must: number } {
  const half = Math.floor(n / 2) + 1;
  switch (observers) {
    case "majority":
      return { may: half, must: half };
    case "all":
      return { may: half, must: n };
    case "any":
      return { may: 1, must: 1 };
    case "leader":
      return { may: 1, must: n };
    default: {
      const k = Math.min(observers, n);
      return { may: k, must: k };
    }
  }
}
