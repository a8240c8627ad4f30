/** Taking up another config while the node runs (SIGHUP): role, lease and what is decided stay as they are. */
import { configDigest } from "../config/digest.ts";
import { zoneDigest } from "../config/zone_digest.ts";
import type { Config } from "../config/config.ts";
import { beginPublishing, wishCommitted } from "./publishing.ts";
import { createServices, targetsOf } from "./services.ts";
import type { NodeTurn } from "./turn.ts";

/** Takes up a config of the same members and election: the caller has seen to that (`compareConfigs`). */
export function onReload(turn: NodeTurn, config: Config): void {
  const { state, env, now } = turn;
  const kept = new Set(
    state.services.flatMap((service) => service.publishers.map((slot) => slot.reconciler)),
  );
  state.config = config;
  state.configDigest = configDigest(config);
  state.zoneDigest = zoneDigest(config);
  state.services = createServices(config, state.services, env);
  const otherTargets = state.targetsDigest;
  Object.assign(state, targetsOf(state.services));
  for (const peer of state.peers.values()) {
    peer.differs = [];
    peer.compare = { parts: new Map(), nextAskAt: now };
    if (state.targetsDigest === otherTargets) continue;
    peer.opinions = new Array(state.targets.length).fill("unknown");
    peer.reportedAt = -Infinity;
  }
  state.reportFrom = 0;
  // A receiver with other settings has forgotten what it was handed; one that is the same knows it by its key.
  state.telling.sent.clear();
  state.dirty = true;
  if (state.leading !== null) {
    for (const service of state.services) {
      for (const publisher of service.publishers) {
        if (!kept.has(publisher.reconciler)) beginPublishing(turn, service, publisher);
      }
    }
    wishCommitted(turn);
  }
  turn.log("info", "reload", "The config was read again and is in force.");
  turn.shareReport();
}
