/** One kind of publisher with a real or faked far side, for the one suite that all kinds go through. */
import type { Publisher } from "../../src/adapters/publishers/publisher.ts";
import type { PublishAction, PublishResult } from "../../src/publish/action.ts";
import type { CloudWorld } from "../../src/adapters/publishers/cloud/http.ts";
import { RateBudgets } from "../../src/adapters/publishers/cloud/limits.ts";
import { systemRandom } from "../../src/adapters/random.ts";

/** What the suite needs of a kind. `name` is one record; each case takes another. */
export interface Rig extends AsyncDisposable {
  readonly label: string;
  readonly fence: "compare-and-set" | "lease-only";
  /** A publisher of one node. */
  create(name: string, options?: RigOptions): Publisher;
  /** What the world shows, seen by other means. */
  shows(name: string): Promise<string | null>;
  /** All that a change would change, such as the serial of the zone. */
  state?(name: string): Promise<string>;
  /** A publisher whose credentials are not accepted. */
  denied?(name: string): Publisher;
  /** It looks before a rehearsal, and leaves alone what is not its own. */
  readonly looksFirst?: true;
  /** Port for a relay to stand before; null where requests go over no port. */
  readonly port: number | null;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export interface RigOptions {
  /** Reach the far side here. */
  readonly port?: number;
  readonly secret?: string;
  readonly zone?: string;
}

export const WORLD = { wallMs: (): number => Date.now(), random: systemRandom };
/** What cloud publishers of one node share. */
export function cloudWorld(): CloudWorld {
  return { wallMs: WORLD.wallMs, budgets: new RateBudgets(WORLD.wallMs) };
}

export const TIMEOUT_MS = 5000;

export function write(value: string | null, epoch = "7.1", target: string | null = value): PublishAction {
  return { kind: "write", target: target === null ? null : "t", value, previous: null, epoch };
}

/** Writes what stands there already, to prove that it could. */
export function rehearse(value: string, epoch = "7.1"): PublishAction {
  return { kind: "write", target: "t", value, previous: value, epoch, rehearsal: true };
}

export function read(epoch = "7.1"): PublishAction {
  return { kind: "read", epoch };
}

/** One line for people and for comparison. */
export function said(result: PublishResult): string {
  switch (result.kind) {
    case "ok":
      return result.shows === undefined
        ? "ok"
        : `shows ${result.shows}${result.unclaimed === true ? ", unclaimed" : ""}`;
    case "failed":
      return `failed: ${result.detail}`;
    case "fenced":
      return `fenced by ${result.epoch}`;
    case "not-started":
      return "not started";
  }
}
