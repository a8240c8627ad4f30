/** Each rule of the policy (`src/failover/decide.ts`), lived through by a whole cluster under three seeds. */
import assert from "node:assert/strict";
import type { Config, ServiceConfig } from "../../src/config/config.ts";
import type { Command } from "../../src/node/events.ts";
import { builtinConfig } from "../../src/sim/builtin_config.ts";
import { runDrillSeed } from "../../src/sim/drill_run.ts";
import { NodeWorld } from "../../src/sim/node_world.ts";
import { findScenario, SETTLE_MS } from "../../src/sim/scenarios.ts";
import type { Step, WorldFault } from "../../src/sim/world_faults.ts";

const SEEDS = [1, 2, 3];
const SECOND = 1000;

/** The built-in config with three targets and what a rule is about. */
function configWith(changes: Partial<ServiceConfig> = {}): Config {
  const config = builtinConfig(3);
  const [service] = config.services;
  const [target] = service?.targets ?? [];
  assert.ok(service !== undefined && target !== undefined);
  const targets = ["nyc1", "sfo2", "home"].map((name, i) => ({
    ...target,
    name,
    publish: `10.0.${i + 1}.20`,
  }));
  return {
    ...config,
    services: [{ ...service, targets, failbackDelayMs: 5 * SECOND, minHoldMs: 3 * SECOND, ...changes }],
  };
}

interface Story {
  readonly config?: Config;
  readonly steps: readonly Step[];
  readonly forMs: number;
  /** Before the faults; 0 = they meet a cold start. */
  readonly settleMs?: number;
  /** Changes the world before it runs. */
  readonly before?: (world: NodeWorld) => void;
}

/** One switch, `afterMs` counted from the end of settling. */
interface Seen {
  readonly what: string;
  readonly afterMs: number;
}

/** Lives a story under one seed; every promise must be kept. */
function live(story: Story, seed: number): { world: NodeWorld; seen: readonly Seen[] } {
  const world = new NodeWorld({ seed, config: story.config ?? configWith(), disks: true });
  story.before?.(world);
  const settleMs = story.settleMs ?? SETTLE_MS;
  if (settleMs > 0) world.run(settleMs);
  const known = world.switches.length;
  world.schedule(story.steps);
  world.run(story.forMs);
  assert.deepEqual(world.verdict.first, [], `seed ${seed}`);
  const seen = world.switches.slice(known).map(({ from, to, reason, atMs }) => ({
    what: `${from ?? "nothing"} -> ${to ?? "nothing"}: ${reason}`,
    afterMs: atMs - settleMs,
  }));
  return { world, seen };
}

/** Lives a story under each seed: exactly these switches, in this order. */
function expect(story: Story, switches: readonly string[]): void {
  for (const seed of SEEDS) {
    assert.deepEqual(live(story, seed).seen.map(({ what }) => what), switches, `seed ${seed}`);
  }
}

function at(seconds: number, fault: WorldFault): Step {
  return { atMs: seconds * SECOND, fault };
}

function down(target: string, seconds = Infinity): WorldFault {
  return { kind: "target", target, trouble: "refuses", forMs: seconds * SECOND };
}

function command(given: Command, who: number | "leader" = "leader"): WorldFault {
  return { kind: "command", who, command: given };
}

const service = "web";
const LEADER_DIES: WorldFault = {
  kind: "crash",
  who: "leader",
  downMs: 8 * SECOND,
  disk: "kept",
  inTurn: false,
};

Deno.test("policy: the order of the config is the order of preference", () => {
  expect({ steps: [at(1, down("nyc1")), at(15, down("sfo2"))], forMs: 30 * SECOND }, [
    "nyc1 -> sfo2: down",
    "sfo2 -> home: down",
  ]);
  expect({ steps: [at(1, down("sfo2")), at(15, down("nyc1"))], forMs: 30 * SECOND }, ["nyc1 -> home: down"]);
});

Deno.test("policy: an active target that is down is left at once, whatever min_hold and failback_delay say", () => {
  const config = configWith({ minHoldMs: 600 * SECOND, failbackDelayMs: 600 * SECOND });
  const story = { config, steps: [at(1, down("nyc1")), at(8, down("sfo2"))], forMs: 20 * SECOND };
  for (const seed of SEEDS) {
    const { seen } = live(story, seed);
    assert.deepEqual(seen.map(({ what }) => what), ["nyc1 -> sfo2: down", "sfo2 -> home: down"]);
    assert.ok((seen[0]?.afterMs ?? Infinity) < 5 * SECOND && (seen[1]?.afterMs ?? Infinity) < 12 * SECOND);
  }
});

