/** The processes and services of a drill: started, struck, and cleared away. */
import type { Status } from "../view/status_type.ts";
import { askStatus } from "./ask.ts";
import type { Launcher } from "./launch.ts";
import { type LogLine, NodeProcess } from "./node_process.ts";
import type { Plan } from "./plan.ts";
import { TargetService } from "./target_service.ts";

export interface DrillClusterOptions {
  readonly plan: Plan;
  readonly configFile: string;
  readonly launcher: Launcher;
  /** Told of each line that a node logs. */
  readonly onLine: (id: number, line: LogLine) => void;
}

/** How long a node may take to stop before it is killed, ms. */
const STOP_LIMIT_MS = 10_000;
/** How long a node may take to say how it is, ms. */
const STATUS_LIMIT_MS = 500;

export class DrillCluster {
  readonly services: readonly TargetService[];
  readonly #options: DrillClusterOptions;
  readonly #nodes = new Map<number, NodeProcess>();

  constructor(options: DrillClusterOptions) {
    this.#options = options;
    this.services = options.plan.targets.map(({ name, address }) => new TargetService(name, address));
  }

  /** Starts a node; it must not run already. */
  startNode(id: number): NodeProcess {
    const { launcher, configFile, onLine } = this.#options;
    const args = ["run", "--config", configFile, "--node-id", String(id), "--log-format", "json"];
    const node = new NodeProcess(launcher, args, { onLine: (line) => onLine(id, line) });
    this.#nodes.set(id, node);
    return node;
  }

  /** The latest process of a node; throws when it was never started: a bug. */
  node(id: number): NodeProcess {
    const node = this.#nodes.get(id);
    if (node === undefined) throw new Error(`node ${id} was never started`);
    return node;
  }

  get running(): number[] {
    return [...this.#nodes].filter(([, node]) => node.running).map(([id]) => id);
  }

  /** Nodes that ended by themselves. */
  get crashed(): number[] {
    return [...this.#nodes].filter(([, node]) => node.crashed).map(([id]) => id);
  }

  service(name: string): TargetService {
    const service = this.services.find((one) => one.name === name);
    if (service === undefined) throw new Error(`there is no service ${name}`);
    return service;
  }

  /** The status of each node that runs; null where it does not answer. */
  async statuses(): Promise<Map<number, Status | null>> {
    const ids = this.running;
    const places = this.#options.plan.nodes.filter(({ id }) => ids.includes(id));
    const found = await Promise.all(places.map(({ api }) => askStatus(api, STATUS_LIMIT_MS)));
    return new Map(places.map(({ id }, i) => [id, found[i] ?? null]));
  }

  /** Stops all nodes as an operator would; the exit codes of those that ran. */
  async stopNodes(): Promise<number[]> {
    const running = [...this.#nodes.values()].filter((node) => node.running);
    const ends = await Promise.all(running.map((node) => node.stop(STOP_LIMIT_MS)));
    return ends.map(({ code }) => code);
  }

  /** Ends everything that still runs. */
  async close(): Promise<void> {
    await this.stopNodes();
    await Promise.all([...this.#nodes.values()].map((node) => node.ended));
    await Promise.all(this.services.map((service) => service.stop()));
  }

  /** The same at once, for a process that is about to end. */
  killAll(): void {
    for (const node of this.#nodes.values()) node.kill("SIGKILL");
  }
}
