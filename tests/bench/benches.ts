/** All benches, in the order in which they run. A bench gives rows; see `frame.ts`. */
import { benchChecks } from "./checks.ts";
import { benchDns } from "./dns.ts";
import { benchCommit } from "./commit.ts";
import { benchFailover } from "./failover.ts";
import type { Bench } from "./frame.ts";
import { benchFlood } from "./flood.ts";
import { benchIdle } from "./idle.ts";
import { benchLeader, benchStepDown } from "./leader.ts";
import { benchLoss } from "./loss.ts";
import { benchNodes } from "./nodes.ts";
import { benchPreempt } from "./preempt.ts";
import { benchPrimaryDown, benchPrimaryHangs } from "./primary.ts";
import { benchSimulate } from "./simulate.ts";
import { benchStart } from "./start.ts";
import { benchPartition, benchPause } from "./two_leaders.ts";

export const BENCHES: readonly Bench[] = [
  bench("start", "commands, start to end", 2, benchStart),
  bench("idle", "an idle node", 3, benchIdle),
  bench("leader", "the leader is killed", 20, benchLeader),
  bench("step-down", "the leader is told to go", 15, benchStepDown),
  bench("preempt", "a node with more authority takes over", 5, benchPreempt),
  bench("pause", "the leader is stopped for 5 s", 20, benchPause),
  bench("partition", "the leader's host is cut off", 20, benchPartition),
  bench("loss", "20 % and 30 % of datagrams lost", 20, benchLoss),
  bench("failover", "the primary is killed, quick checks", 5, benchFailover),
  bench("primary-down", "the primary is killed, checked each second", 15, benchPrimaryDown),
  bench("primary-hangs", "the primary hangs", 15, benchPrimaryHangs),
  bench("dns", "the embedded DNS server at full speed and at half", 10, benchDns),
  bench("checks", "5,000 http targets at 1 s", 10, benchChecks),
  bench("flood", "50,000 junk datagrams a second", 10, benchFlood),
  bench("commit", "a state of 1,000 services", 10, benchCommit),
  bench("nodes", "3 to 15 nodes", 15, benchNodes),
  bench("simulate", "the simulator", 15, benchSimulate),
];

function bench(name: string, about: string, limitMinutes: number, run: Bench["run"]): Bench {
  return { name, about, limitMs: limitMinutes * 60_000, run };
}
