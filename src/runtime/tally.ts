/** What is counted from the start on, out of the events and effects that pass through the loop. */
import type { Config } from "../config/config.ts";
import type { ProbeOutcome } from "../health/probing.ts";
import type { LogEvent, PublisherRef } from "../node/events.ts";
import type { PublishAction, PublishResult } from "../publish/action.ts";
import { type Count, Counter, type Distribution, Histogram, Registry } from "../view/prometheus.ts";

/** Upper edges of what a probe takes, seconds: a neighbour's answer to the longest timeout. */
const PROBE_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Upper edges of how late a probe starts, seconds. */
const LATE_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/** Upper edges of a failover's parts, seconds: a commit on a LAN to a publisher that is tried for minutes. */
const FAILOVER_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
/** The parts of a failover, as the event `shown` tells them. */
const PHASES = { detect: "detectMs", decide: "decideMs", publish: "publishMs" } as const;

/** `inconclusive`: this process did not run meanwhile, so it says nothing about the target. */
const PROBE_RESULTS = ["good", "bad", "inconclusive"] as const;
/** Switches that are worth a 0 from the start, for rates. */
const USUAL_REASONS = ["down", "failback", "manual", "drained", "all-down"] as const;

/** What is counted at each probe of one target: looked up once, since thousands end in a second. */
interface TargetSamples {
  readonly results: Readonly<Record<(typeof PROBE_RESULTS)[number], Count>>;
  /** Null before the first probe that says anything. */
  seconds: Distribution | null;
}

export class Tally {
  readonly #registry = new Registry();
  readonly #registers = [this.#registry];
  readonly #probes = new Counter({
    name: "abfail_probes_total",
    help: "Probes that ended, by result",
    labelNames: ["service", "target", "result"],
    registers: this.#registers,
  });
  readonly #probeSeconds = new Histogram({
    name: "abfail_probe_duration_seconds",
    help: "What probes took",
    labelNames: ["service", "target"],
    buckets: PROBE_BUCKETS,
    registers: this.#registers,
  });
  readonly #lateSeconds = new Histogram({
    name: "abfail_probe_start_lateness_seconds",
    help: "How late probes started",
    buckets: LATE_BUCKETS,
    registers: this.#registers,
  });
  readonly #switches = new Counter({
    name: "abfail_switches_total",
    help: "Switches that this node learnt of, by reason: every node tells each one",
    labelNames: ["service", "reason"],
    registers: this.#registers,
  });
  readonly #takeovers = new Counter({
    name: "abfail_takeovers_total",
    help: "How often this node took the lease",
    registers: this.#registers,
  });
  readonly #leasesLost = new Counter({
    name: "abfail_leases_lost_total",
    help: "How often its lease ran out because no majority renewed it",
    registers: this.#registers,
  });
  readonly #publisher = new Counter({
    name: "abfail_publisher_operations_total",
    help: "What publishers were asked to do by this node, by result",
    labelNames: ["service", "type", "name", "operation", "result"],
    registers: this.#registers,
  });

  readonly #failover = new Histogram({
    name: "abfail_failover_duration_seconds",
    help: "What switches took that this node led, by phase: detect, decide (a majority agrees), publish",
    labelNames: ["phase"],
    buckets: FAILOVER_BUCKETS,
    registers: this.#registers,
  });
  readonly #publisherSeconds = new Histogram({
    name: "abfail_publisher_operation_duration_seconds",
    help: "What a publisher's operations took",
    labelNames: ["type", "operation"],
    buckets: FAILOVER_BUCKETS,
    registers: this.#registers,
  });

  /** By service, then by target. */
  readonly #targets = new Map<string, Map<string, TargetSamples>>();
  readonly #lateness = this.#lateSeconds.of({});

  constructor() {
    for (const phase of Object.keys(PHASES)) this.#failover.expect({ phase });
  }

  /** Begins to count what this config may bring, from 0. */
  expect({ services }: Config): void {
    for (const { name: service, targets, publish } of services) {
      for (const reason of USUAL_REASONS) this.#switches.inc({ service, reason }, 0);
      for (const { name: target } of targets) this.#samplesOf(service, target);
      for (const { type, name } of publish) {
        if (type === "dns") continue; // needs no operation: the zone is ours
        for (const operation of ["read", "write", "rehearsal"]) {
          this.#publisher.inc({ service, type, name, operation, result: "failed" }, 0);
        }
      }
    }
  }

  /** A probe starts, so late. */
  started(lateMs: number): void {
    this.#lateness.observe(Math.max(0, lateMs) / 1000);
  }

  /** A probe has ended. */
  probed(service: string, target: string, outcome: ProbeOutcome): void {
    const result = outcome.inconclusive === true ? "inconclusive" : outcome.ok ? "good" : "bad";
    const samples = this.#samplesOf(service, target);
    samples.results[result].inc();
    if (result === "inconclusive") return;
    samples.seconds ??= this.#probeSeconds.of({ service, target });
    samples.seconds.observe(outcome.latencyMs / 1000);
  }

  #samplesOf(service: string, target: string): TargetSamples {
    const targets = this.#targets.getOrInsertComputed(service, () => new Map<string, TargetSamples>());
    const known = targets.get(target);
    if (known !== undefined) return known;
    const count = (result: string): Count => this.#probes.of({ service, target, result });
    const results = { good: count("good"), bad: count("bad"), inconclusive: count("inconclusive") };
    const samples = { results, seconds: null };
    targets.set(target, samples);
    return samples;
  }

  /** A publisher has done what it was asked to, or has not. */
  published(
    { services }: Config,
    ref: PublisherRef,
    action: PublishAction,
    result: PublishResult,
    tookMs: number,
  ): void {
    const publisher = services.find((one) => one.name === ref.service)?.publish[ref.index];
    if (publisher === undefined) return; // a reload took it away meanwhile
    const { type, name } = publisher;
    const operation = action.kind === "write" && action.rehearsal === true ? "rehearsal" : action.kind;
    if (result.kind !== "not-started") this.#publisherSeconds.observe({ type, operation }, tookMs / 1000);
    this.#publisher.inc({ service: ref.service, type, name, operation, result: result.kind });
  }

  /** Something was told. */
  event({ name, service, data }: LogEvent): void {
    if (name === "switch" && service !== null) {
      this.#switches.inc({ service, reason: String(data.reason ?? "unknown") });
    } else if (name === "shown") {
      for (const [phase, key] of Object.entries(PHASES)) {
        const ms = data[key];
        if (typeof ms === "number") this.#failover.observe({ phase }, ms / 1000);
      }
    } else if (name === "lease") this.#takeovers.inc();
    else if (name === "lease-lost") this.#leasesLost.inc();
  }

  /** All of it, as Prometheus text in whole lines. */
  pieces(): Iterable<string> {
    return this.#registry.pieces();
  }
}
