import type { Config, DnsConfig } from "../config/config.ts";
import type { CurrentZone } from "../adapters/dns_server.ts";
import { type Name, parseName } from "../dns/name.ts";
import type { Zone } from "../dns/zone.ts";
import type { ClusterState } from "../failover/cluster_state.ts";
import type { LogEvent } from "../node/events.ts";
import { zoneOf } from "./zone.ts";

/** What the embedded DNS server answers just now: built once for each committed state, then only looked up. */
export class ZoneKeeper {
  #config: Config;
  readonly #dns: DnsConfig | null;
  readonly #leaseInSight: () => boolean;
  readonly #log: (event: LogEvent) => void;
  readonly #origin: Name | null;
  #zone: Zone | null = null;
  /** Why the last committed state could not become a zone; empty when it did. */
  problems: readonly string[] = [];

  constructor(config: Config, leaseInSight: () => boolean, log: (event: LogEvent) => void) {
    this.#config = config;
    this.#dns = config.dns;
    this.#leaseInSight = leaseInSight;
    this.#log = log;
    const origin = config.dns === null ? null : parseName(config.dns.zone);
    this.#origin = origin?.ok === true ? origin.value : null;
  }

  /** Takes up another config; the zone itself stays the same. */
  reload(config: Config, cluster: ClusterState | null): void {
    this.#config = config;
    if (cluster !== null) this.update(cluster);
  }

  /** Takes a committed state. One that cannot be a zone leaves the old answers standing. */
  update(cluster: ClusterState | null): void {
    if (this.#dns === null) return;
    const built = zoneOf(this.#config, this.#dns, cluster);
    if (built.ok) {
      this.#zone = built.value;
      this.problems = [];
      return;
    }
    const text = `The DNS answers cannot be built: ${built.error}`;
    this.problems = [text];
    this.#log({ level: "error", name: "dns", text, epoch: null, service: null, data: {} });
  }

  /** Nothing committed yet, or no lease in sight under `stale = "servfail"`: clients shall ask another node. */
  current(): CurrentZone {
    const zone = this.#zone;
    const stale = this.#dns?.stale === "servfail" && !this.#leaseInSight();
    return zone === null || stale ? { servfail: true, origin: this.#origin } : { zone };
  }
}
