/**
 * A status as Prometheus text (exposition format 0.0.4). Base units: seconds and ratios. What is not known has no
 * sample. Made anew at each scrape, line by line, as it is read (`prometheus.ts` says why); what is counted from the
 * start on lives in `runtime/tally.ts`.
 */
import { headingText, type Labels, labelText, sampleText } from "./prometheus.ts";
import type { PublisherStatus, ServiceStatus, Status, TargetStatus } from "./status_type.ts";

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

const SECOND = 1000;

/** The text of its labels, and the value; null = not known. */
type Sample = readonly [labels: string, value: number | null];

/** One metric and its samples, made as they are read. */
interface Family {
  readonly kind: "gauge" | "counter";
  readonly name: string;
  readonly help: string;
  readonly samples: Iterable<Sample>;
}

/** The page for `GET /metrics`, as far as it is made from the status, in whole lines. */
export function* renderMetrics(status: Status, extra: MetricsExtra): Generator<string> {
  for (const { kind, name, help, samples } of familiesOf(status, extra)) {
    let isBegun = false;
    for (const [labels, value] of samples) {
      if (value === null) continue;
      if (!isBegun) yield headingText(kind, name, help);
      isBegun = true;
      yield sampleText(name, labels, value);
    }
  }
}

function* familiesOf(status: Status, extra: MetricsExtra): Generator<Family> {
  yield* nodeFamilies(status);
  yield* peerFamilies(status);
  yield* serviceFamilies(status.services);
  yield* targetFamilies(status.services);
  yield* publisherFamilies(status.services);
  const waiting = (extra.notices ?? []).map(([receiver, count]): Sample => [labelText({ receiver }), count]);
  yield gauge("notices_waiting", "Notices that this receiver has not been told yet", waiting);
  if (extra.probes !== undefined) yield* probeFamilies(extra.probes);
  if (extra.process !== undefined) yield* processFamilies(extra.process);
  for (const samples of Map.groupBy(extra.counters, ({ name }) => name).values()) {
    const [first] = samples;
    if (first === undefined) continue;
    const values = samples.map(({ labels = {}, value }): Sample => [labelText(labels), value]);
    yield { kind: "counter", name: `abfail_${first.name}`, help: first.help, samples: values };
  }
}

function gauge(name: string, help: string, samples: Iterable<Sample>): Family {
  return { kind: "gauge", name: `abfail_${name}`, help, samples };
}

/** One without labels. */
function plain(name: string, help: string, value: number | null): Family {
  return gauge(name, help, [["", value]]);
}

/** Makes a sample for each of the states: 1 for the one that is. */
function flags<T extends string>(name: string, states: readonly T[]): (own: string, is: T) => Sample[] {
  const labels = states.map((state) => [state, labelText({ [name]: state })] as const);
  return (own, is) => labels.map(([state, label]) => [join(own, label), Number(state === is)]);
}

function join(labels: string, more: string): string {
  return labels === "" ? more : `${labels},${more}`;
}

function* nodeFamilies(status: Status): Generator<Family> {
  const { node, leader, quorum } = status;
  const info = { version: status.version, cluster: status.cluster, node: node.id, zone: node.zone };
  yield gauge("info", "Always 1; what runs here", [[labelText(info), 1]]);
  yield plain("uptime_seconds", "How long this process runs", node.uptimeMs / SECOND);
  yield plain("term", "Highest term seen", node.term);
  const roles = flags("role", ["joining", "follower", "preparing", "claiming", "leader"]);
  yield gauge("role", "1 for the role of this node", roles("", node.role));
  yield plain("lease_remaining_seconds", "How long the lease still binds", seconds(node.leaseRemainingMs));
  yield plain("has_leader", "1 while this node knows a leader", Number(leader !== null));
  yield plain("leader_node", "Id of the leader", leader?.id ?? null);
  yield plain("leader_since_seconds", "How long it has led", seconds(leader?.sinceMs ?? null));
  yield plain("quorum_size", "Nodes in the config", quorum.size);
  yield plain("quorum_needed", "Nodes needed for a quorum", quorum.needed);
  yield plain("quorum_alive", "Nodes alive as seen from here, itself included", quorum.alive);
  yield plain("problems", "How many problems the status names", status.problems.length);
}

