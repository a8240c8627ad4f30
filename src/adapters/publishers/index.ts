/** All publishers of a config that act on the world; the embedded DNS server is none of them. */
import type { Config } from "../../config/config.ts";
import type { PublisherRef } from "../../node/events.ts";
import type { PublishAction, PublishResult } from "../../publish/action.ts";
import type { VerifyAnswer } from "../../publish/verify.ts";
import type { CloudWorld } from "./cloud/http.ts";
import type { Publisher } from "./publisher.ts";
import type { PublisherWorld } from "./publisher_world.ts";

/** All publishers of a config, by their place in it. */
export interface Publishers {
  /** Performs one action. Never rejects; ends within `timeoutMs`, or soon after `signal` fires. */
  perform(
    ref: PublisherRef,
    action: PublishAction,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<PublishResult>;
  /** Asks all places of a publisher's `verify`; none, where it has none. Never rejects. */
  verify(ref: PublisherRef, timeoutMs: number): Promise<readonly VerifyAnswer[]>;
  /** Cuts off what is under way and waits for it. */
  close(): Promise<void>;
}

type Made = typeof import("./create.ts") & {
  readonly byService: ReadonlyMap<string, readonly (Publisher | null)[]>;
};

/**
 * Makes the publishers of each service. Their code, an eighth of all, is brought in at once where there is one at all:
 * not at the first write, which has no time to lose.
 */
export function createPublishers(config: Config, world: PublisherWorld): Publishers {
  const hasAny = config.services.some(({ publish }) => publish.some(({ type }) => type !== "dns"));
  const making = hasAny ? makeAll(config, world) : null;
  making?.catch(() => {}); // a publisher that could not be made fails at each use
  const ending = new AbortController();
  const underWay = new Set<Promise<unknown>>();
  const tracked = async <T>(performed: Promise<T>): Promise<T> => {
    underWay.add(performed);
    try {
      return await performed;
    } finally {
      underWay.delete(performed);
    }
  };
  return {
    perform: async (ref, action, timeoutMs, signal): Promise<PublishResult> => {
      const made = await settled(making);
      const publisher = made?.byService.get(ref.service)?.[ref.index] ?? null;
      if (publisher === null) {
        return { kind: "failed", detail: "there is no such publisher", retryAfterMs: null };
      }
      return await tracked(
        publisher.perform(action, timeoutMs, AbortSignal.any([signal, ending.signal])),
      );
    },
    verify: async (ref, timeoutMs): Promise<readonly VerifyAnswer[]> => {
      const service = config.services.find(({ name }) => name === ref.service);
      const publisher = service?.publish[ref.index];
      if (service === undefined || publisher === undefined || !("verify" in publisher)) return [];
      const made = await settled(making);
      if (made === null) return [];
      const spell = made.spellingsOf(service);
      const answers = await tracked(made.verifyRound(publisher, world, timeoutMs, ending.signal));
      return answers.map((answer) =>
        typeof answer.shows === "string" ? { ...answer, shows: spell(answer.shows) } : answer
      );
    },
    close: async (): Promise<void> => {
      ending.abort();
      await Promise.allSettled(underWay);
    },
  };
}

async function makeAll(config: Config, world: PublisherWorld): Promise<Made> {
  const parts = await import("./create.ts");
  const wallMs = (): number => world.wallMs();
  const cloud: CloudWorld = { wallMs, budgets: new parts.RateBudgets(wallMs) };
  const byService = new Map<string, readonly (Publisher | null)[]>();
  for (const service of config.services) {
    const own = service.publish.map((publisher) =>
      parts.createPublisher(publisher, service, { ...world, wallMs, cloud })
    );
    byService.set(service.name, own);
  }
  return { ...parts, byService };
}

/** Null where there is none, or its code is gone. */
async function settled(making: Promise<Made> | null): Promise<Made | null> {
  try {
    return await making;
  } catch {
    return null;
  }
}
