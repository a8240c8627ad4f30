/** All benches, in the order in which they run. A bench gives rows; see `frame.ts`. */
import { benchChecks } from "./checks.ts";
import { benchFailover } from "./failover.ts";
import type { Bench } from "./frame.ts";
import { benchIdle } from "./idle.ts";
import { benchLeader, benchStepDown } from "./leader.ts";
import { benchPreempt } from "./preempt.ts";
import { benchSimulate } from "./simulate.ts";
import { benchStart } from "./start.ts";

const MINUTE_MS = 60_000;

export const BENCHES: readonly Bench[] = [
  { name: "start", about: "commands, start to end", limitMs: 2 * MINUTE_MS, run: benchStart },
  { name: "idle", about: "an idle node", limitMs: 3 * MINUTE_MS, run: benchIdle },
  { name: "leader", about: "the leader is killed", limitMs: 20 * MINUTE_MS, run: benchLeader },
  { name: "step-down", about: "the leader is told to go", limitMs: 15 * MINUTE_MS, run: benchStepDown },
  {
    name: "preempt",
    about: "a node with more authority takes over",
    limitMs: 5 * MINUTE_MS,
    run: benchPreempt,
  },
  {
    name: "failover",
    about: "the primary is killed, quick checks",
    limitMs: 5 * MINUTE_MS,
    run: benchFailover,
  },
  { name: "checks", about: "5,000 http targets at 1 s", limitMs: 10 * MINUTE_MS, run: benchChecks },
  { name: "simulate", about: "the simulator", limitMs: 15 * MINUTE_MS, run: benchSimulate },
];
