/** Since when a world is calm: one leader all the while, every node there and no newcomer, a network that delivers. */
import type { TrueMs } from "./clock.ts";
import type { Engine } from "./engine.ts";
import type { Machine } from "./machine.ts";

export class Calm {
  /** Null while it is not calm. */
  since: TrueMs | null = null;
  readonly #engine: Engine;
  #leader: Machine | null = null;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** To be called often; another leader begins it anew. */
  look(leader: Machine | null): void {
    const { machines, network, now } = this.#engine;
    const settled = machines.every((one) => one.program?.election.joining === null && one.pausedAt === null);
    const calm = leader !== null && network.isCalm() && settled;
    if (!calm || leader !== this.#leader) this.since = calm ? now : null;
    else this.since ??= now;
    this.#leader = leader;
  }
}