function* probeFamilies({ latenessMs, running, waiting }: ProbeFigures): Generator<Family> {
  const help = "So late at most that share of the last minute's probes started";
  const shares = latenessMs.map(([share, ms]): Sample => [labelText({ share }), seconds(ms)]);
  yield gauge("probe_start_lateness_recent_seconds", help, shares);
  yield plain("probes_running", "Probes under way", running);
  yield plain("probes_waiting", "Probes that wait because too many are under way", waiting);
}

function* processFamilies(process: ProcessFigures): Generator<Family> {
  // Some have names that are everybody's.
  yield {
    kind: "counter",
    name: "process_cpu_seconds_total",
    help: "Processor time used, user and system",
    samples: [["", process.cpuMs / SECOND]],
  };
  yield {
    kind: "gauge",
    name: "process_resident_memory_bytes",
    help: "Resident memory of this process",
    samples: [["", process.residentBytes]],
  };
  yield plain("heap_used_bytes", "JavaScript heap in use, buffers included", process.heapBytes);
  yield {
    kind: "gauge",
    name: "process_start_time_seconds",
    help: "When it started, since the Unix epoch",
    samples: [["", seconds(process.startedAtMs)]],
  };
  const late = "The latest that this process's timer was in the last ten seconds: its event loop";
  yield plain("timer_lateness_max_seconds", late, seconds(process.timerLatenessMs));
}

function* peerFamilies({ peers }: Status): Generator<Family> {
  const all = peers.map((peer) => ({ peer, own: labelText({ peer: peer.id, zone: peer.zone }) }));
  const each = (of: (peer: Status["peers"][number]) => number | null): Sample[] =>
    all.map(({ peer, own }) => [own, of(peer)]);
  yield gauge("peer_alive", "1 while this peer is heard", each(({ alive }) => Number(alive)));
  const suspicion = "0 = heard a moment ago, 1 and above = held dead";
  yield gauge("peer_suspicion", suspicion, each((peer) => peer.suspicion));
  const heard = each(({ lastHeardMs }) => seconds(lastHeardMs));
  yield gauge("peer_last_heard_seconds", "Age of its last datagram", heard);
  yield gauge("peer_rtt_seconds", "Round trip to this peer", each(({ rttMs }) => seconds(rttMs)));
  const loss = each(({ lossPercent }) =>
    lossPercent === null ? null : Number((lossPercent / 100).toFixed(6))
  );
  yield gauge("peer_loss_ratio", "Share of its datagrams lost, 0..1", loss);
}

function* serviceFamilies(services: readonly ServiceStatus[]): Generator<Family> {
  const all = services.map((service) => ({ service, own: labelText({ service: service.name }) }));
  const states = flags("state", ["ok", "degraded", "down", "unknown"]);
  const inState = all.values().flatMap(({ service, own }) => states(own, service.state));
  yield gauge("service_state", "1 for the state of the service", inState);
  const pinned = all.values().map(({ service, own }): Sample => [own, Number(service.pinned !== null)]);
  yield gauge("service_pinned", "1 while pinned by hand", pinned);
  const switched = (
    of: (last: NonNullable<ServiceStatus["lastSwitch"]>) => number | null,
  ): Iterable<Sample> =>
    all.values().map(({ service: { lastSwitch }, own }) => [own, lastSwitch && seconds(of(lastSwitch))]);
  yield gauge("last_switch_age_seconds", "Age of the last switch", switched((last) => last.atMs));
  const detect = "Its time until down was certain";
  yield gauge("last_switch_detect_seconds", detect, switched((last) => last.detectMs));
  const decide = "Its time until a majority agreed";
  yield gauge("last_switch_decide_seconds", decide, switched((last) => last.decideMs));
  const publish = "Its time until it was published";
  yield gauge("last_switch_publish_seconds", publish, switched((last) => last.publishMs));
}

