/** One publisher of a config. Only nodes that have publishers load this file and what is behind it. */
import type { PublisherConfig, ServiceConfig } from "../../config/config.ts";
import { formatIpv6, parseIpv6 } from "../../dns/address.ts";
import type { PublishResult } from "../../publish/action.ts";
import { createCloudPublisher, createMovingPublisher } from "./cloud/index.ts";
import type { CloudWorld } from "./cloud/http.ts";
import { createExecPublisher } from "./exec.ts";
import { createPowerdnsPublisher } from "./powerdns.ts";
import type { Publisher } from "./publisher.ts";
import type { PublisherWorld } from "./publisher_world.ts";
import { createRfc2136Publisher } from "./rfc2136.ts";
import { createWebhookPublisher } from "./webhook.ts";

export { RateBudgets } from "./cloud/limits.ts";
export { verifyRound } from "./verify.ts";

/** Null for the embedded DNS server. */
export function createPublisher(
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

/** Says a value that was read as the config has it. */
export function spellingsOf(service: ServiceConfig): (value: string) => string {
  const spellings = new Map(service.targets.map(({ publish }) => [canonical(publish), publish]));
  return (value) => spellings.get(canonical(value)) ?? value;
}

function canonical(value: string): string {
  const six = parseIpv6(value);
  return six === null ? value.toLowerCase() : formatIpv6(six);
}
