/**
 * A reading of one node's monotonic clock, milliseconds (fractions allowed). It has no epoch that
 * another node shares: only differences of readings of one clock mean anything. Suspended time
 * counts (ELECTION.md [14]).
 */
export type MonoMs = number;

/** Wall clock, milliseconds since 1970 UTC. For terms, logs and TSIG alone, never for durations. */
export type WallMs = number;

/** What a pure core gets from outside at each step. */
export interface Env {
  readonly now: MonoMs;
  readonly wallMs: WallMs;
  readonly random: Random;
}

/** A source of chance, seeded in tests and in the simulator. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}
