import type { Config, DnsConfig } from "../config/config.ts";
import { zoneDigest } from "../config/zone_digest.ts";
import type { CurrentZones } from "../adapters/dns_server.ts";
import type { SerialNews } from "../adapters/dns_notify.ts";
import { type Name, parseName } from "../dns/name.ts";
import type { Served, TransferRule } from "../dns/serve.ts";
import type { Zone } from "../dns/prepared.ts";
import type { ClusterState } from "../failover/cluster_state.ts";
import type { LogEvent } from "../node/events.ts";
import { processEvent } from "../node/process_event.ts";
import { zonesOf } from "./zone.ts";

export interface ZoneWorld {
  /** Whether some leader's lease is known to this node. */
  readonly leaseInSight: () => boolean;
  readonly log: (event: LogEvent) => void;
  /** Serials that secondaries are to be told. */
  readonly changed: (news: readonly SerialNews[]) => void;
}

/** What the embedded DNS server answers just now: built once for each committed state, then only looked up. */
export class ZoneKeeper {
  #config: Config;
  readonly #dns: DnsConfig | null;
  readonly #world: ZoneWorld;
  readonly #servfail: CurrentZones;
  #transfer: TransferRule | null = null;
  #zones: readonly Zone[] | null = null;
  #served: Served | null = null;
  #digest: number | null;
  #copyable = false;
  /** Why the last committed state could not become zones; empty when it did. */
  problems: readonly string[] = [];

  constructor(config: Config, world: ZoneWorld) {
    this.#config = config;
    this.#digest = zoneDigest(config);
    this.#dns = config.dns;
    this.#world = world;
    this.#servfail = { servfail: true, origins: (config.dns?.zones ?? []).flatMap(nameOf) };
  }

  /** Who may copy the zones from now on. */
  allow(transfer: TransferRule | null): void {
    this.#transfer = transfer;
    this.#serve();
  }

  /** Takes up another config; `[dns]` itself stays the same. */
  reload(config: Config, cluster: ClusterState | null): void {
    this.#config = config;
    this.#digest = zoneDigest(config);
    if (cluster !== null) this.update(cluster);
  }

  /** Takes a committed state. One that cannot be zones leaves the old answers standing. */
  update(cluster: ClusterState | null): void {
    if (this.#dns === null) return;
    const built = zonesOf(this.#config, this.#dns, cluster);
    if (!built.ok) {
      const text = `The DNS answers cannot be built: ${built.error}`;
      this.problems = [text];
      this.#world.log(processEvent("error", "dns", text));
      return;
    }
    const serialThen = this.#copyable ? this.#zones?.[0]?.soa.serial : undefined;
    this.#zones = built.value;
    this.#copyable = cluster !== null && cluster.zone === this.#digest;
    this.problems = [];
    this.#serve();
    if (this.#copyable && serialThen !== cluster?.serial) {
      this.#world.changed(built.value.map(({ origin, soa }) => ({ origin, serial: soa.serial })));
    }
  }

  /** Nothing committed yet, or no lease in sight under `stale = "servfail"`: clients shall ask another node. */
  current(): CurrentZones {
    const stale = this.#dns?.stale === "servfail" && !this.#world.leaseInSight();
    return this.#served === null || stale ? this.#servfail : this.#served;
  }

  #serve(): void {
    if (this.#zones === null) return;
    this.#served = { zones: this.#zones, transfer: this.#transfer, copyable: this.#copyable };
  }
}

function nameOf(text: string): Name[] {
  const name = parseName(text);
  return name.ok ? [name.value] : [];
}
