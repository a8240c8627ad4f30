/** The committed state as the zones that the embedded DNS server answers from. */
import { err, ok, type Result } from "../base/result.ts";
import type { Config, DnsConfig } from "../config/config.ts";
import { parseIpv4, parseIpv6 } from "../dns/address.ts";
import { buildZone, type ZoneInput, type ZoneRecordInput } from "../dns/build_zone.ts";
import { isWithin, type Name, parseName } from "../dns/name.ts";
import type { Zone } from "../dns/prepared.ts";
import type { ClusterState } from "../failover/cluster_state.ts";

/** Builds all zones, or none. Names without a decision exist and have no records. */
export function zonesOf(
  config: Config,
  dns: DnsConfig,
  cluster: ClusterState | null,
): Result<readonly Zone[], string> {
  const zones: Zone[] = [];
  const records = recordsOf(config, cluster);
  for (const text of dns.zones) {
    const origin = parseName(text);
    if (!origin.ok) return err(`${text} is not a name`);
    const built = buildZone({
      origin: text,
      nameservers: dns.nameservers,
      serial: cluster?.serial ?? 1,
      records: records.filter(({ name }) => isBelow(name, origin.value)),
      glue: glueOf(config, dns, origin.value),
    });
    if (!built.ok) return built;
    zones.push(built.value);
  }
  return ok(zones);
}

function recordsOf(config: Config, cluster: ClusterState | null): ZoneRecordInput[] {
  const records: ZoneRecordInput[] = [];
  for (const service of config.services) {
    const active = cluster?.services[service.name]?.active ?? null;
    const text = service.targets.find((target) => target.name === active)?.publish ?? null;
    for (const publisher of service.publish) {
      if (publisher.type !== "dns") continue;
      const ttlSeconds = Math.round(publisher.ttlMs / 1000);
      const value = text === null ? null : { kind: kindOf(text), text };
      records.push({ name: publisher.name, ttlSeconds, value });
    }
  }
  return records;
}

function isBelow(text: string, origin: Name): boolean {
  const name = parseName(text);
  return name.ok && isWithin(name.value, origin);
}

function kindOf(text: string): "address" | "name" {
  return isAddress(text) ? "address" : "name";
}

function isAddress(text: string): boolean {
  return parseIpv4(text) !== null || parseIpv6(text) !== null;
}

/** Name servers inside the zone are the nodes, in the order of the config: their addresses are the glue. */
function glueOf(config: Config, dns: DnsConfig, origin: Name): NonNullable<ZoneInput["glue"]> {
  return dns.nameservers.flatMap((name, i) => {
    const address = config.cluster.nodes[i]?.address.host ?? "";
    return isBelow(name, origin) && isAddress(address) ? [{ name, address }] : [];
  });
}
