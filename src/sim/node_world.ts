/** A virtual world of whole nodes: the user's config, its zones, targets, publishers and clients. */
import { SeededRandom } from "../base/random.ts";
import type { Config, ServiceConfig } from "../config/config.ts";
import { formatEpoch } from "../election/ballot.ts";
import type { ElectionState } from "../election/state.ts";
import { actingBallot } from "../election/step.ts";
import type { ClusterState, SwitchRecord } from "../failover/cluster_state.ts";
import type { Command, Effect } from "../node/events.ts";
import { Calm } from "./calm.ts";
import { VirtualClient } from "./client.ts";
import { Desk, FAR, NEAR } from "./desk.ts";
import { machinesOf } from "./config_machines.ts";
import { Engine } from "./engine.ts";
import { describeFault, type Fault, FaultBox, type Who } from "./faults.ts";
import { ElectionJudge } from "./judge_election.ts";
import { ServiceJudge } from "./judge_service.ts";
import type { Machine } from "./machine.ts";
import { mutate } from "./mutations.ts";
import { type Latency, Network } from "./network.ts";
import { type NodeProgram, nodeProgram } from "./node_program.ts";
import { Verdict } from "./promise.ts";
import { Resolver } from "./resolver.ts";
import { Stopwatch } from "./stopwatch.ts";
import { createProviders, createTargets } from "./virtual_service.ts";
import type { VirtualProvider } from "./provider.ts";
import type { VirtualTarget } from "./target.ts";
import { drawMoment } from "./picture.ts";
import { Troubles } from "./troubles.ts";
import { describeCommand, type Step, type WorldFault } from "./world_faults.ts";
import type { NodeWorldOptions } from "./world_options.ts";

/** How often the services are judged, ms. */
const LOOK_EVERY_MS = 50;
/** Events that belong on the timeline, and under which heading. */
const TOLD: Readonly<Record<string, string>> = {
  "lease": "leader",
  "epoch": "leader",
  "lease-lost": "leader",
  "released": "leader",
  "opinion": "opinion",
  "published": "publish",
  "publish-failed": "publish",
  "drift": "publish",
  "twin": "other",
};

/** One switch, `atMs` in true time. */
export interface Switched extends SwitchRecord {
  readonly service: string;
  readonly atMs: number;
}

export class NodeWorld {
  readonly engine: Engine;
  readonly verdict = new Verdict();
  readonly judge: ElectionJudge;
  readonly services: ServiceJudge[] = [];
  readonly clients: VirtualClient[] = [];
  readonly faults: FaultBox;
  readonly machines: readonly Machine[];
  readonly options: NodeWorldOptions;
  readonly stopwatch = new Stopwatch();
  /** What was decided, by the leader that decided it, in order. */
  readonly switches: Switched[] = [];
  readonly #programs = new Map<number, NodeProgram>();
  readonly #resolver: Resolver;
  readonly #desk: Desk;
  readonly #gapAt = new Map<Machine, number>();
  /** What the last leader had committed when it was last looked. */
  #lastCluster: ClusterState | null = null;
  readonly #calm: Calm;
  #config: Config;
  #requests = 0;
  readonly #troubles: Troubles;