Deno.test("policy: going back waits until the better target was well for failback_delay without a break", () => {
  const config = configWith({ failbackDelayMs: 10 * SECOND });
  const steps = [at(1, down("nyc1", 9)), at(16, down("nyc1", 6))]; // well again at 10, and from 22 on
  for (const seed of SEEDS) {
    const { seen } = live({ config, steps, forMs: 50 * SECOND }, seed);
    assert.deepEqual(seen.map(({ what }) => what), ["nyc1 -> sfo2: down", "sfo2 -> nyc1: failback"]);
    assert.ok((seen[1]?.afterMs ?? 0) > 32 * SECOND, `went back after ${seen[1]?.afterMs} ms`);
  }
});

Deno.test("policy: going back waits for min_hold after the last switch", () => {
  const config = configWith({ failbackDelayMs: 0, minHoldMs: 20 * SECOND });
  for (const seed of SEEDS) {
    const { seen } = live({ config, steps: [at(1, down("nyc1", 5))], forMs: 40 * SECOND }, seed);
    assert.deepEqual(seen.map(({ what }) => what), ["nyc1 -> sfo2: down", "sfo2 -> nyc1: failback"]);
    assert.ok((seen[1]?.afterMs ?? 0) - (seen[0]?.afterMs ?? 0) >= 20 * SECOND);
  }
});

Deno.test("policy: with manual failback nothing goes back by itself, through a change of leaders too", () => {
  const config = configWith({ failback: "manual" });
  const steps = [at(1, down("nyc1", 8)), at(30, LEADER_DIES)];
  expect({ config, steps, forMs: 90 * SECOND }, ["nyc1 -> sfo2: down"]);
});

Deno.test("policy: a pinned target stays although it is down, through a crash of the leader, until it is unpinned", () => {
  const steps = [
    at(1, command({ kind: "switch", service, target: "sfo2", dryRun: false }, 3)),
    at(5, down("sfo2")),
    at(12, LEADER_DIES),
    at(35, command({ kind: "unpin", service }, 2)),
  ];
  expect({ steps: steps.slice(0, 3), forMs: 35 * SECOND }, ["nyc1 -> sfo2: manual"]);
  expect({ steps, forMs: 50 * SECOND }, ["nyc1 -> sfo2: manual", "sfo2 -> nyc1: down"]);
});

Deno.test("policy: a drained target is left for a healthy one, not chosen again, and gone back to when undrained", () => {
  const steps = [
    at(1, command({ kind: "drain", service, target: "nyc1" }, 2)),
    at(6, LEADER_DIES),
    at(25, down("sfo2")), // home is next: nyc1 is drained
    at(45, command({ kind: "undrain", service, target: "nyc1" }, 3)),
  ];
  expect({ steps, forMs: 65 * SECOND }, [
    "nyc1 -> sfo2: drained",
    "sfo2 -> home: down",
    "home -> nyc1: failback",
  ]);
});

Deno.test("policy: a drained target stays while no other is healthy", () => {
  const steps = [
    at(1, down("sfo2", 20)),
    at(1, down("home")),
    at(8, command({ kind: "drain", service, target: "nyc1" })),
  ];
  for (const seed of SEEDS) {
    const { seen } = live({ steps, forMs: 40 * SECOND }, seed);
    assert.deepEqual(seen.map(({ what }) => what), ["nyc1 -> sfo2: drained"]);
    assert.ok((seen[0]?.afterMs ?? 0) > 21 * SECOND, "left before sfo2 was back");
  }
});

Deno.test("policy: pins and drains outlive a restart of every node", () => {
  const restart = (who: number): WorldFault => ({
    kind: "crash",
    who,
    downMs: 3000,
    disk: "kept",
    inTurn: false,
  });
  const steps = [
    at(1, command({ kind: "drain", service, target: "nyc1" })),
    at(5, command({ kind: "switch", service, target: "home", dryRun: false })),
    at(10, restart(1)),
    at(10, restart(2)),
    at(10, restart(3)),
    at(40, command({ kind: "unpin", service })),
  ];
  expect({ steps, forMs: 60 * SECOND }, [
    "nyc1 -> sfo2: drained",
    "sfo2 -> home: manual",
    "home -> sfo2: failback",
  ]);
});

