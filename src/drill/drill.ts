/**
 * `abfail simulate --live`: a cluster of real processes on this machine, struck on purpose, while a client
 * looks on. It ends by itself and leaves nothing behind: no process, no file.
 */
import { Client } from "./client.ts";
import { DrillCluster } from "./cluster.ts";
import { ownLauncher } from "./launch.ts";
import { Narrator } from "./narrate.ts";
import { drawPlan, drillConfig, type Plan } from "./plan.ts";
import { type Stage, type Step, STEPS } from "./steps.ts";
import { Tally } from "./tally.ts";
import { SILENT, type Terminal, Timeline } from "./timeline.ts";
import { formatDuration } from "../view/duration.ts";

export interface DrillOptions {
  /** One JSON document at the end instead of the timeline. */
  readonly json: boolean;
  /** Where the timeline goes. */
  readonly terminal: Terminal;
  /** Prints the JSON document. */
  readonly print: (text: string) => void;
}

/** What `--json` prints (PRODUCT.md, Drills). */
export interface DrillReport {
  readonly ok: boolean;
  readonly requests: number;
  readonly failed: number;
  readonly longestGapMs: number;
  readonly steps: readonly { readonly what: string; readonly tookMs: number }[];
}

/** The steps together, ms; what is left of 45 s is for clearing up. */
const DRILL_LIMIT_MS = 40_000;
/** How often it is looked whether something has come, ms. */
const LOOK_MS = 10;
/** A moment for the spectator between two steps, ms. */
const PAUSE_MS = 500;
/** Pause of the client between two requests, ms. */
const CLIENT_PAUSE_MS = 15;

/** Runs the drill. Returns 0 when all went as expected, 1 when not, 130 or 143 when a signal ended it. */
export async function runDrill(options: DrillOptions): Promise<number> {
  const timeline = new Timeline(options.json ? SILENT : options.terminal);
  const tally = new Tally();
  const plan = drawPlan();
  const narrator = new Narrator();
  const folder = Deno.makeTempDirSync({ prefix: "abfail-drill-" });
  using interruption = new Interruption(() => {
    cluster.killAll();
    Deno.removeSync(folder, { recursive: true });
  });
  const cluster: DrillCluster = new DrillCluster({
    plan,
    configFile: `${folder}/abfail.toml`,
    launcher: ownLauncher(),
    onLine: (id, line): void => {
      const text = narrator.tell(id, line);
      if (text !== null) timeline.note(text);
    },
  });
  const client = new Client({
    name: plan.name,
    servers: plan.nodes.map(({ dns }) => dns),
    endpoints: new Map(plan.targets.map(({ publish, address }) => [publish, address])),
    pauseMs: CLIENT_PAUSE_MS,
    onSample: (sample): void => {
      if (tally.last !== null && sample.by !== tally.last.by) {
        timeline.note(sample.by === null ? `client: ${sample.problem}` : `client: served by ${sample.by}`);
      }
      tally.add(sample);
      timeline.tick(`          client: ${countText(tally)}, served by ${tally.last?.by ?? "nobody"}`);
    },
  });
  const stage: Stage = {
    cluster,
    tally,
    startClient: () => client.start(),
    stopClient: () => client.stop(),
  };
  let report: DrillReport;
  try {
    const key = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))));
    await Deno.writeTextFile(`${folder}/abfail.toml`, drillConfig(plan, key), { mode: 0o600 });
    introduce(timeline, plan);
    report = await runSteps(stage, timeline, interruption);
  } finally {
    await client.stop();
    timeline.endTicks();
    await cluster.close();
    await Deno.remove(folder, { recursive: true });
  }
  if (interruption.signal !== null) {
    timeline.text("\nInterrupted: everything that was started is stopped.");
    return interruption.signal === "SIGINT" ? 130 : 143;
  }
  if (options.json) options.print(JSON.stringify(report));
  else summarize(timeline, report);
  return report.ok ? 0 : 1;
}

