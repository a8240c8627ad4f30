/** The node as its API sees it. */
import process from "node:process";
import type { ApiHost } from "../adapters/api/host.ts";
import { leaseRemaining } from "../election/step.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Command, LogEvent, Outcome } from "../node/events.ts";
import type { NodeState } from "../node/state.ts";
import type { Recorder } from "../record/recorder.ts";
import { recordingHeader } from "../record/recording.ts";
import { EventRing, type StoredEvent } from "../view/events.ts";
import { type CounterSample, type ProbeFigures, renderMetrics } from "../view/metrics.ts";
import { statusOf } from "../view/status.ts";
import type { Status } from "../view/status_type.ts";
import type { Engine } from "./engine.ts";
import type { Problem } from "../view/problems.ts";
import { noticesWaiting } from "./notifying.ts";
import type { Tally } from "./tally.ts";
import type { World } from "./world.ts";

/** How late this process's timer may be, as a share of the lease, before `/healthz` says no. */
const HEALTHY_SHARE = 0.5;

function* joined(...all: readonly Iterable<string>[]): Generator<string> {
  for (const one of all) yield* one;
}

/** What this process has used of the processors, ms. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export interface HostParts {
  readonly engine: Engine;
  readonly recorder: Recorder;
  readonly clock: World["clock"];
  readonly version: string;
  readonly token: () => string | null;
  readonly tally: Tally;
  readonly counters: () => readonly CounterSample[];
  /** Problems that only the surroundings know of. */
  readonly notices: () => readonly (string | Problem)[];
}

/** Keeps events, carries commands, builds the status when asked. */
export class Host implements ApiHost {
  readonly #parts: HostParts;
  readonly #ring: EventRing;
  readonly #listeners = new Set<(event: StoredEvent) => void>();
  readonly #waiting = new Map<string, (outcome: Outcome) => void>();
  #requests = 0;

  constructor(parts: HostParts) {
    this.#parts = parts;
    this.#ring = new EventRing(parts.clock.wallMs());
  }

  get #state(): NodeState {
    return this.#parts.engine.state;
  }

  status(): Status {
    const { clock, version, notices } = this.#parts;
    return statusOf(this.#state, { now: clock.now(), wallMs: clock.wallMs() }, version, notices());
  }

  recentEvents(): readonly StoredEvent[] {
    return this.#ring.recent();
  }

  subscribe(listener: (event: StoredEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  healthy(): { ok: boolean; detail: string } {
    const { engine, clock } = this.#parts;
    const worst = engine.timing.worstMs(clock.now());
    const limit = this.#state.config.election.leaseMs * HEALTHY_SHARE;
    const detail = `timers were at most ${
      Math.round(worst)
    } ms late in the last 10 s, ${limit} ms are allowed`;
    return { ok: worst <= limit, detail };
  }

  command(command: Command, who: string): Promise<Outcome> {
    const request = `${this.#state.incarnation}-${++this.#requests}`;
    return new Promise((resolve) => {
      this.#waiting.set(request, resolve);
      this.#parts.engine.give({ kind: "command", request, command, who });
    });
  }

  token(): string | null {
    return this.#parts.token();
  }

  metrics(): Iterable<string> {
    const { clock, counters, engine, tally } = this.#parts;
    const status = this.status();
    const memory = Deno.memoryUsage();
    const shown = renderMetrics(status, {
      counters: [...counters(), {
        name: "probes_started_total",
        help: "Probes started",
        value: engine.probes.started,
      }],
      notices: noticesWaiting(this.#state),
      probes: this.#probeFigures(),
      process: {
        residentBytes: memory.rss,
        heapBytes: memory.heapUsed + memory.external,
        cpuMs: processorMs(),
        startedAtMs: clock.wallMs() - status.node.uptimeMs,
        timerLatenessMs: engine.timing.worstMs(clock.now()),
      },
    });
    return joined(shown, tally.pieces());
  }

  #probeFigures(): ProbeFigures {
    const { lateness, running, waiting } = this.#parts.engine.probes;
    return {
      latenessMs: [0.5, 0.99, 1].map((q) => [q, lateness.quantileMs(q)] as const),
      running,
      waiting,
    };
  }

  recording(minutes: number): Result<string, string> {
    const { recorder, clock, version } = this.#parts;
    if (recorder.problem !== null) return err(`nothing is recorded: ${recorder.problem}`);
    const { self, config } = this.#state;
    const header = recordingHeader(version, self, config.cluster.name, clock.wallMs());
    return ok(recorder.text(header, clock.now(), minutes));
  }

  /** A command has been answered. */
  answer(request: string, outcome: Outcome): void {
    this.#waiting.get(request)?.(outcome);
    this.#waiting.delete(request);
  }

  /** Something worth telling has happened. */
  tell(event: LogEvent): void {
    const stored = this.#ring.add(event, this.#parts.clock.wallMs());
    for (const listener of this.#listeners) listener(stored);
  }

  /** Milliseconds that the lease still runs here. */
  leaseRemaining(): number {
    return leaseRemaining(this.#state.election, this.#parts.clock.now());
  }

  /** Answers all who still wait; at the end. */
  close(): void {
    for (const request of [...this.#waiting.keys()]) {
      this.answer(request, { ok: false, reason: "busy", message: "this node is about to end" });
    }
  }
}
