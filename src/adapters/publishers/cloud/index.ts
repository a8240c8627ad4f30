/** The publishers on cloud DNS APIs. Each file says what its provider can and cannot do. */
import { unreachable } from "../../../base/assert.ts";
import type { AddressPublisher, CloudPublisher } from "../../../config/publisher.ts";
import type { Publisher } from "../publisher.ts";
import { createCloudflarePublisher } from "./cloudflare.ts";
import { createDesecPublisher } from "./desec.ts";
import { createDigitaloceanDnsPublisher } from "./digitalocean_dns.ts";
import type { CloudWorld } from "./http.ts";
import { createGandiPublisher } from "./gandi.ts";
import { createDigitaloceanReservedIpPublisher } from "./digitalocean_reserved_ip.ts";
import { createGoogleDnsPublisher } from "./google_dns.ts";
import { createHetznerFloatingIpPublisher } from "./hetzner_floating_ip.ts";
import { createHetznerDnsPublisher } from "./hetzner_dns.ts";
import { createRoute53Publisher } from "./route53.ts";

/** The publisher of one record. */
export function createCloudPublisher(config: CloudPublisher, world: CloudWorld): Publisher {
  const { domain, record, recordType, ttlMs, token, apiUrl } = config;
  const options = { domain, record, recordType, ttlS: ttlMs / 1000, token, apiUrl, world };
  switch (config.type) {
    case "digitalocean-dns":
      return createDigitaloceanDnsPublisher(options);
    case "cloudflare":
      return createCloudflarePublisher(options);
    case "route53":
      return createRoute53Publisher({ ...options, zoneId: config.zoneId, accessKeyId: config.accessKeyId });
    case "google-dns":
      return createGoogleDnsPublisher({
        ...options,
        project: config.project,
        managedZone: config.managedZone,
      });
    case "hetzner-dns":
      return createHetznerDnsPublisher(options);
    case "desec":
      return createDesecPublisher(options);
    case "gandi":
      return createGandiPublisher(options);
    default:
      return unreachable(config);
  }
}

/** The publisher of one address that moves. `values`: what each target publishes, by its name. */
export function createMovingPublisher(
  config: AddressPublisher,
  values: ReadonlyMap<string, string>,
  world: CloudWorld,
): Publisher {
  switch (config.type) {
    case "digitalocean-reserved-ip":
      return createDigitaloceanReservedIpPublisher(config, values, world);
    case "hetzner-floating-ip":
      return createHetznerFloatingIpPublisher(config, values, world);
    default:
      return unreachable(config.type);
  }
}
