/**
 * What was seen during a run, as plain data. All moments are CLOCK_MONOTONIC in ms, which every process of the run
 * shares; only `uptimeMs` is a node's own. What a thing says was true at some instant between its `from` and its `to`.
 */

/** One call of the service by a client that resolved its name just before. */
export interface Call {
  readonly kind: "call";
  readonly from: number;
  readonly to: number;
  /** The node whose DNS server answered; null when none did. */
  readonly server: string | null;
  /** The target that answered; null when the call failed. */
  readonly by: string | null;
  readonly problem: string | null;
}

/** What an authoritative server said of the service's name; null = an error code (SERVFAIL). */
export interface Answer {
  readonly kind: "answer";
  readonly server: string;
  readonly from: number;
  readonly to: number;
  readonly addresses: readonly string[] | null;
}

/** One life of one node's process. */
export interface Life {
  readonly node: number;
  /** From 1. */
  readonly life: number;
}

/** A node's own status. */
export interface Look extends Life {
  readonly kind: "look";
  readonly from: number;
  readonly to: number;
  /** The same instant on the node's clock, rounded to a ms. */
  readonly uptimeMs: number;
  /** How far its wall clock was off the machine's, ms. */
  readonly wallOffMs: number;
  readonly role: string;
  /** Epoch of its own lease; null while it holds none. */
  readonly holds: string | null;
  /** Whom it takes for the leader. */
  readonly leader: number | null;
  readonly alive: number;
  readonly active: string | null;
  /** All that keeps it from being well; empty when it is. */
  readonly unwell: readonly string[];
}

/** A node's log says that its lease began, went on under another epoch, or ended. */
export interface LeaseTold extends Life {
  readonly kind: "lease";
  readonly what: "begins" | "goes-on" | "runs-out" | "released";
  readonly epoch: string;
  /** When the line came in. */
  readonly at: number;
  /** When it happened, on the node's clock; for `runs-out`: until when the lease was good. */
  readonly uptimeMs: number;
}

/** A node's process ended. */
export interface Death extends Life {
  readonly kind: "death";
  readonly at: number;
}

/** A node's process stood still (SIGSTOP until SIGCONT). */
export interface Stop extends Life {
  readonly kind: "stop";
  readonly from: number;
  readonly to: number;
}

/** A node heard that the cluster switched. */
export interface Switch {
  readonly kind: "switch";
  readonly at: number;
  readonly epoch: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly reason: string;
}

/** One update that BIND took, in its own order. */
export interface Update {
  readonly kind: "update";
  readonly at: number;
  readonly epoch: string;
  readonly target: string | null;
  readonly addresses: readonly string[];
}

/** One update that BIND refused because of its prerequisites. */
export interface Refusal {
  readonly kind: "refusal";
  readonly at: number;
}

/** One run of the `exec` publisher's program: when its process was made, to `STEP_MS` (never earlier than `at`). */
export interface Run {
  readonly kind: "run";
  readonly at: number;
  readonly epoch: string;
  readonly target: string;
}

/** What was done to the world. */
export interface Fault {
  readonly kind: "fault";
  readonly phase: "begin" | "end" | "skipped";
  readonly number: number;
  readonly fault: string;
  readonly at: number;
  readonly text: string;
  /** The leader when it began; what it hit. */
  readonly hits: { readonly leader: boolean; readonly active: string | null } | null;
}

/** From now on the service should be reachable, or need not be, and by when after this. */
export interface Should {
  readonly kind: "should";
  readonly at: number;
  readonly serve: boolean;
  readonly why: string;
  readonly boundMs: number;
}

/** All faults were over at `from`; everything was well again at `to`, or not within `boundMs`. */
export interface Recovery {
  readonly kind: "recovery";
  readonly from: number;
  readonly to: number | null;
  readonly boundMs: number;
  readonly missing: string;
}

/** The machine itself was not running the tests for so long: what a client saw then says nothing of the product. */
export interface Stall {
  readonly kind: "stall";
  readonly at: number;
  readonly ms: number;
}

/** A node process ended by itself, or could not start. */
export interface Crash extends Life {
  readonly kind: "crash";
  readonly at: number;
  readonly text: string;
}

/** So many datagrams went through the relay since it last said so. */
export interface Relayed {
  readonly kind: "relayed";
  readonly at: number;
  readonly count: number;
}

export type Entry =
  | Relayed
  | Call
  | Answer
  | Look
  | LeaseTold
  | Death
  | Stop
  | Switch
  | Update
  | Refusal
  | Run
  | Fault
  | Should
  | Recovery
  | Stall
  | Crash;

/** What the judges need to know of the cluster. */
export interface Setting {
  readonly leaseMs: number;
  /** Published address by target. */
  readonly addresses: ReadonlyMap<string, string>;
  /** The servers that nodes run themselves, by name, and whose. */
  readonly nodeServers: ReadonlyMap<string, number>;
  /** The longest that the arena delays a datagram, ms. */
  readonly longestDelayMs: number;
}

/** The resolution of `Run.at`, ms: a tick of the kernel's clock. */
export const STEP_MS = 10;

/** All entries of some kinds, in the order in which they came. */
export function entries<K extends Entry["kind"]>(
  history: readonly Entry[],
  kind: K,
): Extract<Entry, { kind: K }>[] {
  return history.filter((entry): entry is Extract<Entry, { kind: K }> => entry.kind === kind);
}