Deno.test("policy: each fall doubles the time before going back, and a new leader goes on with the count", () => {
  const config = configWith({ failbackDelayMs: 4 * SECOND, minHoldMs: 0 });
  const steps = [
    at(1, down("nyc1", 6)),
    at(25, down("nyc1", 6)), // the second fall: held back for 8 s
    at(33, LEADER_DIES),
    at(70, down("nyc1", 6)), // the third: 16 s
  ];
  for (const seed of SEEDS) {
    const { seen } = live({ config, steps, forMs: 130 * SECOND }, seed);
    const back = seen.filter(({ what }) => what === "sfo2 -> nyc1: failback").map(({ afterMs }) => afterMs);
    assert.equal(back.length, 3, `seed ${seed}: ${JSON.stringify(seen)}`);
    const waited = [7, 31, 76].map((wellAt, i) => (back[i] ?? 0) - wellAt * SECOND);
    assert.ok((waited[0] ?? 0) < 8 * SECOND, `first: ${waited[0]}`);
    assert.ok((waited[1] ?? 0) >= 8 * SECOND, `second: ${waited[1]}`);
    assert.ok((waited[2] ?? 0) >= 16 * SECOND && (waited[2] ?? 0) < 30 * SECOND, `third: ${waited[2]}`);
  }
});

Deno.test("policy: on_all_down = keep stays on the last target, and takes the first that comes back", () => {
  const steps = [at(1, down("sfo2", 20)), at(1, down("home", 60)), at(8, down("nyc1", 32))];
  for (const seed of SEEDS) {
    const { seen } = live({ steps, forMs: 60 * SECOND }, seed);
    assert.equal(seen.at(0)?.what, "nyc1 -> sfo2: down");
    assert.ok((seen[0]?.afterMs ?? 0) > 21 * SECOND);
    assert.equal(seen.at(-1)?.what, "sfo2 -> nyc1: failback");
  }
});

Deno.test("policy: on_all_down = withdraw shows nothing, then the first that comes back", () => {
  const config = configWith({ onAllDown: { kind: "withdraw" } });
  const steps = [at(1, down("sfo2", 20)), at(1, down("home")), at(8, down("nyc1"))];
  expect({ config, steps, forMs: 40 * SECOND }, ["nyc1 -> nothing: all-down", "nothing -> sfo2: failback"]);
});

Deno.test("policy: the fallback of on_all_down is left as soon as a target is healthy again", () => {
  const config = configWith({
    onAllDown: { kind: "fallback", target: "home" },
    failbackDelayMs: 600 * SECOND,
  });
  const steps = [at(1, down("sfo2", 20)), at(1, down("home")), at(8, down("nyc1"))];
  expect({ config, steps, forMs: 40 * SECOND }, ["nyc1 -> home: all-down", "home -> sfo2: failback"]);
});

Deno.test("policy: a cold cluster keeps what the world shows while it is not down", () => {
  const shows = (world: NodeWorld): void => {
    for (const { providers } of world.services) {
      for (const provider of providers) provider.value = "10.0.2.20";
    }
  };
  const config = configWith({ failback: "manual" });
  expect({ config, steps: [], forMs: 20 * SECOND, settleMs: 0, before: shows }, ["nothing -> sfo2: adopted"]);
  expect({ config, steps: [at(0, down("sfo2"))], forMs: 20 * SECOND, settleMs: 0, before: shows }, [
    "nothing -> nyc1: initial",
  ]);
});

Deno.test("policy: a cold cluster publishes nothing before it has verdicts, then the best that is healthy", () => {
  expect({ steps: [], forMs: 10 * SECOND, settleMs: 0 }, ["nothing -> nyc1: initial"]);
  expect({ steps: [at(0, down("nyc1"))], forMs: 20 * SECOND, settleMs: 0 }, ["nothing -> sfo2: initial"]);
});

Deno.test("policy: within warmup after the start nothing is left because it is down", () => {
  const warm = configWith({ warmupMs: 30 * SECOND });
  const early = { config: warm, steps: [at(6, down("nyc1"))], forMs: 60 * SECOND, settleMs: 0 };
  for (const seed of SEEDS) {
    const { seen } = live(early, seed);
    assert.deepEqual(seen.map(({ what }) => what), ["nothing -> nyc1: initial", "nyc1 -> sfo2: down"]);
    assert.ok((seen[1]?.afterMs ?? 0) > 28 * SECOND, `left after ${seen[1]?.afterMs} ms`);
  }
});

Deno.test("policy: a target that is no longer in the config is left", () => {
  const config = configWith();
  const [web] = config.services;
  assert.ok(web !== undefined);
  const without = { ...config, services: [{ ...web, targets: web.targets.slice(1) }] };
  expect({ config, steps: [at(2, { kind: "reload", config: without })], forMs: 15 * SECOND }, [
    "nyc1 -> sfo2: removed",
  ]);
});