  constructor(options: NodeWorldOptions) {
    this.options = options;
    const { config, seed } = options;
    const random = new SeededRandom(seed);
    const chance = random.fork("world");
    const clocks = random.fork("clocks");
    this.machines = machinesOf(config, options.disks ?? false, { rho: options.rho ?? 0.001, clocks, random });
    this.#config = options.nodesConfig ?? config;
    const start = nodeProgram(
      () => this.#config,
      (id, program) => this.#programs.set(id, program),
      options.nodeMutation,
    );
    const latency = (from: number, to: number): Latency =>
      this.machines[from]?.zone === this.machines[to]?.zone ? NEAR : FAR[config.election.timing];
    this.engine = new Engine({
      seed,
      machines: this.machines,
      network: new Network(this.machines.length, latency, random.fork("network")),
      start: options.mutation == null ? start : mutate(options.mutation, start),
      clocksStop: options.mutation === "lease-over-a-pause",
      perform: (machine, effect) => this.#perform(machine, effect),
    });
    this.#calm = new Calm(this.engine);
    this.judge = new ElectionJudge(this.machines, this.verdict);
    this.judge.onLeader = (): void => this.stopwatch.leaderActs(this.engine.now);
    this.engine.watchers.push((machine, at) => this.judge.watch(machine, at));
    this.engine.onEnd.push(() => this.judge.memoryLost(this.engine.now));
    this.faults = new FaultBox(this.engine, {
      keepMemory: options.keepMemory ?? false,
      leader: () => this.judge.leader(this.engine.now),
      tell: (fault, who) => {
        if (fault.kind === "pause" && who !== null) this.#gapAt.set(who, this.engine.now + fault.forMs);
        this.#tell("fault", describeFault(fault, who));
      },
    });
    const clusterOf = (machine: Machine): ClusterState | null =>
      this.#programs.get(machine.id)?.state.cluster ?? null;
    this.#resolver = new Resolver(this.machines, clusterOf, chance);
    this.#desk = new Desk({
      engine: this.engine,
      timing: config.election.timing,
      services: this.services,
      program: (machine) => this.#programs.get(machine.id),
      gapAt: (machine) => this.#gapAt.get(machine) ?? -1,
    });
    this.#troubles = new Troubles({
      services: this.services,
      now: () => this.engine.now,
      after: (ms, act) => this.engine.after(ms, act),
      tell: (text) => this.#tell("fault", text),
      active: (service) => this.committed()?.services[service]?.active,
      lost: (target) => this.#lost(target),
    });
    for (const service of config.services) {
      this.#createService(service, random.fork(`service ${service.name}`));
    }
    for (const machine of this.machines) {
      this.engine.after(clocks.next() * 100, () => this.engine.start(machine));
    }
    this.#lookLater();
  }

  /** Schedules what happens; times count from now. */
  schedule(steps: readonly Step[]): void {
    for (const { atMs, fault } of steps) this.engine.after(atMs, () => this.strike(fault));
  }

  run(ms: number): void {
    this.engine.run(this.engine.now + ms, () => !this.verdict.clean || this.engine.spinning !== null);
  }

  /** Runs until something holds; returns how long it took, Infinity when longer than `limitMs`. */
  until(test: () => boolean, limitMs: number): number {
    const from = this.engine.now;
    for (let at = from; at < from + limitMs && this.verdict.clean; at += LOOK_EVERY_MS) {
      if (test()) return at - from;
      this.run(LOOK_EVERY_MS);
    }
    return test() ? this.engine.now - from : Infinity;
  }

  /** What the leader has committed; null without a leader. */
  committed(): ClusterState | null {
    const leader = this.judge.leader(this.engine.now);
    const cluster = leader === null ? null : this.#programs.get(leader.id)?.state.cluster ?? null;
    if (cluster !== null) this.#lastCluster = cluster;
    return cluster;
  }

  /** A leader leads, all nodes know what it decided, every service shows a target that is up, its clients are served. */
  isWell(): boolean {
    const cluster = this.committed();
    if (cluster === null) return false;
    const text = JSON.stringify(cluster);
    const agree = this.machines.every((machine) =>
      machine.program !== null && JSON.stringify(this.#programs.get(machine.id)?.state.cluster) === text
    );
    return agree && this.services.every((service) => service.isRight(cluster));
  }

  strike(fault: WorldFault): void {
    switch (fault.kind) {
      case "target":
      case "unreachable":
      case "provider":
        return this.#troubles.strike(fault);
      case "zone":
        return this.#zoneOut(fault.zone, fault.forMs);
      case "command":
        return this.#operate(fault.who, fault.command);
      case "reload":
        return this.#reload(fault.config);
      default:
        return this.#strikeMachine(fault);
    }
  }

  #strikeMachine(fault: Fault): void {
    const leader = this.judge.leader(this.engine.now);
    const hitsLeader = leader !== null && "who" in fault &&
      (fault.who === "leader" || fault.who === leader.id);
    this.faults.strike(fault);
    const takes = ["crash", "pause", "isolate", "stop"].includes(fault.kind);
    if (hitsLeader && takes) this.stopwatch.leaderLost(this.engine.now);
  }

  /** Takes back all faults. */
  heal(): void {
    this.#tell("fault", "all faults are over");
    this.faults.heal();
    this.#troubles.heal();
  }

  /** Notes when an active target dies, for as long as another could take its place. */
  #lost(target: VirtualTarget): void {
    const active = (this.committed() ?? this.#lastCluster)?.services[target.service]?.active;
    const all = this.services.find((s) => s.service.name === target.service)?.targets ?? [];
    this.stopwatch.targetLost(target, all, active, this.engine.now);
  }

  #zoneOut(zone: string, forMs: number): void {
    this.#tell("fault", `zone ${zone} is gone`);
    for (const machine of this.machines) {
      if (machine.zone === zone) {
        this.strike({ kind: "crash", who: machine.id, downMs: forMs, disk: "kept", inTurn: false });
      }
    }
    for (const { targets } of this.services) {
      for (const target of targets) {
        if (target.zone === zone) {
          this.strike({ kind: "target", target: target.name, trouble: "hangs", forMs });
        }
      }
    }
  }

  #operate(who: Who, command: Command): void {
    const now = this.engine.now;
    const machine = who === "leader" ? this.judge.leader(now) : this.engine.machine(who);
    if (machine === null) return;
    this.#tell("other", `an operator tells node ${machine.id}: ${describeCommand(command)}`);
    const request = `drill-${++this.#requests}`;
    this.engine.give(machine, { kind: "command", request, command, who: "the drill" });
  }

  #reload(config: Config): void {
    this.#tell("other", "every node reads another config");
    for (const service of this.services) {
      const other = config.services.find(({ name }) => name === service.service.name);
      if (other !== undefined) service.reconfigure(config, other);
    }
    this.#config = config;
    for (const machine of this.machines) this.engine.give(machine, { kind: "reload", config });
  }

  #createService(service: ServiceConfig, random: SeededRandom): void {
    const { config, fence = "compares" } = this.options;
    const zones = [...new Set(this.machines.map((machine) => machine.zone))];
    const targets = createTargets(service, zones, random);
    const providers = createProviders(service, fence, {
      after: (ms, act) => this.engine.after(ms, act),
      now: () => this.engine.now,
      random: random.fork("provider"),
    });
    this.services.push(
      new ServiceJudge(config, service, targets, providers, this.verdict, () => this.judge.excused !== null),
    );
    if (service.publish.length > 0) this.clients.push(this.#createClient(service, targets, providers));
  }

  #createClient(
    service: ServiceConfig,
    targets: readonly VirtualTarget[],
    providers: readonly VirtualProvider[],
  ): VirtualClient {
    const embedded = service.publish.find((publisher) => publisher.type === "dns");
    const client = new VirtualClient(service.name, embedded?.ttlMs ?? 0, {
      now: () => this.engine.now,
      after: (ms, act) => this.engine.after(ms, act),
      resolve: () => embedded ? this.#resolver.resolve(service.name, targets) : providers[0]?.value,
      target: (value) => targets.find((target) => target.published === value) ?? null,
    });
    client.onCall = (call): void => this.stopwatch.called(service.name, call);
    return client;
  }

  #lookLater(): void {
    this.engine.after(LOOK_EVERY_MS, () => {
      this.#look();
      this.#lookLater();
    });
  }

  #look(): void {
    const at = this.engine.now;
    this.#calm.look(this.judge.leader(at));
    const cluster = this.committed();
    for (const service of this.services) service.look({ at, calmSince: this.#calm.since, cluster });
    if (this.options.lanes != null) drawMoment(this.options.lanes, this, cluster, at);
  }

  #perform(machine: Machine, effect: Effect): void {
    switch (effect.kind) {
      case "probe":
        return this.#desk.probe(machine, effect);
      case "publish":
        return this.#desk.publish(machine, effect);
      case "tell":
        return this.#desk.tell(machine, effect);
      case "committed": {
        const cluster = this.#programs.get(machine.id)?.state.cluster;
        if (cluster == null || machine !== this.judge.leader(this.engine.now)) return;
        const acting = actingEpoch(machine.program?.election ?? null);
        for (const service of this.services) {
          const last = service.switched(cluster, acting, this.engine.now);
          if (last === null) continue;
          this.switches.push({ ...last, service: service.service.name, atMs: this.engine.now });
        }
        return;
      }
      case "event": {
        const { name, level, text } = effect.event;
        if (name === "joined" && level === "warning") this.judge.gaveUp(machine, this.engine.now);
        const leads = machine === this.judge.leader(this.engine.now);
        if (name === "switch" && leads) this.#tell("switch", text);
        const what = TOLD[name];
        if (what !== undefined) this.#tell(what, `node ${machine.id}: ${text}`);
        return;
      }
      default:
        return;
    }
  }

  #tell(what: string, text: string): void {
    this.options.tell?.({ atMs: this.engine.now, what, text });
  }
}

/** The epoch that a leader acts under. */
function actingEpoch(election: ElectionState | null): string | null {
  const ballot = election === null ? null : actingBallot(election);
  return ballot === null ? null : formatEpoch(ballot);
}
