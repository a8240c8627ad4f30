/** What the report's picture shows of a virtual world, moment by moment. */
import { holdsLease } from "../election/step.ts";
import type { ClusterState } from "../failover/cluster_state.ts";
import type { VirtualClient } from "./client.ts";
import type { Lanes } from "./lanes.ts";
import type { ServiceJudge } from "./judge_service.ts";
import type { Machine } from "./machine.ts";

/** What can be seen of a world. */
export interface View {
  readonly machines: readonly Machine[];
  readonly services: readonly ServiceJudge[];
  readonly clients: readonly VirtualClient[];
}

/** Draws one moment, `at` in true ms. */
export function drawMoment(lanes: Lanes, view: View, cluster: ClusterState | null, at: number): void {
  for (const machine of view.machines) {
    lanes.sample("node", `node ${machine.id} (${machine.zone})`, looksOf(machine, at), at);
  }
  for (const { service, targets, providers } of view.services) {
    for (const target of targets) {
      const cut = target.cutOff.size > 0 ? "partly cut off" : "up";
      lanes.sample("target", `${service.name}/${target.name}`, target.trouble ?? cut, at);
    }
    const decided = cluster?.services[service.name];
    if (decided !== undefined) {
      lanes.sample("active", `${service.name} active`, decided.active ?? "nothing", at);
    }
    for (const { value, index } of providers) {
      const shows = targets.find((target) => target.published === value)?.name ?? value ?? "nothing";
      lanes.sample("record", `${service.name} record ${index}`, shows, at);
    }
  }
  for (const client of view.clients) {
    lanes.sample(
      "client",
      `${client.service} clients`,
      client.lastOk === null ? "waiting" : client.lastOk ? "served" : "failing",
      at,
    );
  }
}

function looksOf(machine: Machine, at: number): string {
  if (machine.program === null) return "down";
  if (machine.pausedAt !== null) return "paused";
  const { election } = machine.program;
  if (election.joining !== null) return "joining";
  return holdsLease(election, machine.clock.now(at)) ? "leader" : "follower";
}
