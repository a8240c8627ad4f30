/** The embedded DNS of one node: its zones, the server that answers from them, and the word to the secondaries. */
import { type Clock, stopwatchMs } from "../adapters/clock.ts";
import { ZoneNotifier } from "../adapters/dns_notify.ts";
import { type DnsServer, startDnsServer } from "../adapters/dns_server.ts";
import { systemRandom } from "../adapters/random.ts";
import { readTsigKey } from "../adapters/tsig_key.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Config, DnsConfig, HostPort, MemberConfig } from "../config/config.ts";
import { type Networks, parseNetwork } from "../dns/network.ts";
import type { TransferRule } from "../dns/serve.ts";
import type { TsigKey } from "../dns/tsig.ts";
import type { ClusterState } from "../failover/cluster_state.ts";
import type { LogEvent } from "../node/events.ts";
import { processEvent } from "../node/process_event.ts";
import { ZoneKeeper } from "./zone_keeper.ts";

export interface ZoneServiceOptions {
  readonly config: Config;
  readonly dns: DnsConfig;
  readonly member: MemberConfig;
  readonly clock: Clock;
  readonly leaseInSight: () => boolean;
  readonly log: (event: LogEvent) => void;
  /** Connections at once over TCP; default as the server's. */
  readonly connectionsMax?: number | undefined;
}

export class ZoneService {
  readonly server: DnsServer;
  readonly notifier: ZoneNotifier;
  readonly #options: ZoneServiceOptions;
  readonly #keeper: ZoneKeeper;
  #key: TsigKey | null = null;
  #keyProblem: string | null = null;

  private constructor(
    options: ZoneServiceOptions,
    keeper: ZoneKeeper,
    server: DnsServer,
    makeNotifier: (key: () => TsigKey | null) => ZoneNotifier,
  ) {
    this.#options = options;
    this.#keeper = keeper;
    this.server = server;
    this.notifier = makeNotifier(() => this.#key);
  }

  /** Opens the sockets; nothing is answered but SERVFAIL until `update`. The error is one sentence for people. */
  static async open(options: ZoneServiceOptions): Promise<Result<ZoneService, string>> {
    const { config, dns, member, clock, leaseInSight, log } = options;
    const listen = member.dns === null ? dns.listen : [member.dns];
    const started: { service: ZoneService | null } = { service: null };
    const keeper = new ZoneKeeper(config, {
      leaseInSight,
      log,
      changed: (news) => started.service?.notifier.tell(news),
    });
    const server = await startDnsServer({
      listen,
      current: () => keeper.current(),
      wallMs: () => clock.wallMs(),
      nowMs: stopwatchMs,
      rateLimit: { ...dns.rateLimit, exempt: networksOf(dns.rateLimit.exempt) },
      maxConnections: options.connectionsMax,
    });
    if (!server.ok) return err(server.error);
    const service = new ZoneService(options, keeper, server.value, (key) =>
      new ZoneNotifier({
        secondaries: dns.transfer.notify,
        from: (listen[0] as HostPort).host,
        key,
        nowS: () => clock.wallMs() / 1000,
        random: () => systemRandom.next(),
        log: (level, text) => log(processEvent(level, "dns", text)),
      }));
    started.service = service;
    await service.#readKey();
    return ok(service);
  }

  /** What is wrong, for status. */
  get problems(): readonly string[] {
    const key = this.#keyProblem === null ? [] : [this.#keyProblem];
    return [...this.server.problems, ...this.#keeper.problems, ...key];
  }

  /** Takes a committed state. */
  update(cluster: ClusterState | null): void {
    this.#keeper.update(cluster);
  }

  /** Takes up another config, and the secret of the key as it is now; the rest of `[dns]` stays. */
  reload(config: Config, cluster: ClusterState | null): void {
    this.#keeper.reload(config, cluster);
    void this.#readKey();
  }

  async close(): Promise<void> {
    await Promise.all([this.server.close(), this.notifier.close()]);
  }

  async #readKey(): Promise<void> {
    const { from, key } = this.#options.dns.transfer;
    if (key !== null) {
      const read = await readTsigKey(key);
      this.#key = read.ok ? read.value : null;
      this.#keyProblem = read.ok ? null : `Nobody can copy the zones: ${read.error}.`;
      if (this.#keyProblem !== null) this.#options.log(processEvent("error", "dns", this.#keyProblem));
    }
    this.#keeper.allow(ruleOf(from, this.#key, key !== null));
  }
}

function ruleOf(from: readonly string[], key: TsigKey | null, needsKey: boolean): TransferRule | null {
  if (from.length === 0 && !needsKey) return null;
  return { from: from.length === 0 ? null : networksOf(from), key, needsKey };
}

function networksOf(texts: readonly string[]): Networks {
  return texts.flatMap((text) => {
    const network = parseNetwork(text);
    return network.ok ? [network.value] : [];
  });
}
