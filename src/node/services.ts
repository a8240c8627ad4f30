/** The services, targets and publishers of a config as a node keeps them; what a reload leaves alone goes on. */
import { canRead } from "../config/publisher.ts";
import type { Env } from "../base/time.ts";
import type { Config, PublisherConfig, ServiceConfig, TargetConfig } from "../config/config.ts";
import { digestOf } from "../election/entry.ts";
import { createProbing, nextProbeAt, type Probing } from "../health/probing.ts";
import { createVerifier } from "../publish/verify.ts";
import { createReconciler } from "../publish/reconcile.ts";
import { Agenda } from "./agenda.ts";
import { type NodeState, type PublisherSlot, type ServiceSlot, targetKey, type TargetSlot } from "./state.ts";

/** Operations of all publishers that a process ever has are numbered so far apart that no two are the same. */
const OPERATIONS_APART = 2 ** 32;

/** Makes the services; what is the same as in `before` keeps its opinions, timers and publishers' states. */
export function createServices(config: Config, before: readonly ServiceSlot[], env: Env): ServiceSlot[] {
  let index = 0;
  const targetCount = config.services.reduce((sum, { targets }) => sum + targets.length, 0);
  let numbers = before.flatMap((slot) => slot.publishers).reduce(
    (most, { reconciler }) => Math.max(most, reconciler?.operations ?? 0),
    0,
  );
  return config.services.map((service) => {
    const old = before.find((slot) => slot.config.name === service.name);
    const targets: TargetSlot[] = service.targets.map((target) => ({
      service,
      target,
      index: index++,
      probing: keptProbing(old, service, target) ??
        createProbing(service.check, env.now, env.random.next(), targetCount),
    }));
    const publishers = service.publish.map((publisher) =>
      keptPublisher(old, publisher) ?? createSlot(publisher, old, numbers += OPERATIONS_APART)
    );
    return {
      config: service,
      targets,
      publishers,
      timers: old?.timers ?? null,
      reviewAt: old?.timers === undefined || old.timers === null ? Infinity : env.now,
      waitingFor: null,
      times: old?.times ?? null,
    };
  });
}

function createSlot(
  publisher: PublisherConfig,
  old: ServiceSlot | undefined,
  operations: number,
): PublisherSlot {
  if (publisher.type === "dns") {
    return { config: publisher, reconciler: null, verifier: null };
  }
  const reconciler = createReconciler({
    canRead: canRead(publisher),
    timeoutMs: publisher.timeoutMs,
    onDrift: publisher.onDrift,
    rehearseMs: publisher.rehearseMs,
  });
  reconciler.operations = operations;
  // The same record with other settings: the write under way ends before another begins.
  const before = old?.publishers.find(({ config }) =>
    config.type === publisher.type && config.name === publisher.name
  );
  const underWay = before?.reconciler?.operation ?? null;
  if (underWay?.kind === "write") reconciler.operation = { ...underWay, stale: true };
  const verifier = "verify" in publisher && publisher.verify.length > 0
    ? createVerifier(publisher.ttlMs)
    : null;
  if (verifier !== null) verifier.numbers = operations;
  return { config: publisher, reconciler, verifier };
}

function keptProbing(
  old: ServiceSlot | undefined,
  service: ServiceConfig,
  target: TargetConfig,
): Probing | null {
  if (old === undefined || !same(old.config.check, service.check)) return null;
  const slot = old.targets.find((candidate) => candidate.target.name === target.name);
  if (slot === undefined) return null;
  return slot.target.address === target.address && slot.target.port === target.port ? slot.probing : null;
}

/** The very same publisher, at whatever place of the list. */
function keptPublisher(old: ServiceSlot | undefined, publisher: PublisherConfig): PublisherSlot | null {
  const slot = old?.publishers.find((candidate) => same(candidate.config, publisher));
  return slot === undefined ? null : { ...slot, config: publisher };
}

/** Configs are plain data with keys in one order, being made in one place. */
function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What follows from the list of services: all targets in a row, by name, by time, and as a digest. */
export function targetsOf(
  services: readonly ServiceSlot[],
): Pick<NodeState, "targets" | "targetByName" | "agenda" | "targetsDigest"> {
  const targets = services.flatMap((service) => service.targets);
  const names = targets.map((slot) => targetKey(slot.service.name, slot.target.name));
  const agenda = new Agenda();
  for (const { index, probing } of targets) agenda.put(index, nextProbeAt(probing));
  return {
    targets,
    targetByName: new Map(targets.map((slot, i) => [names[i] ?? "", slot])),
    agenda,
    targetsDigest: digestOf(new TextEncoder().encode(names.join("\n"))),
  };
}