async function runSteps(stage: Stage, timeline: Timeline, interruption: Interruption): Promise<DrillReport> {
  const { tally } = stage;
  const steps: { what: string; tookMs: number }[] = [];
  const endAt = performance.now() + DRILL_LIMIT_MS;
  let ok = true;
  for (const step of STEPS) {
    const tookMs = await runStep(step, stage, timeline, interruption, endAt);
    if (tookMs === null) {
      ok = false;
      break;
    }
    steps.push({ what: step.what, tookMs: Math.round(tookMs) });
    await interruption.pause(PAUSE_MS);
  }
  return {
    ok,
    requests: tally.requests,
    failed: tally.failed,
    longestGapMs: Math.round(tally.longestGapMs),
    steps,
  };
}

/** How long it took; null when it did not come in time. */
async function runStep(
  step: Step,
  stage: Stage,
  timeline: Timeline,
  interruption: Interruption,
  endAt: number,
): Promise<number | null> {
  if (interruption.signal !== null) return null;
  timeline.begin(step.begin);
  const since = performance.now();
  const limit = Math.min(endAt, since + step.limitMs);
  try {
    await step.act(stage);
    while (performance.now() < limit && interruption.signal === null) {
      const at = await step.reached(stage, since);
      if (at !== null) {
        timeline.done(step.what, at - since);
        return at - since;
      }
      const [crashed] = stage.cluster.crashed;
      if (crashed !== undefined) throw new Error(`node ${crashed} ended by itself`);
      await interruption.pause(LOOK_MS);
    }
  } catch (problem) {
    timeline.missed(`${step.what}: ${problem instanceof Error ? problem.message : problem}`);
    return null;
  }
  if (interruption.signal === null) {
    timeline.missed(`${step.what}: not within ${formatDuration(limit - since)}`);
  }
  return null;
}

function introduce(timeline: Timeline, plan: Plan): void {
  const dns = plan.nodes.map(({ dns }) => dns.port).join(", ");
  timeline.text(`A live drill on this machine, about 20 s; Ctrl-C ends it. While it runs, ask for yourself:
  dig +short @127.0.0.1 -p ${plan.nodes[0]?.dns.port} ${plan.name}    (the nodes' DNS: ${dns})
`);
}

function summarize(timeline: Timeline, report: DrillReport): void {
  const width = Math.max(...report.steps.map(({ what }) => what.length), 0);
  const lines = report.steps.map(({ what, tookMs }) =>
    `  ${what.padEnd(width)}  ${formatDuration(tookMs).padStart(8)}`
  );
  timeline.text(`\n${lines.join("\n")}\n`);
  const gap = formatDuration(report.longestGapMs);
  timeline.text(`The client: ${countText(report)}; longest time without an answer: ${gap}.`);
  if (report.ok) timeline.text("All went as expected.", "good");
  else timeline.text("This did not go as expected: see the step marked ✗.", "bad");
}

function countText({ requests, failed }: { readonly requests: number; readonly failed: number }): string {
  return `${requests} requests, ${failed} failed`;
}

/** A terminal and a task runner both pass on one and the same Ctrl-C: so soon after the first it is no second one. */
const SAME_SIGNAL_MS = 500;

/** Notes the first signal, so that the drill can clear up; the second one ends the process at once. */
class Interruption implements Disposable {
  signal: Deno.Signal | null = null;
  readonly #listeners: readonly (readonly [Deno.Signal, () => void])[];
  #wake: (() => void) | null = null;
  #at = 0;

  constructor(atOnce: () => void) {
    const signals: Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];
    this.#listeners = signals.map((signal) => [signal, (): void => {
      const now = performance.now();
      if (this.signal !== null) {
        if (now - this.#at < SAME_SIGNAL_MS) return;
        atOnce();
        Deno.exit(130);
      }
      this.signal = signal;
      this.#at = now;
      this.#wake?.();
    }]);
    for (const [signal, listener] of this.#listeners) Deno.addSignalListener(signal, listener);
  }

  /** Waits, but not on after a signal. */
  async pause(ms: number): Promise<void> {
    if (this.signal !== null) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) Deno.removeSignalListener(signal, listener);
  }
}
