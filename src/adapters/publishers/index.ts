/** All publishers of a config that act on the world; the embedded DNS server is none of them. */
import { unreachable } from "../../base/assert.ts";
import type { Config, PublisherConfig } from "../../config/config.ts";
import type { PublisherRef } from "../../node/events.ts";
import type { PublishAction, PublishResult } from "../../publish/action.ts";
import { createExecPublisher } from "./exec.ts";
import type { Publisher } from "./publisher.ts";

export interface Publishers {
  /** Performs one action. Never rejects; ends within `timeoutMs`, or soon after `signal` fires. */
  perform(
    ref: PublisherRef,
    action: PublishAction,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<PublishResult>;
  /** Cuts off what is under way and waits for it. */
  close(): Promise<void>;
}

/** Makes the publishers of each service. */
export function createPublishers(config: Config): Publishers {
  const byService = new Map<string, readonly (Publisher | null)[]>();
  for (const service of config.services) {
    byService.set(service.name, service.publish.map((publisher) => createPublisher(publisher, service.name)));
  }
  const ending = new AbortController();
  const underWay = new Set<Promise<PublishResult>>();
  return {
    perform: async (ref, action, timeoutMs, signal): Promise<PublishResult> => {
      const publisher = byService.get(ref.service)?.[ref.index] ?? null;
      if (publisher === null) {
        return { kind: "failed", detail: "there is no such publisher", retryAfterMs: null };
      }
      const performed = publisher.perform(action, timeoutMs, AbortSignal.any([signal, ending.signal]));
      underWay.add(performed);
      try {
        return await performed;
      } finally {
        underWay.delete(performed);
      }
    },
    close: async (): Promise<void> => {
      ending.abort();
      await Promise.allSettled(underWay);
    },
  };
}

function createPublisher(config: PublisherConfig, service: string): Publisher | null {
  switch (config.type) {
    case "dns":
      return null;
    case "exec":
      return createExecPublisher(config, service);
    default:
      return unreachable(config);
  }
}
