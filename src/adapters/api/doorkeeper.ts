/**
 * How many connections the API has at once, in all and from one address: each is a file and some memory, and one
 * machine must not be able to take them all. What is turned away is counted.
 */

/** Connections at once; the limit of open files is 1024 on many systems. */
export const CONNECTIONS_MAX = 256;
/** Of them, from one address. */
export const ADDRESS_MAX = 64;

/** Why a connection was turned away or cut. */
export type RefusalReason =
  | "connections"
  | "address"
  | "handshake"
  | "malformed"
  | "slow-request"
  | "slow-reader";

const REASONS: readonly RefusalReason[] = [
  ...["connections", "address", "handshake", "malformed", "slow-request", "slow-reader"] as const,
];

/** How often each happened. */
export type Refusals = ReadonlyMap<RefusalReason, number>;

/** Counts the connections of one server. */
export class Doorkeeper {
  readonly #refused = new Map<RefusalReason, number>(REASONS.map((reason) => [reason, 0]));
  readonly #byAddress = new Map<string, number>();
  readonly #max: number;
  #open = 0;

  /** `max`: connections at once. */
  constructor(max: number = CONNECTIONS_MAX) {
    this.#max = max;
  }

  get refused(): Refusals {
    return this.#refused;
  }

  /** Connections now. */
  get open(): number {
    return this.#open;
  }

  /** Lets a connection in; it then must `leave`. False: close it. */
  enter(address: string): boolean {
    const same = this.#byAddress.get(address) ?? 0;
    if (this.#open >= this.#max) return this.refuse("connections");
    if (same >= ADDRESS_MAX) return this.refuse("address");
    this.#open += 1;
    this.#byAddress.set(address, same + 1);
    return true;
  }

  leave(address: string): void {
    this.#open -= 1;
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, left);
  }

  /** Counts; always false. */
  refuse(reason: RefusalReason): false {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
    return false;
  }
}
