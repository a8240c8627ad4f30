/** The virtual machines that a config's nodes run on. */
import type { SeededRandom } from "../base/random.ts";
import type { Config } from "../config/config.ts";
import { NodeClock } from "./clock.ts";
import { createMachine, type Machine } from "./machine.ts";

/** How late a timer of such a machine is on average, ms. */
const LATE_MS = 0.3;
/** A machine has been up for so long at most when the world begins, ms. */
const UP_AT_MOST_MS = 1e7;
/** Wall clocks are wrong by half of this at most, ms. */
const WALL_SPREAD_MS = 2000;

export interface MachineChance {
  /** Clocks run at a rate between 1 - rho and 1 + rho. */
  readonly rho: number;
  readonly clocks: SeededRandom;
  readonly random: SeededRandom;
}

/** One for each node, in the order of the config; all are down, none has ever run. */
export function machinesOf(config: Config, disks: boolean, chance: MachineChance): Machine[] {
  const { rho, clocks, random } = chance;
  return config.cluster.nodes.map(({ id, zone }, index) =>
    createMachine({
      id,
      index,
      zone,
      clock: new NodeClock(
        1 + (2 * clocks.next() - 1) * rho,
        clocks.next() * UP_AT_MOST_MS,
        (clocks.next() - 0.5) * WALL_SPREAD_MS,
      ),
      random: random.fork(`node ${id}`),
      hasDisk: config.node.stateDir !== null || disks,
      lateMs: LATE_MS,
    })
  );
}
