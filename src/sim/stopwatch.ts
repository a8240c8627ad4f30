/** How long failovers took: of the leader, and of the services as their clients saw it. Times are true ms. */
import type { Call } from "./client.ts";
import type { VirtualTarget } from "./target.ts";

export class Stopwatch {
  /** From a fault of the leader until the next leader acts. */
  readonly leaderMs: number[] = [];
  /** From a fault of the active target until a client is served by another. */
  readonly serviceMs: number[] = [];
  #leaderLostAt: number | null = null;
  readonly #targetLostAt = new Map<string, { readonly at: number; readonly name: string }>();

  leaderLost(at: number): void {
    this.#leaderLostAt ??= at;
  }

  leaderActs(at: number): void {
    if (this.#leaderLostAt === null) return;
    this.leaderMs.push(at - this.#leaderLostAt);
    this.#leaderLostAt = null;
  }

  /** One of a service's targets died: counted for as long as another could take the active one's place. */
  targetLost(
    target: VirtualTarget,
    all: readonly VirtualTarget[],
    active: string | null | undefined,
    at: number,
  ): void {
    const { service, name } = target;
    if (all.every((candidate) => candidate.trouble !== null)) this.#targetLostAt.delete(service);
    else if (active === name && !this.#targetLostAt.has(service)) {
      this.#targetLostAt.set(service, { at, name });
    }
  }

  /** A client of a service made a call. */
  called(service: string, { ok, target, atMs }: Call): void {
    const lost = this.#targetLostAt.get(service);
    if (lost === undefined || !ok) return;
    if (target !== lost.name) this.serviceMs.push(atMs - lost.at);
    this.#targetLostAt.delete(service);
  }
}
