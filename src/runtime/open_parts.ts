/** The parts of a node that need no other part: each is opened, or says in one sentence why it cannot be. */
import { createApi } from "../adapters/api/api.ts";
import { type ApiServer, startApiServer } from "../adapters/api/server.ts";
import type { Clock } from "../adapters/clock.ts";
import { openStateDir, type StateDir } from "../adapters/state_dir.ts";
import { ok, type Result } from "../base/result.ts";
import type { Config, MemberConfig } from "../config/config.ts";
import type { Durable, LogEvent } from "../node/events.ts";
import { processEvent } from "../node/process_event.ts";
import type { ApiCertificate } from "./api_certificate.ts";
import type { Host } from "./host.ts";
import type { ZoneService } from "./zone_service.ts";

/** Whose parts these are. */
export interface Opening {
  readonly config: Config;
  readonly member: MemberConfig;
  readonly log: (event: LogEvent) => void;
}

/** The state directory and what it remembers; both null where the config names none. */
export function openMemory(
  { config, member, log }: Opening,
): Result<{ stateDir: StateDir | null; memory: Durable | null }, string> {
  const path = config.node.stateDir;
  if (path === null) return ok({ stateDir: null, memory: null });
  const opened = openStateDir({ path, clusterName: config.cluster.name, self: member.id });
  if (!opened.ok) return opened;
  const loaded = opened.value.load();
  if (loaded.ok) return ok({ stateDir: opened.value, memory: loaded.value });
  log(processEvent("error", "state-dir", `${loaded.error} This node starts without memory.`));
  return ok({ stateDir: opened.value, memory: null });
}

/** The embedded DNS server; null where the config has none. */
export async function openZones(
  { config, member, log }: Opening,
  clock: Clock,
  leaseInSight: () => boolean,
  connectionsMax: number | undefined,
): Promise<Result<ZoneService | null, string>> {
  const { dns } = config;
  if (dns === null) return ok(null);
  const { ZoneService } = await import("./zone_service.ts"); // a DNS server is much code for nodes without one
  return await ZoneService.open({ config, dns, member, clock, leaseInSight, log, connectionsMax });
}

/** The HTTP API on its address and socket. */
export async function openApi(
  { config, member, log }: Opening,
  certificate: ApiCertificate,
  host: Host,
  connectionsMax: number | undefined,
): Promise<Result<ApiServer, string>> {
  const listen = member.api ?? config.api.listen;
  const hostNames = config.cluster.nodes.flatMap((node) => [node.address.host, node.api?.host ?? ""])
    .concat(listen.host).filter((name) => name !== "");
  return await startApiServer({
    listen,
    tls: certificate.identity,
    socket: config.api.socket,
    api: createApi(host, { hostNames }),
    connectionsMax,
    onFailure: (detail): void => {
      log(processEvent("error", "api", `A request failed: ${detail}`));
    },
  });
}
