/** A virtual copy of a service: what a probe or a client that tries it finds. */
import type { Random } from "../base/time.ts";

/** What is wrong with it. */
export type TargetTrouble =
  /** Connections are refused at once. */
  | "refuses"
  /** It never answers: every try waits in vain. */
  | "hangs"
  /** It answers with an error. */
  | "errors";

/** How one try went. */
export interface Try {
  readonly ok: boolean;
  readonly tookMs: number;
  readonly detail: string;
}

export class VirtualTarget {
  readonly service: string;
  readonly name: string;
  /** What is published for it. */
  readonly published: string;
  readonly zone: string;
  trouble: TargetTrouble | null = null;
  /** Zones that do not reach it; each may be cut off more than once. */
  readonly cutOff = new Map<string, number>();
  /** Since when it has been as it is: trouble or reach last changed, true ms. */
  changedAt = 0;
  readonly #random: Random;

  constructor(given: { service: string; name: string; published: string; zone: string }, random: Random) {
    this.service = given.service;
    this.name = given.name;
    this.published = given.published;
    this.zone = given.zone;
    this.#random = random;
  }

  isReachedFrom(zone: string): boolean {
    return (this.cutOff.get(zone) ?? 0) === 0;
  }

  /** True when a try from there would succeed. */
  isUpFrom(zone: string): boolean {
    return this.trouble === null && this.isReachedFrom(zone);
  }

  try(from: string, timeoutMs: number, farMs: number): Try {
    const tookMs = 1 + this.#random.next() * 4 + (from === this.zone ? 0 : 2 * farMs);
    if (!this.isReachedFrom(from) || this.trouble === "hangs") {
      return { ok: false, tookMs: timeoutMs, detail: `no answer within ${timeoutMs} ms` };
    }
    if (tookMs >= timeoutMs) {
      return { ok: false, tookMs: timeoutMs, detail: `no answer within ${timeoutMs} ms` };
    }
    switch (this.trouble) {
      case "refuses":
        return { ok: false, tookMs, detail: "connection refused" };
      case "errors":
        return { ok: false, tookMs, detail: "HTTP 500" };
      default:
        return { ok: true, tookMs, detail: "HTTP 200" };
    }
  }
}
