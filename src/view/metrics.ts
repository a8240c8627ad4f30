/**
 * Prometheus text (exposition format 0.0.4) of a status. Base units: seconds and ratios. What is not known
 * has no sample.
 */
import type { Status } from "./status_type.ts";

/** What the status does not hold. */
export interface MetricsExtra {
  /**
   * Things counted since the start, by `counterKey`; the names without `abfail_`, with `_total`. Give every
   * counter from 0 on, so that rates see its first step.
   */
  readonly counters: ReadonlyMap<string, number>;
}

type Labels = Readonly<Record<string, string | number>>;
type Kind = "gauge" | "counter";

interface Metric {
  readonly kind: Kind;
  readonly help: string;
  readonly samples: string[];
}

const SECOND = 1000;

/** Key of a counter: `datagrams_refused_total{reason="replay"}`. */
export function counterKey(name: string, labels: Labels = {}): string {
  return name + labelText(labels);
}

/** The whole page for `GET /metrics`. */
export function renderMetrics(status: Status, extra: MetricsExtra): string {
  const page = new MetricsPage();
  addNode(page, status);
  addPeers(page, status);
  addServices(page, status);
  for (const [key, value] of extra.counters) page.addCounter(key, value);
  return page.toString();
}

function addNode(page: MetricsPage, status: Status): void {
  const { node, leader, quorum } = status;
  const info = { version: status.version, cluster: status.cluster, node: node.id, zone: node.zone };
  page.gauge("info", "Always 1; what runs here", 1, info);
  page.gauge("uptime_seconds", "How long this process runs", node.uptimeMs / SECOND);
  page.gauge("term", "Highest term seen", node.term);
  for (const role of ["joining", "follower", "preparing", "claiming", "leader"] as const) {
    page.gauge("role", "1 for the role of this node", Number(node.role === role), { role });
  }
  page.gauge("lease_remaining_seconds", "How long the lease still binds", seconds(node.leaseRemainingMs));
  page.gauge("has_leader", "1 while this node knows a leader", Number(leader !== null));
  page.gauge("leader_node", "Id of the leader", leader?.id ?? null);
  page.gauge("leader_since_seconds", "How long it has led", seconds(leader?.sinceMs ?? null));
  page.gauge("quorum_size", "Nodes in the config", quorum.size);
  page.gauge("quorum_needed", "Nodes needed for a quorum", quorum.needed);
  page.gauge("quorum_alive", "Nodes alive as seen from here, itself included", quorum.alive);
  page.gauge("problems", "How many problems the status names", status.problems.length);
}

function addPeers(page: MetricsPage, status: Status): void {
  for (const peer of status.peers) {
    const labels = { peer: peer.id, zone: peer.zone };
    page.gauge("peer_alive", "1 while this peer is heard", Number(peer.alive), labels);
    page.gauge("peer_suspicion", "0 = heard a moment ago, 1 and above = held dead", peer.suspicion, labels);
    page.gauge("peer_last_heard_seconds", "Age of its last datagram", seconds(peer.lastHeardMs), labels);
    page.gauge("peer_rtt_seconds", "Round trip to this peer", seconds(peer.rttMs), labels);
    const loss = peer.lossPercent === null ? null : Number((peer.lossPercent / 100).toFixed(6));
    page.gauge("peer_loss_ratio", "Share of its datagrams lost, 0..1", loss, labels);
  }
}

function addServices(page: MetricsPage, status: Status): void {
  for (const service of status.services) {
    const own = { service: service.name };
    for (const state of ["ok", "degraded", "down", "unknown"] as const) {
      page.gauge("service_state", "1 for the state of the service", Number(service.state === state), {
        ...own,
        state,
      });
    }
    page.gauge("service_pinned", "1 while pinned by hand", Number(service.pinned !== null), own);
    for (const target of service.targets) {
      const labels = { ...own, target: target.name };
      page.gauge(
        "service_active",
        "1 for the target in charge",
        Number(service.active === target.name),
        labels,
      );
      for (const health of ["up", "suspect", "down", "unknown"] as const) {
        const is = Number(target.health === health);
        page.gauge("target_health", "1 for the health of the target", is, { ...labels, health });
      }
      page.gauge("target_drained", "1 while drained by hand", Number(target.drained), labels);
      const probe = target.lastProbe;
      if (probe === null) continue;
      page.gauge("probe_success", "1 when this node's last probe was good", Number(probe.ok), labels);
      page.gauge("probe_duration_seconds", "What that probe took", probe.latencyMs / SECOND, labels);
      page.gauge("probe_age_seconds", "How long ago it ended", probe.ageMs / SECOND, labels);
    }
    for (const publisher of service.publishers) {
      const labels = { ...own, type: publisher.type, name: publisher.name };
      for (const state of ["ok", "pending", "failed", "drift"] as const) {
        const is = Number(publisher.state === state);
        page.gauge("publisher_state", "1 for the state of the publisher", is, { ...labels, state });
      }
      const verified = seconds(publisher.verifiedMs);
      page.gauge("publisher_verified_age_seconds", "Age of the last read that agreed", verified, labels);
    }
    const last = service.lastSwitch;
    if (last === null) continue;
    page.gauge("last_switch_age_seconds", "Age of the last switch", last.atMs / SECOND, own);
    page.gauge("last_switch_detect_seconds", "Its time until down was certain", seconds(last.detectMs), own);
    page.gauge("last_switch_decide_seconds", "Its time until a majority agreed", seconds(last.decideMs), own);
    page.gauge(
      "last_switch_publish_seconds",
      "Its time until it was published",
      seconds(last.publishMs),
      own,
    );
  }
}

/** Keeps the samples of one metric together, as the format demands. */
class MetricsPage {
  readonly #metrics = new Map<string, Metric>();

  gauge(name: string, help: string, value: number | null, labels: Labels = {}): void {
    if (value !== null) this.#add(name, "gauge", help, labelText(labels), value);
  }

  addCounter(key: string, value: number): void {
    const brace = key.indexOf("{");
    const name = brace === -1 ? key : key.slice(0, brace);
    const labels = brace === -1 ? "" : key.slice(brace);
    const help = `Since the start: ${name.replace(/_total$/, "").replaceAll("_", " ")}`;
    this.#add(name, "counter", help, labels, value);
  }

  toString(): string {
    const lines = [...this.#metrics].flatMap(([name, { kind, help, samples }]) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${kind}`,
      ...samples,
    ]);
    return lines.join("\n") + "\n";
  }

  #add(name: string, kind: Kind, help: string, labels: string, value: number): void {
    const full = `abfail_${name}`;
    const metric = this.#metrics.get(full) ?? { kind, help, samples: [] };
    metric.samples.push(`${full}${labels} ${value}`);
    this.#metrics.set(full, metric);
  }
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(String(value))}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / SECOND;
}
