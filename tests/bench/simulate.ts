/**
 * Speed of the simulator and the tables of the README: `deno task bench simulate`. The tables are the same on every
 * machine; the speed is not.
 */
import { builtinConfig } from "../../src/sim/builtin_config.ts";
import { runDrillSeed } from "../../src/sim/drill_run.ts";
import { electionSwarm, type TimingName } from "../../src/sim/election_world.ts";
import { findScenario } from "../../src/sim/scenarios.ts";
import {
  measureSteadiness,
  measureTakeovers,
  percentile,
  type TakeoverCause,
} from "../../src/sim/takeover.ts";
import type { Ask } from "./frame.ts";
import { atLeast, measured, type Row } from "./row.ts";

/** Runs in each cell of a table. */
const RUNS = 200;
/** Virtual time in which changes of leader are counted. */
const STEADY_MS = 86_400_000 / 20;
const TIMINGS: readonly TimingName[] = ["local", "lan", "wan"];
const LOSSES = [0, 0.1, 0.2, 0.3] as const;
const DAY_MS = 86_400_000;

function speed(): Row[] {
  const figures: Row[] = [];
  for (const nodes of [3, 5, 7]) {
    const config = builtinConfig(nodes);
    const scenario = findScenario("chaos");
    if (scenario === null) return figures;
    const startedAt = performance.now();
    let virtualMs = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const result = runDrillSeed({
        config,
        scenario,
        seed,
        durationMs: null,
        loss: null,
        without: null,
        timeline: false,
      });
      virtualMs += result.virtualMs;
    }
    const times = virtualMs / (performance.now() - startedAt);
    const goals = nodes === 3 ? [atLeast("median", 2000)] : [];
    const settings = `chaos, ${nodes} whole nodes, one core`;
    figures.push(measured({ what: "simulation", settings, unit: "x real time", goals }, [times]));
  }
  const startedAt = performance.now();
  let virtualMs = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const { world } = electionSwarm(seed);
    virtualMs += world.engine.now;
  }
  const times = virtualMs / (performance.now() - startedAt);
  const settings = "election cores, 3 to 7 nodes, one core";
  figures.push(measured({ what: "simulation", settings, unit: "x real time" }, [times]));
  return figures;
}

function takeovers(say: Ask["say"], cause: TakeoverCause, title: string): void {
  say(`\n${title}, ms: p50 / p99 / max of ${RUNS} runs, 3 nodes\n`);
  say(`| timing | ${LOSSES.map((loss) => `${100 * loss} % loss`).join(" | ")} |`);
  say(`| --- |${LOSSES.map(() => " --- |").join("")}`);
  for (const timing of TIMINGS) {
    const cells = LOSSES.map((loss) => {
      const times = measureTakeovers({ timing, nodes: 3, loss, cause, runs: RUNS });
      return [percentile(times, 0.5), percentile(times, 0.99), times.at(-1) ?? NaN].map(shown).join(" / ");
    });
    say(`| ${timing} | ${cells.join(" | ")} |`);
  }
}

function shown(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : ms === Infinity ? "never" : String(Math.round(ms));
}

function steadiness(say: Ask["say"]): void {
  const virtualMs = STEADY_MS;
  say("\nChanges of leader a day without a fault but loss; datagrams a second (3 nodes)\n");
  say(`| timing | ${LOSSES.map((loss) => `${100 * loss} % loss`).join(" | ")} |`);
  say(`| --- |${LOSSES.map(() => " --- |").join("")}`);
  for (const timing of TIMINGS) {
    const cells = LOSSES.map((loss) => {
      const steady = measureSteadiness({ timing, nodes: 3, loss, virtualMs, seed: 1 });
      return `${Math.round(steady.changes * DAY_MS / virtualMs)}; ${Math.round(steady.datagramsPerSecond)}`;
    });
    say(`| ${timing} | ${cells.join(" | ")} |`);
  }
}

/** A target that refuses connections, with the check and the TTL of the built-in config. */
function services(say: Ask["say"]): void {
  say(
    `\nThe active target dies: until a client that keeps DNS answers for their TTL is served by another, ms: p50 / p99 / max of ${DRILLS} drills, 3 nodes\n`,
  );
  say(`| timing | ${LOSSES.map((loss) => `${100 * loss} % loss`).join(" | ")} |`);
  say(`| --- |${LOSSES.map(() => " --- |").join("")}`);
  const scenario = findScenario("primary-down");
  if (scenario === null) return;
  for (const timing of TIMINGS) {
    const config = builtinConfig(3);
    const timed = { ...config, election: { ...config.election, timing, ...PRESETS[timing] } };
    const cells = LOSSES.map((loss) => {
      const times: number[] = [];
      for (let seed = 1; seed <= DRILLS; seed++) {
        const given = {
          config: timed,
          scenario,
          seed,
          durationMs: null,
          loss,
          without: null,
          timeline: false,
        };
        times.push(...runDrillSeed(given).serviceMs);
      }
      times.sort((a, b) => a - b);
      return [percentile(times, 0.5), percentile(times, 0.99), times.at(-1) ?? NaN].map(shown).join(" / ");
    });
    say(`| ${timing} | ${cells.join(" | ")} |`);
  }
}

/** Drills in each cell of the services' table; each strikes the active target twice. */
const DRILLS = 50;
/** PRODUCT.md, `[election] timing`. */
const PRESETS: Readonly<Record<TimingName, { readonly heartbeatMs: number; readonly leaseMs: number }>> = {
  local: { heartbeatMs: 20, leaseMs: 150 },
  lan: { heartbeatMs: 50, leaseMs: 400 },
  wan: { heartbeatMs: 100, leaseMs: 1000 },
};

/** Prints the tables; the figures are the simulator's speed. */
export function benchSimulate(ask: Ask): Promise<Row[]> {
  const { say } = ask;
  const figures = speed();
  takeovers(say, "crash", "The leader crashes: until the next one acts");
  takeovers(say, "stop", "The leader is told to stop (SIGTERM)");
  takeovers(say, "step-down", "The leader is told to step down");
  takeovers(say, "preempt", "A node with more authority takes over: gap without a leader");
  services(say);
  steadiness(say);
  say("");
  return Promise.resolve(figures);
}
