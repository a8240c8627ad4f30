/**
 * Speed of the simulator and the tables of the README: `deno run --allow-read tests/bench/simulate.ts [--quick]`.
 * The tables are the same on every machine; the speed is not.
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

const quick = Deno.args.includes("--quick");
const TIMINGS: readonly TimingName[] = ["local", "lan", "wan"];
const LOSSES = [0, 0.1, 0.2, 0.3] as const;
const DAY_MS = 86_400_000;

function speed(): void {
  console.log("Speed, one core\n");
  for (const nodes of [3, 5, 7]) {
    const config = builtinConfig(nodes);
    const scenario = findScenario("chaos");
    if (scenario === null) return;
    const startedAt = performance.now();
    let virtualMs = 0;
    let steps = 0;
    for (let seed = 1; seed <= (quick ? 20 : 200); seed++) {
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
      steps += result.steps;
    }
    print(`chaos, ${nodes} whole nodes (wan)`, virtualMs, steps, performance.now() - startedAt);
  }
  const startedAt = performance.now();
  let virtualMs = 0;
  let steps = 0;
  for (let seed = 1; seed <= (quick ? 50 : 300); seed++) {
    const { world } = electionSwarm(seed);
    virtualMs += world.engine.now;
    steps += world.engine.steps;
  }
  print(
    "swarm of election cores, 3 to 7 nodes, all timings",
    virtualMs,
    steps,
    performance.now() - startedAt,
  );
}

function print(what: string, virtualMs: number, steps: number, wallMs: number): void {
  const times = Math.round(virtualMs / wallMs);
  console.log(`  ${what.padEnd(52)} ${times} x real time, ${Math.round(steps / wallMs)} k steps/s`);
}

function takeovers(cause: TakeoverCause, title: string): void {
  console.log(`\n${title}, ms: p50 / p99 / max of ${quick ? 50 : 1000} runs, 3 nodes\n`);
  console.log(`| timing | ${LOSSES.map((loss) => `${100 * loss} % loss`).join(" | ")} |`);
  console.log(`| --- |${LOSSES.map(() => " --- |").join("")}`);
  for (const timing of TIMINGS) {
    const cells = LOSSES.map((loss) => {
      const times = measureTakeovers({ timing, nodes: 3, loss, cause, runs: quick ? 50 : 1000 });
      return [percentile(times, 0.5), percentile(times, 0.99), times.at(-1) ?? NaN].map(shown).join(" / ");
    });
    console.log(`| ${timing} | ${cells.join(" | ")} |`);
  }
}

function shown(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : ms === Infinity ? "never" : String(Math.round(ms));
}

function steadiness(): void {
  const virtualMs = quick ? DAY_MS / 100 : DAY_MS / 4;
  console.log("\nChanges of leader a day without a fault but loss; datagrams a second (3 nodes)\n");
  console.log(`| timing | ${LOSSES.map((loss) => `${100 * loss} % loss`).join(" | ")} |`);
  console.log(`| --- |${LOSSES.map(() => " --- |").join("")}`);
  for (const timing of TIMINGS) {
    const cells = LOSSES.map((loss) => {
      const steady = measureSteadiness({ timing, nodes: 3, loss, virtualMs, seed: 1 });
      return `${Math.round(steady.changes * DAY_MS / virtualMs)}; ${Math.round(steady.datagramsPerSecond)}`;
    });
    console.log(`| ${timing} | ${cells.join(" | ")} |`);
  }
}

speed();
takeovers("crash", "The leader crashes: until the next one acts");
takeovers("stop", "The leader is told to stop (SIGTERM)");
takeovers("step-down", "The leader is told to step down");
takeovers("preempt", "A node with more authority takes over: gap without a leader");
steadiness();
