/**
 * A status as Prometheus text (exposition format 0.0.4). Base units: seconds and ratios. What is not known has no
 * sample. Made anew at each scrape; what is counted from the start on lives in `runtime/tally.ts`.
 */
import { Counter, Gauge, Registry } from "./prometheus.ts";
import type { Status } from "./status_type.ts";

/** What the status does not hold. */
export interface MetricsExtra {
  /** Things counted since the start. Give every counter from 0 on, so that rates see its first step. */
  readonly counters: readonly CounterSample[];
  /** Notices that wait for each receiver, by name; as committed, so every node knows. */
  readonly notices?: readonly (readonly [string, number])[];
  /** How probes are started; absent where nobody measures it. */
  readonly probes?: ProbeFigures;
  /** This process; absent where nobody measures it. */
  readonly process?: ProcessFigures;
}

/** One counter that something else counts. */
export interface CounterSample {
  /** Without `abfail_`, with `_total`. */
  readonly name: string;
  readonly help: string;
  /** The same label names for all samples of one name. */
  readonly labels?: Labels;
  readonly value: number;
}

/** How this node's probes are started. */
export interface ProbeFigures {
  /** Start lateness by share (0..1) over the last half to whole minute, ms; null when there was no probe. */
  readonly latenessMs: readonly (readonly [number, number | null])[];
  readonly running: number;
  readonly waiting: number;
}

/** What this process takes. */
export interface ProcessFigures {
  readonly residentBytes: number;
  /** What the JavaScript heap holds, and buffers outside of it. */
  readonly heapBytes: number;
  /** What it has used of the processors, user and system, ms. */
  readonly cpuMs: number;
  /** When it started, wall clock, ms. */
  readonly startedAtMs: number;
  /** The latest that its timer was in the last ten seconds, ms. */
  readonly timerLatenessMs: number;
}

type Labels = Readonly<Record<string, string | number>>;

const SECOND = 1000;

/** The page for `GET /metrics`, as far as it is made from the status. */
export function renderMetrics(status: Status, extra: MetricsExtra): string {
  const page = new MetricsPage();
  addNode(page, status);
  addPeers(page, status);
  addServices(page, status);
  for (const [receiver, waiting] of extra.notices ?? []) {
    page.gauge("notices_waiting", "Notices that this receiver has not been told yet", waiting, { receiver });
  }
  if (extra.probes !== undefined) addProbes(page, extra.probes);
  if (extra.process !== undefined) addProcess(page, extra.process);
  for (const { name, help, labels = {}, value } of extra.counters) page.counter(name, help, value, labels);
  return page.text();
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

function addProbes(page: MetricsPage, { latenessMs, running, waiting }: ProbeFigures): void {
  const help = "So late at most that share of the last minute's probes started";
  for (const [share, ms] of latenessMs) {
    page.gauge("probe_start_lateness_recent_seconds", help, seconds(ms), { share });
  }
  page.gauge("probes_running", "Probes under way", running);
  page.gauge("probes_waiting", "Probes that wait because too many are under way", waiting);
}

function addProcess(
  page: MetricsPage,
  { residentBytes, heapBytes, cpuMs, startedAtMs, timerLatenessMs }: ProcessFigures,
): void {
  page.plainCounter("process_cpu_seconds_total", "Processor time used, user and system", cpuMs / SECOND);
  page.plainGauge("process_resident_memory_bytes", "Resident memory of this process", residentBytes);
  page.gauge("heap_used_bytes", "JavaScript heap in use, buffers included", heapBytes);
  page.plainGauge(
    "process_start_time_seconds",
    "When it started, since the Unix epoch",
    seconds(startedAtMs),
  );
  const late = "The latest that this process's timer was in the last ten seconds: its event loop";
  page.gauge("timer_lateness_max_seconds", late, seconds(timerLatenessMs));
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
      page.gauge("last_probe_duration_seconds", "What that probe took", probe.latencyMs / SECOND, labels);
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
      for (const { server, agrees, lagMs } of publisher.verify ?? []) {
        const at = { ...labels, server };
        page.gauge(
          "publisher_verify_agrees",
          "1 while that name server or resolver shows it",
          Number(agrees),
          at,
        );
        const lag = "How long it took to show what was published last, or has not shown it";
        page.gauge("publisher_verify_lag_seconds", lag, seconds(lagMs), at);
      }
      const { rehearsal } = publisher;
      if (rehearsal === undefined) continue;
      const proven = seconds(rehearsal.provenMs);
      page.gauge("publisher_proven_age_seconds", "Age of the last write, rehearsed or not", proven, labels);
      if (rehearsal.state === "off") continue;
      const well = Number(rehearsal.state !== "failed");
      page.gauge("publisher_rehearsal_ok", "0 while a failover would not be published", well, labels);
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

/** One scrape's registry. */
class MetricsPage {
  readonly #registry = new Registry();
  readonly #gauges = new Map<string, Gauge>();
  readonly #counters = new Map<string, Counter>();

  gauge(name: string, help: string, value: number | null, labels: Labels = {}): void {
    this.plainGauge(`abfail_${name}`, help, value, labels);
  }

  /** One whose name is everybody's. */
  plainGauge(name: string, help: string, value: number | null, labels: Labels = {}): void {
    if (value === null) return;
    const gauge = this.#gauges.get(name) ?? new Gauge({ name, help, ...this.#with(labels) });
    this.#gauges.set(name, gauge);
    gauge.set(labels, value);
  }

  counter(shortName: string, help: string, value: number, labels: Labels): void {
    this.plainCounter(`abfail_${shortName}`, help, value, labels);
  }

  /** One whose name is everybody's. */
  plainCounter(name: string, help: string, value: number, labels: Labels = {}): void {
    const counter = this.#counters.get(name) ?? new Counter({ name, help, ...this.#with(labels) });
    this.#counters.set(name, counter);
    counter.inc(labels, value);
  }

  text(): string {
    return this.#registry.metrics();
  }

  #with(labels: Labels): { readonly labelNames: string[]; readonly registers: Registry[] } {
    return { labelNames: Object.keys(labels), registers: [this.#registry] };
  }
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / SECOND;
}
