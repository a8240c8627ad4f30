/** The committed state as the zone that the embedded DNS server answers from. */
import type { Result } from "../base/result.ts";
import type { Config, DnsConfig } from "../config/config.ts";
import { parseIpv4, parseIpv6 } from "../dns/address.ts";
import { buildZone, type ZoneInput } from "../dns/build_zone.ts";
import { isWithin, parseName } from "../dns/name.ts";
import type { Zone } from "../dns/zone.ts";
import type { ClusterState } from "../failover/cluster_state.ts";

/** Builds the zone. Names without a decision exist and have no records. */
export function zoneOf(config: Config, dns: DnsConfig, cluster: ClusterState | null): Result<Zone, string> {
  const records: ZoneInput["records"][number][] = [];
  for (const service of config.services) {
    const active = cluster?.services[service.name]?.active ?? null;
    const text = service.targets.find((target) => target.name === active)?.publish ?? null;
    for (const publisher of service.publish) {
      if (publisher.type !== "dns") continue;
      const ttlSeconds = Math.round(publisher.ttlMs / 1000);
      records.push({
        name: publisher.name,
        ttlSeconds,
        value: text === null ? null : { kind: kindOf(text), text },
      });
    }
  }
  const serial = cluster?.serial ?? 1;
  return buildZone({
    origin: dns.zone,
    nameservers: dns.nameservers,
    serial,
    records,
    glue: glueOf(config, dns),
  });
}

function kindOf(text: string): "address" | "name" {
  return isAddress(text) ? "address" : "name";
}

function isAddress(text: string): boolean {
  return parseIpv4(text) !== null || parseIpv6(text) !== null;
}

/** Name servers inside the zone are the nodes, in the order of the config: their addresses are the glue. */
function glueOf(config: Config, dns: DnsConfig): NonNullable<ZoneInput["glue"]> {
  const origin = parseName(dns.zone);
  if (!origin.ok) return [];
  return dns.nameservers.flatMap((name, i) => {
    const parsed = parseName(name);
    const address = config.cluster.nodes[i]?.address.host ?? "";
    return parsed.ok && isWithin(parsed.value, origin.value) && isAddress(address) ? [{ name, address }] : [];
  });
}
