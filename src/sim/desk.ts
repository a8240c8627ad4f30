/** The virtual world's hands: it carries out the probes and writes that nodes ask for. */
import type { Config } from "../config/config.ts";
import { holdsLease } from "../election/step.ts";
import type { Effect } from "../node/events.ts";
import { mayPublish } from "../node/node.ts";
import type { Engine } from "./engine.ts";
import type { ServiceJudge } from "./judge_service.ts";
import type { Machine } from "./machine.ts";
import type { Latency } from "./network.ts";
import type { NodeProgram } from "./node_program.ts";
import type { VirtualProvider } from "./provider.ts";

/** One way between zones, by timing preset; within one zone it is short. */
export const FAR: Readonly<Record<Config["election"]["timing"], Latency>> = {
  local: { baseMs: 0.05, jitterMs: 0.05 },
  lan: { baseMs: 0.4, jitterMs: 0.1 },
  wan: { baseMs: 15, jitterMs: 1.5 },
};
/** One way within a zone. */
export const NEAR: Latency = { baseMs: 0.1, jitterMs: 0.1 };
/** What the desk works with. */
export interface Surroundings {
  readonly engine: Engine;
  readonly timing: Config["election"]["timing"];
  readonly services: readonly ServiceJudge[];
  program(machine: Machine): NodeProgram | undefined;
  /** Until when a pause of the machine blinds the probes that it began before, virtual ms. */
  gapAt(machine: Machine): number;
}

type Probe = Extract<Effect, { kind: "probe" }>;
type Publish = Extract<Effect, { kind: "publish" }>;

export class Desk {
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Tries the target from the machine's zone; the machine hears of it unless it died meanwhile. */
  probe(machine: Machine, effect: Probe): void {
    const { engine, services, timing } = this.#around;
    const { service, target, timeoutMs } = effect;
    const found = services.find((s) => s.service.name === service)?.targets.find((t) => t.name === target);
    if (found === undefined) return;
    const { life } = machine;
    const startedAt = engine.now;
    const { ok, tookMs, detail } = found.try(
      machine.zone,
      timeoutMs,
      FAR[timing].baseMs,
    );
    engine.after(tookMs, () => {
      if (machine.life !== life) return;
      const blind = !ok && (machine.pausedAt !== null || (this.#around.gapAt(machine)) >= startedAt);
      const outcome = { ok, latencyMs: tookMs, detail, inconclusive: blind };
      engine.give(machine, { kind: "probed", service, target, outcome });
    });
  }

  /** Whoever is to be told takes it. */
  tell(machine: Machine, { notice, receiver }: Extract<Effect, { kind: "tell" }>): void {
    const { engine, timing } = this.#around;
    const { life } = machine;
    engine.after(FAR[timing].baseMs * 2, () => {
      if (machine.life !== life) return;
      engine.give(machine, { kind: "told", key: notice.key, phase: notice.phase, receiver });
    });
  }

  /** Reads or writes at the provider; a write starts, and goes on, only while the machine may publish. */
  publish(machine: Machine, effect: Publish): void {
    const { engine, services } = this.#around;
    const { publisher, operation, action, deadline, timeoutMs } = effect;
    const judge = services.find((s) => s.service.name === publisher.service);
    const provider = judge?.providers.find((p) => p.index === publisher.index);
    const program = this.#around.program(machine);
    if (judge === undefined || provider === undefined || program === undefined) return;
    const { life } = machine;
    const answer = (result: Parameters<Parameters<VirtualProvider["call"]>[3]>[0]): void => {
      if (machine.life === life) {
        engine.give(machine, { kind: "published", publisher, operation, result });
      }
    };
    const now = (): number => machine.clock.now(engine.now);
    if (action.kind === "write") {
      if (!mayPublish(program.state, now(), deadline)) {
        engine.after(0, () => answer({ kind: "not-started" }));
        return;
      }
      judge.writeStarts(machine.id, action.epoch, holdsLease(program.election, now()), engine.now);
    }
    const cut = (): boolean =>
      action.kind === "write" && machine.life === life && machine.pausedAt === null &&
      !mayPublish(program.state, now());
    provider.call(action, timeoutMs, cut, answer);
  }
}
