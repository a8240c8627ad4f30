/** The steps of a drill: what is done to the cluster, and what must come of it. */
import type { Status } from "../view/status_type.ts";
import type { DrillCluster } from "./cluster.ts";
import type { Tally } from "./tally.ts";

/** What the steps work on. */
export interface Stage {
  readonly cluster: DrillCluster;
  readonly tally: Tally;
  /** Lets the client go. */
  startClient(): void;
  stopClient(): Promise<void>;
}

export interface Step {
  /** What the spectator reads when it begins. */
  readonly begin: string;
  /** What is awaited, and the step's name in the summary. */
  readonly what: string;
  /** How long it may take, ms: far above what is usual, so that a busy machine is no failure. */
  readonly limitMs: number;
  act(stage: Stage): void | Promise<void>;
  /** The moment when what is awaited had come (`performance.now()`), null while it has not. */
  reached(stage: Stage, since: number): number | null | Promise<number | null>;
}

const LIMIT_MS = 10_000;
/** Good answers in a row that count as "the client is served by": one from each node's DNS. */
const STREAK = 3;
/** How long the client is watched while nothing happens, ms. */
const STEADY_MS = 1200;

/** All steps in order. Node 1 has the most authority, `web-a` is the primary. */
export const STEPS: readonly Step[] = [
  {
    begin: "Start three nodes in zones a, b and c, and two services, web-a (primary) and web-b",
    what: "node 1 leads, web-a is published",
    limitMs: 15_000,
    act: ({ cluster }) => {
      for (const service of cluster.services) service.start();
      for (const id of [1, 2, 3]) cluster.startNode(id);
    },
    reached: async ({ cluster }) => isWell(await cluster.statuses(), 1, "web-a") ? performance.now() : null,
  },
  {
    begin: "A client asks DNS and calls the service, again and again; nothing is disturbed",
    what: "steady, no request failed",
    limitMs: LIMIT_MS,
    act: (stage) => stage.startClient(),
    reached: ({ tally }, since) => {
      const now = performance.now();
      return now - since >= STEADY_MS && tally.failed === 0 && isServed(tally, "web-a") ? now : null;
    },
  },
  {
    begin: "Stop web-a, the primary",
    what: "the client is served by web-b",
    limitMs: LIMIT_MS,
    act: ({ cluster }) => cluster.service("web-a").stop(),
    reached: servedBy("web-b"),
  },
  {
    begin: "Bring web-a back",
    what: "back on the primary, after failback_delay",
    limitMs: LIMIT_MS,
    act: ({ cluster }) => cluster.service("web-a").start(),
    reached: servedBy("web-a"),
  },
  {
    begin: "Kill the leader, node 1 (SIGKILL)",
    what: "node 2 leads",
    limitMs: LIMIT_MS,
    act: ({ cluster }) => cluster.node(1).kill("SIGKILL"),
    reached: leads(2),
  },
  {
    begin: "Stop web-a again, under the new leader",
    what: "the client is served by web-b, two nodes left",
    limitMs: LIMIT_MS,
    act: ({ cluster }) => cluster.service("web-a").stop(),
    reached: servedBy("web-b"),
  },
  {
    begin: "Start node 1 again: it has the most authority",
    what: "node 1 leads by handover, after preempt_delay",
    limitMs: LIMIT_MS,
    act: async ({ cluster }) => {
      await cluster.node(1).ended;
      cluster.startNode(1);
    },
    reached: leads(1),
  },
  {
    begin: "Bring web-a back",
    what: "back on the primary again",
    limitMs: LIMIT_MS,
    act: ({ cluster }) => cluster.service("web-a").start(),
    reached: servedBy("web-a"),
  },
  {
    begin: "Stop the leader, node 1, as an upgrade does (SIGTERM)",
    what: "node 2 leads, the lease was handed over",
    limitMs: LIMIT_MS,
    act: ({ cluster }) => cluster.node(1).kill("SIGTERM"),
    reached: leads(2),
  },
  {
    begin: "Stop everything",
    what: "every node ended with exit code 0",
    limitMs: LIMIT_MS,
    act: async (stage) => {
      await stage.stopClient();
      const codes = await stage.cluster.stopNodes();
      codes.push((await stage.cluster.node(1).ended).code);
      if (codes.some((code) => code !== 0)) throw new Error(`exit codes ${codes.join(", ")}`);
    },
    reached: () => performance.now(),
  },
];

function servedBy(name: string): Step["reached"] {
  return ({ tally }, since) => isServed(tally, name) && tally.streakFrom >= since ? tally.streakFrom : null;
}

function isServed(tally: Tally, name: string): boolean {
  return tally.last?.by === name && tally.streak >= STREAK;
}

/** That node said so itself, and all that run agree. */
function leads(id: number): Step["reached"] {
  return async ({ cluster }, since) => {
    const line = cluster.node(id).log.find((one) => one.name === "lease" && one.at >= since);
    if (line === undefined) return null;
    const statuses = [...(await cluster.statuses()).values()];
    return statuses.every((status) => status?.leader?.id === id) ? line.at : null;
  };
}

/** Every node sees all three, that leader and that target, and the targets are up. */
function isWell(statuses: ReadonlyMap<number, Status | null>, leader: number, active: string): boolean {
  return statuses.size === 3 && [...statuses.values()].every((status) => {
    const service = status?.services[0];
    return status?.leader?.id === leader && status.quorum.alive === 3 && service?.active === active &&
      service.targets.every((target) => target.health === "up");
  });
}
