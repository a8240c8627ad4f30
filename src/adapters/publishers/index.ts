/** All publishers of a config that act on the world; the embedded DNS server is none of them. */
import type { Config, PublisherConfig, ServiceConfig } from "../../config/config.ts";
import { formatIpv6, parseIpv6 } from "../../dns/address.ts";
import type { PublisherRef } from "../../node/events.ts";
import type { PublishAction, PublishResult } from "../../publish/action.ts";
import type { VerifyAnswer } from "../../publish/verify.ts";
import { createCloudPublisher, createMovingPublisher } from "./cloud/index.ts";
import type { CloudWorld } from "./cloud/http.ts";
import { RateBudgets } from "./cloud/limits.ts";
import { createExecPublisher } from "./exec.ts";
import { createPowerdnsPublisher } from "./powerdns.ts";
import type { Publisher } from "./publisher.ts";
import { createRfc2136Publisher, type Rfc2136World } from "./rfc2136.ts";
import { verifyRound, type VerifyWorld } from "./verify.ts";
import { createWebhookPublisher } from "./webhook.ts";

/** What publishers take from the system. */
export type PublisherWorld = Rfc2136World & VerifyWorld;

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

/** Makes the publishers of each service. */
export function createPublishers(config: Config, world: PublisherWorld): Publishers {
  const wallMs = (): number => world.wallMs();
  const cloud: CloudWorld = { wallMs, budgets: new RateBudgets(wallMs) };
  const byService = new Map<string, readonly (Publisher | null)[]>();
  for (const service of config.services) {
    byService.set(
      service.name,
      service.publish.map((publisher) => createPublisher(publisher, service, { ...world, wallMs, cloud })),
    );
  }
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
      const publisher = byService.get(ref.service)?.[ref.index] ?? null;
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
      const spell = spellingsOf(service);
      const answers = await tracked(verifyRound(publisher, world, timeoutMs, ending.signal));
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

function createPublisher(
  config: PublisherConfig,
  service: ServiceConfig,
  world: PublisherWorld & { readonly cloud: CloudWorld },
): Publisher | null {
  switch (config.type) {
    case "dns":
      return null;
    case "exec":
      return createExecPublisher(config, service.name);
    case "rfc2136":
      return spelledAs(service, createRfc2136Publisher(config, world));
    case "powerdns":
      return spelledAs(service, createPowerdnsPublisher(config, () => world.wallMs()));
    case "webhook":
      return createWebhookPublisher(config, service.name, () => world.wallMs());
    case "digitalocean-reserved-ip":
    case "hetzner-floating-ip": {
      const values = new Map(service.targets.map(({ name, publish }) => [name, publish]));
      return createMovingPublisher(config, values, world.cloud);
    }
    default:
      return spelledAs(service, createCloudPublisher(config, world.cloud));
  }
}

/** DNS has many spellings of one value: what is read is said as the config has it. */
function spelledAs(service: ServiceConfig, publisher: Publisher): Publisher {
  const spell = spellingsOf(service);
  return {
    canRead: publisher.canRead,
    perform: async (action, timeoutMs, signal): Promise<PublishResult> => {
      const result = await publisher.perform(action, timeoutMs, signal);
      if (result.kind !== "ok" || typeof result.shows !== "string") return result;
      return { ...result, shows: spell(result.shows) };
    },
  };
}

function spellingsOf(service: ServiceConfig): (value: string) => string {
  const spellings = new Map(service.targets.map(({ publish }) => [canonical(publish), publish]));
  return (value) => spellings.get(canonical(value)) ?? value;
}

function canonical(value: string): string {
  const six = parseIpv6(value);
  return six === null ? value.toLowerCase() : formatIpv6(six);
}
