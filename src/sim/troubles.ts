/** Carries out what befalls targets and providers, and takes it back when its time is over or all is healed. */
import type { ServiceJudge } from "./judge_service.ts";
import { describeMood } from "./moods.ts";
import { GOOD_MOOD, type ProviderMood } from "./provider.ts";
import type { VirtualTarget } from "./target.ts";
import type { Trouble, WhichTarget } from "./world_faults.ts";

/** What troubles need of the world. */
export interface TroubledWorld {
  readonly services: readonly ServiceJudge[];
  now(): number;
  after(ms: number, act: () => void): void;
  tell(text: string): void;
  /** The active target's name; null or undefined when there is none. */
  active(service: string): string | null | undefined;
  /** Told of each target that stops answering. */
  lost(target: VirtualTarget): void;
}

export class Troubles {
  readonly #world: TroubledWorld;
  /** Counts healings: what was to be undone before one is done. */
  #era = 0;

  constructor(world: TroubledWorld) {
    this.#world = world;
  }

  strike(trouble: Trouble): void {
    switch (trouble.kind) {
      case "target":
        return this.#forTargets(trouble.target, (target) => this.#harm(target, trouble));
      case "unreachable":
        return this.#forTargets(trouble.target, (target) => this.#cut(target, trouble.zones, trouble.forMs));
      case "provider":
        return this.#moodSwing(trouble.mood, trouble.forMs);
    }
  }

  /** Takes everything back. */
  heal(): void {
    for (const { targets, providers } of this.#world.services) {
      for (const target of targets) {
        if (target.trouble !== null || target.cutOff.size > 0) target.changedAt = this.#world.now();
        target.trouble = null;
        target.cutOff.clear();
      }
      for (const provider of providers) provider.mood = GOOD_MOOD;
    }
    this.#era++;
  }

  #harm(target: VirtualTarget, { trouble, forMs }: Extract<Trouble, { kind: "target" }>): void {
    const world = this.#world;
    target.trouble = trouble;
    target.changedAt = world.now();
    world.tell(`${target.service}/${target.name} ${trouble}`);
    world.lost(target);
    this.#undoAfter(forMs, () => {
      target.trouble = null;
      target.changedAt = world.now();
      world.tell(`${target.service}/${target.name} is well again`);
    });
  }

  #cut(target: VirtualTarget, zones: readonly string[], forMs: number): void {
    const world = this.#world;
    const count = (by: number): void => {
      for (const zone of zones) {
        const left = (target.cutOff.get(zone) ?? 0) + by;
        if (left > 0) target.cutOff.set(zone, left);
        else target.cutOff.delete(zone);
      }
      target.changedAt = world.now();
    };
    count(1);
    world.tell(`${target.service}/${target.name} cannot be reached from ${zones.join(", ")}`);
    this.#undoAfter(forMs, () => {
      count(-1);
      world.tell(`${target.service}/${target.name} can be reached from ${zones.join(", ")} again`);
    });
  }

  #moodSwing(mood: ProviderMood, forMs: number): void {
    this.#world.tell(describeMood(mood));
    for (const { providers } of this.#world.services) {
      for (const provider of providers) {
        provider.mood = mood;
        this.#undoAfter(forMs, () => provider.mood = GOOD_MOOD);
      }
    }
  }

  #forTargets(which: WhichTarget, act: (target: VirtualTarget) => void): void {
    for (const { service, targets } of this.#world.services) {
      const name = which === "active" ? this.#world.active(service.name) : which;
      const target = typeof name === "number" ? targets[name] : targets.find((t) => t.name === name);
      if (target !== undefined) act(target);
    }
  }

  #undoAfter(ms: number, undo: () => void): void {
    if (ms === Infinity) return;
    const era = this.#era;
    this.#world.after(ms, () => {
      if (this.#era === era) undo();
    });
  }
}
