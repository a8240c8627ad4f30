/** A virtual resolver of the embedded DNS: it asks the nodes in turn, from a random one on. */
import type { Random } from "../base/time.ts";
import type { ClusterState } from "../failover/cluster_state.ts";
import type { Machine } from "./machine.ts";
import type { VirtualTarget } from "./target.ts";

export class Resolver {
  readonly #machines: readonly Machine[];
  readonly #clusterOf: (machine: Machine) => ClusterState | null;
  readonly #random: Random;

  constructor(
    machines: readonly Machine[],
    clusterOf: (machine: Machine) => ClusterState | null,
    random: Random,
  ) {
    this.#machines = machines;
    this.#clusterOf = clusterOf;
    this.#random = random;
  }

  /** What the first node that runs and knows a decision answers: null = no target, undefined = no answer at all. */
  resolve(service: string, targets: readonly VirtualTarget[]): string | null | undefined {
    const first = Math.floor(this.#random.next() * this.#machines.length);
    for (let i = 0; i < this.#machines.length; i++) {
      const machine = this.#machines[(first + i) % this.#machines.length];
      if (machine === undefined || machine.program === null || machine.pausedAt !== null) continue;
      const decision = this.#clusterOf(machine)?.services[service];
      if (decision === undefined) continue;
      return targets.find((target) => target.name === decision.active)?.published ?? null;
    }
    return undefined;
  }
}
