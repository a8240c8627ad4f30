/**
 * The lives of each sender that datagrams have been verified from: their keys and replay windows.
 *
 * Which recordings could be played back, and what stops each:
 * - of a life held here: its replay window;
 * - of a life that ended before this node started: nothing here has seen it, so it passes until the sender's
 *   present life is PROVEN, that is, until a datagram arrives that names this node's own incarnation, which
 *   nothing recorded earlier can. From then on a life that does not prove itself is turned away: a real new
 *   life has to hear this node first, one round trip. What passes before is addressed to nobody alive or to
 *   nobody at all, and the election takes no vote from it (it looks at `to` and `echo`);
 * - of a life that was proven, then pushed out by PROVEN_KEPT newer ones: it is remembered as closed. Each such
 *   life cost a real restart of the sender under this node's eyes, so CLOSED_KEPT of them are plenty;
 * - of an unproven life pushed out by other unproven ones: it passes again, as in the second case.
 * Nothing is kept for a datagram whose tag was not verified, so junk pushes out nothing.
 */
import type { Incarnation, NodeId } from "../base/id.ts";
import type { MonoMs } from "../base/time.ts";
import type { LifeKey } from "./life_key.ts";
import { ReplayWindow } from "./replay_window.ts";

/** Proven lives held of one sender: the present one, a twin, and those before. */
const PROVEN_KEPT = 4;
/** Unproven lives held of one sender. */
const UNPROVEN_KEPT = 4;
/** Lives of one sender remembered as over. */
const CLOSED_KEPT = 256;

/** Where datagrams come from: an address and a port. */
export interface Source {
  readonly host: string;
  readonly port: number;
}

/** One life of one sender. */
export interface Life {
  readonly incarnation: Incarnation;
  readonly window: ReplayWindow;
  /** Derived keys by the name of the cluster key they come from. */
  readonly keys: Map<string, LifeKey>;
  /** True once it has named this node's own incarnation. */
  proven: boolean;
  usedAt: MonoMs;
}

interface Sender {
  lives: Life[];
  readonly closed: Set<Incarnation>;
  /** Where the last datagram of a proven life came from; null: not known. */
  place: Source | null;
}

/** Bounded by the number of senders it is allowed to know. */
export class Lives {
  readonly #senders = new Map<NodeId, Sender>();
  readonly #maxSenders: number;

  constructor(maxSenders: number) {
    this.#maxSenders = maxSenders;
  }

  /** The life, where it is held. */
  find(id: NodeId, incarnation: Incarnation): Life | null {
    return this.#senders.get(id)?.lives.find((life) => life.incarnation === incarnation) ?? null;
  }

  /** True for a life that was pushed out after it had been proven. */
  isClosed(id: NodeId, incarnation: Incarnation): boolean {
    return this.#senders.get(id)?.closed.has(incarnation) ?? false;
  }

  /** True when some life of that sender is proven. */
  hasProven(id: NodeId): boolean {
    return this.#senders.get(id)?.lives.some((life) => life.proven) ?? false;
  }

  /** Holds a new life, unproven; the longest unused unproven one may have to go. */
  admit(id: NodeId, incarnation: Incarnation, now: MonoMs): Life {
    const life: Life = {
      incarnation,
      window: new ReplayWindow(),
      keys: new Map(),
      proven: false,
      usedAt: now,
    };
    const sender = this.#sender(id);
    sender.lives.push(life);
    this.#trim(sender, false, UNPROVEN_KEPT);
    return life;
  }

  /** A datagram of it named this node's own incarnation. */
  prove(id: NodeId, life: Life): void {
    if (life.proven) return;
    life.proven = true;
    const sender = this.#sender(id);
    for (const gone of this.#trim(sender, true, PROVEN_KEPT)) {
      sender.closed.add(gone.incarnation);
      const [oldest] = sender.closed;
      if (sender.closed.size > CLOSED_KEPT && oldest !== undefined) sender.closed.delete(oldest);
    }
  }

  /** True when the last datagram of a proven life of that sender came from there, or nobody knows from where this does. */
  isAt(id: NodeId, source: Source | null): boolean {
    if (source === null) return true;
    const place = this.#senders.get(id)?.place ?? null;
    return place !== null && place.port === source.port && place.host === source.host;
  }

  /** A datagram of a proven life came from there. */
  setPlace(id: NodeId, source: Source | null): void {
    this.#sender(id).place = source;
  }

  /** Drops derived keys whose cluster key is no longer in use. */
  keepKeys(wanted: (clusterKey: string) => boolean): void {
    for (const { lives } of this.#senders.values()) {
      for (const { keys } of lives) {
        for (const name of [...keys.keys()]) if (!wanted(name)) keys.delete(name);
      }
    }
  }

  #sender(id: NodeId): Sender {
    const known = this.#senders.get(id);
    if (known !== undefined) return known;
    const [first] = this.#senders.keys();
    if (this.#senders.size >= this.#maxSenders && first !== undefined) this.#senders.delete(first);
    const sender: Sender = { lives: [], closed: new Set(), place: null };
    this.#senders.set(id, sender);
    return sender;
  }

  /** Leaves `kept` lives of the one sort, the newest used, and gives those that went. */
  #trim(sender: Sender, proven: boolean, kept: number): Life[] {
    const sort = sender.lives.filter((life) => life.proven === proven).reverse()
      .sort((a, b) => b.usedAt - a.usedAt);
    const gone = sort.slice(kept);
    sender.lives = sender.lives.filter((life) => !gone.includes(life));
    return gone;
  }
}