function* targetFamilies(services: readonly ServiceStatus[]): Generator<Family> {
  const all = services.flatMap((service) => {
    const before = labelText({ service: service.name });
    return service.targets.map((target) => {
      return { service, target, own: join(before, labelText({ target: target.name })) };
    });
  });
  function* each(
    of: (target: TargetStatus, own: string, service: ServiceStatus) => Sample[],
  ): Generator<Sample> {
    for (const { service, target, own } of all) yield* of(target, own, service);
  }
  const active = each(({ name }, own, service) => [[own, Number(service.active === name)]]);
  yield gauge("service_active", "1 for the target in charge", active);
  const healths = flags("health", ["up", "suspect", "down", "unknown"]);
  const inHealth = each(({ health }, own) => healths(own, health));
  yield gauge("target_health", "1 for the health of the target", inHealth);
  const drained = each((target, own) => [[own, Number(target.drained)]]);
  yield gauge("target_drained", "1 while drained by hand", drained);
  const probed = (of: (last: NonNullable<TargetStatus["lastProbe"]>) => number): Iterable<Sample> =>
    each(({ lastProbe }, own) => lastProbe === null ? [] : [[own, of(lastProbe)]]);
  yield gauge("probe_success", "1 when this node's last probe was good", probed(({ ok }) => Number(ok)));
  const took = probed(({ latencyMs }) => latencyMs / SECOND);
  yield gauge("last_probe_duration_seconds", "What that probe took", took);
  yield gauge("probe_age_seconds", "How long ago it ended", probed(({ ageMs }) => ageMs / SECOND));
}

function* publisherFamilies(services: readonly ServiceStatus[]): Generator<Family> {
  const all = services.flatMap(({ name: service, publishers }) =>
    publishers.map((publisher) => {
      return { publisher, own: labelText({ service, type: publisher.type, name: publisher.name }) };
    })
  );
  const each = (of: (publisher: PublisherStatus, own: string) => Sample[]): Iterable<Sample> =>
    all.values().flatMap(({ publisher, own }) => of(publisher, own));
  const states = flags("state", ["ok", "pending", "failed", "drift"]);
  const inState = each(({ state }, own) => states(own, state));
  yield gauge("publisher_state", "1 for the state of the publisher", inState);
  const verified = each(({ verifiedMs }, own) => [[own, seconds(verifiedMs)]]);
  yield gauge("publisher_verified_age_seconds", "Age of the last read that agreed", verified);
  type Place = NonNullable<PublisherStatus["verify"]>[number];
  const places = (of: (place: Place) => number | null): Iterable<Sample> =>
    each(({ verify = [] }, own) =>
      verify.map((place) => [join(own, labelText({ server: place.server })), of(place)])
    );
  const agrees = places((place) => Number(place.agrees));
  yield gauge("publisher_verify_agrees", "1 while that name server or resolver shows it", agrees);
  const lag = "How long it took to show what was published last, or has not shown it";
  yield gauge("publisher_verify_lag_seconds", lag, places((place) => seconds(place.lagMs)));
  const proven = each(({ rehearsal }, own) =>
    rehearsal === undefined ? [] : [[own, seconds(rehearsal.provenMs)]]
  );
  yield gauge("publisher_proven_age_seconds", "Age of the last write, rehearsed or not", proven);
  const well = each(({ rehearsal: { state } = { state: "off" } }, own) =>
    state === "off" ? [] : [[own, Number(state !== "failed")]]
  );
  yield gauge("publisher_rehearsal_ok", "0 while a failover would not be published", well);
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / SECOND;
}
