import type { Config } from "./config.ts";
import { fnv32 } from "./digest.ts";

/**
 * One number, 32 bits, for all of a config that the zones are made of beside what is decided: equal configs
 * answer equally. Null without the embedded server.
 *
 * Why: the SOA serial must rise when the answers change, and they change with the config too (a TTL, what a target
 * publishes). The leader commits the digest of its config along with the serial; a node whose own config has
 * another digest knows that its zones are not those which the serial stands for.
 */
export function zoneDigest(config: Config): number | null {
  const { dns, cluster, services } = config;
  if (dns === null) return null;
  const answers = services.map(({ name, targets, publish }) => [
    name,
    targets.map((target) => [target.name, target.publish]),
    publish.flatMap((one) => one.type === "dns" ? [[one.name, one.ttlMs]] : []),
  ]).filter(([, , names]) => names?.length !== 0);
  const glue = cluster.nodes.map(({ address }) => address.host);
  return fnv32(JSON.stringify([dns.zones, dns.nameservers, glue, answers]));
}
