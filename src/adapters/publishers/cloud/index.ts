/** The publishers on cloud DNS APIs. Each file says what its provider can and cannot do. */
import { unreachable } from "../../../base/assert.ts";
import type { CloudPublisher } from "../../../config/publisher.ts";
import type { Publisher } from "../publisher.ts";
import { createCloudflarePublisher } from "./cloudflare.ts";
import { createDesecPublisher } from "./desec.ts";
import { createDigitaloceanDnsPublisher } from "./digitalocean_dns.ts";
import { createGandiPublisher } from "./gandi.ts";
import { createGoogleDnsPublisher } from "./google_dns.ts";
import { createHetznerDnsPublisher } from "./hetzner_dns.ts";
import { createRoute53Publisher } from "./route53.ts";

/** The publisher of one record. `wallMs`: ms since 1970, for signatures and rate limits. */
export function createCloudPublisher(config: CloudPublisher, wallMs: () => number): Publisher {
  const { domain, record, recordType, ttlMs, token, apiUrl } = config;
  const options = { domain, record, recordType, ttlS: ttlMs / 1000, token, apiUrl, wallMs };
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