const ONE_ZONE: WorldFault = { kind: "unreachable", target: "nyc1", zones: ["sfo2"], forMs: Infinity };
const TWO_ZONES: WorldFault = {
  kind: "unreachable",
  target: "nyc1",
  zones: ["sfo2", "home"],
  forMs: Infinity,
};
const LEADERS_ZONE: WorldFault = { kind: "unreachable", target: "nyc1", zones: ["nyc1"], forMs: Infinity };

Deno.test("policy: observers = majority: one zone that misses a target, be it the leader's, switches nothing", () => {
  expect({ steps: [at(1, ONE_ZONE)], forMs: 20 * SECOND }, []);
  expect({ steps: [at(1, LEADERS_ZONE)], forMs: 20 * SECOND }, []);
  expect({ steps: [at(1, TWO_ZONES)], forMs: 20 * SECOND }, ["nyc1 -> sfo2: down"]);
});

Deno.test("policy: observers = any: one zone that misses a target is enough", () => {
  expect({ config: configWith({ observers: "any" }), steps: [at(1, ONE_ZONE)], forMs: 20 * SECOND }, [
    "nyc1 -> sfo2: down",
  ]);
});

Deno.test("policy: observers = all: it takes every zone", () => {
  const config = configWith({ observers: "all" });
  expect({ config, steps: [at(1, TWO_ZONES)], forMs: 20 * SECOND }, []);
  expect({ config, steps: [at(1, down("nyc1"))], forMs: 20 * SECOND }, ["nyc1 -> sfo2: down"]);
});

Deno.test("policy: observers = a number: so many zones", () => {
  const config = configWith({ observers: 2 });
  expect({ config, steps: [at(1, ONE_ZONE)], forMs: 20 * SECOND }, []);
  expect({ config, steps: [at(1, TWO_ZONES)], forMs: 20 * SECOND }, ["nyc1 -> sfo2: down"]);
});

Deno.test("policy: observers = leader: its word alone counts", () => {
  const config = configWith({ observers: "leader" });
  expect({ config, steps: [at(1, { ...TWO_ZONES })], forMs: 20 * SECOND }, []);
  expect({ config, steps: [at(1, LEADERS_ZONE)], forMs: 20 * SECOND }, ["nyc1 -> sfo2: down"]);
});

Deno.test("policy: when every target is drained nothing is chosen by itself, and that is no broken promise", () => {
  const steps = [
    at(1, command({ kind: "drain", service, target: "nyc1" })),
    at(3, command({ kind: "drain", service, target: "sfo2" })),
    at(5, command({ kind: "drain", service, target: "home" })),
    at(10, down("home")),
  ];
  const config = configWith({ onAllDown: { kind: "withdraw" } });
  for (const seed of SEEDS) {
    const { world, seen } = live({ config, steps, forMs: 20 * SECOND }, seed);
    assert.equal(seen.at(-1)?.what, "home -> nothing: all-down");
    world.heal();
    world.run(20 * SECOND);
    assert.ok(world.isWell(), "all drained, nothing published");
  }
});

const POLICIES: readonly (readonly [string, Partial<ServiceConfig>])[] = [
  ["observers = all", { observers: "all" }],
  ["observers = any", { observers: "any" }],
  ["observers = leader", { observers: "leader" }],
  ["observers = 1", { observers: 1 }],
  ["observers = 3", { observers: 3 }],
  ["withdraw", { onAllDown: { kind: "withdraw" } }],
  ["fallback", { onAllDown: { kind: "fallback", target: "home" } }],
  ["manual failback", { failback: "manual" }],
  ["no hold", { minHoldMs: 0, failbackDelayMs: 0 }],
  ["a long warm-up", { warmupMs: 20 * SECOND }],
  ["long delays", { minHoldMs: 60 * SECOND, failbackDelayMs: 60 * SECOND }],
];

for (const [name, changes] of POLICIES) {
  Deno.test(`chaos with ${name}: all promises are kept, 6 seeds`, () => {
    const scenario = findScenario("chaos");
    assert.ok(scenario !== null);
    for (let seed = 1; seed <= 6; seed++) {
      const given = { seed, durationMs: null, loss: null, without: null, timeline: false } as const;
      const { broken } = runDrillSeed({ config: configWith(changes), scenario, ...given });
      assert.deepEqual(broken, [], `seed ${seed}`);
    }
  });
}
