/** One drill under one seed, from start to verdict. The result is plain data: it travels between workers. */
import { SeededRandom } from "../base/random.ts";
import { failoverBudget } from "../config/budget.ts";
import type { Config } from "../config/config.ts";
import { type GuardName, MUTATION_WITHOUT } from "./guards.ts";
import { type Lane, Lanes } from "./lanes.ts";
import { CALM } from "./network.ts";
import type { NodeMutation } from "./node_mutations.ts";
import { NodeWorld } from "./node_world.ts";
import type { Entry } from "./world_options.ts";
import { type Broken, type PromiseName, PROMISES } from "./promise.ts";
import { type Scenario, SETTLE_MS } from "./scenarios.ts";
import type { Step } from "./world_faults.ts";

export interface DrillOptions {
  readonly config: Config;
  readonly scenario: Scenario;
  readonly seed: number;
  /** Length of the fault phase; the scenario's own when null. */
  readonly durationMs: number | null;
  /** Share of datagrams lost all the while; the scenario's own when null. */
  readonly loss: number | null;
  readonly without: GuardName | null;
  /** Wrong failover logic, for tests of the judge. */
  readonly nodeMutation?: NodeMutation | null;
  /** Keeps the timeline. */
  readonly timeline: boolean;
  /** Exactly these faults instead of those that the scenario would draw: for shrinking. */
  readonly steps?: readonly Step[];
}

/** What came of it. */
export interface DrillResult {
  readonly seed: number;
  readonly virtualMs: number;
  readonly broken: readonly Broken[];
  readonly counts: Readonly<Record<PromiseName, number>>;
  readonly leaderMs: readonly number[];
  readonly serviceMs: readonly number[];
  readonly calls: { readonly total: number; readonly failed: number; readonly longestGapMs: number };
  readonly timeline: readonly Entry[];
  /** The picture of it; empty unless the timeline was kept. */
  readonly lanes: readonly Lane[];
  /** Why two of the promises were not judged to the end; null where they were. */
  readonly excused: string | null;
  /** Steps of all nodes' programs. */
  readonly steps: number;
}

/** After the last fault, ms: rejoining, first verdicts, a publisher's longest back-off and look. */
const RECOVERY_LIMIT_MS = 120_000;

/** The faults of one drill under one seed. */
export function drillSteps(options: DrillOptions): readonly Step[] {
  const { config, scenario, seed } = options;
  if (options.steps !== undefined) return options.steps;
  const random = new SeededRandom(seed).fork(`scenario ${scenario.name}`);
  const steps = scenario.steps(config, random, options.durationMs ?? scenario.durationMs);
  if (options.loss === null) return steps;
  const weather = { ...CALM, loss: options.loss };
  return [{ atMs: 0, fault: { kind: "weather", weather, forMs: Infinity } }, ...steps];
}

/** Runs one drill. */
export function runDrillSeed(options: DrillOptions): DrillResult {
  const { scenario, seed, without } = options;
  const timeline: Entry[] = [];
  const lanes = new Lanes();
  const world = new NodeWorld({
    seed,
    config: options.config,
    nodesConfig: without === "observers" ? oneObserver(options.config) : options.config,
    rho: scenario.name === "clock-drift" || scenario.name === "chaos" ? 0.01 : 0.001,
    fence: without === "fence" ? "broken" : seed % 4 === 0 ? "none" : "compares",
    disks: without === "quarantine" || seed % 5 === 0,
    keepMemory: seed % 3 !== 0,
    mutation: without === null ? null : MUTATION_WITHOUT[without],
    nodeMutation: options.nodeMutation ?? null,
    lanes: options.timeline ? lanes : null,
    tell: options.timeline ? (entry): void => void timeline.push(entry) : null,
  });
  const settleMs = scenario.settleMs ?? SETTLE_MS;
  if (settleMs > 0) world.run(settleMs);
  const durationMs = options.durationMs ?? scenario.durationMs;
  world.schedule(drillSteps(options));
  world.run(durationMs);
  if (world.verdict.clean) recover(world);
  if (world.engine.spinning !== null) {
    world.verdict.broken(
      "recovers",
      world.engine.now,
      `node ${world.engine.spinning.id} runs round in circles`,
    );
  }
  const counts = Object.fromEntries(
    PROMISES.map((name) => [name, world.verdict.counts.get(name) ?? 0]),
  ) as Record<
    PromiseName,
    number
  >;
  return {
    seed,
    virtualMs: world.engine.now,
    broken: world.verdict.first,
    counts,
    leaderMs: world.stopwatch.leaderMs,
    serviceMs: world.stopwatch.serviceMs,
    calls: {
      total: sum(world.clients.map((client) => client.calls)),
      failed: sum(world.clients.map((client) => client.failed)),
      longestGapMs: Math.max(0, ...world.clients.map((client) => client.longestGapMs)),
    },
    timeline,
    lanes: lanes.all(),
    excused: world.judge.excused,
    steps: world.engine.steps,
  };
}

function recover(world: NodeWorld): void {
  world.heal();
  if (world.until(() => world.isWell(), RECOVERY_LIMIT_MS) < Infinity || !world.verdict.clean) return;
  const shows = world.services.map(({ service, providers }) => {
    const active = world.committed()?.services[service.name]?.active ?? null;
    const records = providers.map((provider) => provider.value ?? "nothing").join(", ");
    return `${service.name}: active ${active}${records === "" ? "" : `, published ${records}`}`;
  });
  const leader = world.judge.leader(world.engine.now);
  const detail = `${RECOVERY_LIMIT_MS / 1000} s after all faults were over: ${
    leader === null ? "no leader" : `node ${leader.id} leads`
  }; ${shows.join("; ")}`;
  world.verdict.broken("recovers", world.engine.now, detail);
}

function oneObserver(config: Config): Config {
  return {
    ...config,
    services: config.services.map((service) => ({ ...service, observers: "any" as const })),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

/** The time that a failover may take, ms: of the leader, and of the slowest service. */
export function drillBudget(config: Config): { readonly leaderMs: number; readonly serviceMs: number } {
  const budgets = config.services.map((service) => failoverBudget(config, service));
  return {
    leaderMs: Math.max(0, ...budgets.map((budget) => budget.decide.worst)),
    serviceMs: Math.max(0, ...budgets.map((budget) => budget.total.worst)),
  };
}
