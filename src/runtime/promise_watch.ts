/** Stops a node's writing when it sees a promise broken: it says so, stays up, and leaves the world alone. */
import type { LogEvent, NodeEvent } from "../node/events.ts";
import { type BrokenPromise, secondLeader } from "../node/promises.ts";
import type { NodeState } from "../node/state.ts";

/** Remembers what was seen broken, for as long as this node leads in the epoch in which it saw it. */
export class PromiseWatch {
  #broken: (BrokenPromise & { readonly epoch: string }) | null = null;

  /** Looks at an event before the node takes it. What is to be told, once for each epoch; null for nothing. */
  look(state: NodeState, event: NodeEvent, now: number): LogEvent | null {
    if (event.kind !== "received" || state.leading === null || this.#seen(state) !== null) return null;
    const broken = secondLeader(state, event.packet, now);
    if (broken === null) return null;
    const { epoch } = state.leading;
    this.#broken = { ...broken, epoch };
    const { promise, node, otherEpoch } = broken;
    const data = { promise, node, otherEpoch };
    return { level: "error", name: "promise-broken", text: broken.text, epoch, service: null, data };
  }

  /** True while nothing may be written. */
  stops(state: NodeState): boolean {
    return this.#seen(state) !== null;
  }

  /** For status. */
  problems(state: NodeState): string[] {
    const broken = this.#seen(state);
    return broken === null ? [] : [broken.text];
  }

  #seen(state: NodeState): BrokenPromise | null {
    const broken = this.#broken;
    return broken !== null && state.leading?.epoch === broken.epoch ? broken : null;
  }
}
