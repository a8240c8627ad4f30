/** One row of the table: a figure that was measured, its goal, and whether the goal is met. */

/** Something that a row has to reach. */
export interface Goal {
  readonly stat: "min" | "median" | "p99" | "max";
  readonly op: "<=" | ">=";
  /** The bound, in the row's unit; with `times`, so many times that peer's median of the same run. */
  readonly value: number;
  /** A peer whose name begins so, where the goal is relative. */
  readonly times?: string;
}

export interface Row {
  /** The bench that measured it; the frame fills it in. */
  readonly bench: string;
  readonly what: string;
  /** `abfail`, or a peer. */
  readonly who: string;
  readonly settings: string;
  readonly unit: string;
  readonly rounds: number;
  readonly min: number | null;
  readonly median: number | null;
  readonly p99: number | null;
  readonly max: number | null;
  readonly goals: readonly Goal[];
  /** null where there is no goal, or nothing to hold it against. */
  readonly met: boolean | null;
  /** A peer's row: abfail's median divided by the peer's. null where one is missing or the peer's is 0. */
  readonly ratio: number | null;
  /** Rounds that failed, why there is no figure, what the limit is. */
  readonly note: string;
}

/** What a row is about. */
export interface Measured {
  readonly what: string;
  /** Default: abfail. */
  readonly who?: string;
  readonly settings?: string;
  readonly unit: string;
  readonly goals?: readonly Goal[];
  readonly note?: string;
}

export const ABFAIL = "abfail";

export const atMost = (stat: Goal["stat"], value: number): Goal => ({ stat, op: "<=", value });
export const atLeast = (stat: Goal["stat"], value: number): Goal => ({ stat, op: ">=", value });
/** At most / at least so many times a peer's median of the same run. */
export const timesPeer = (op: Goal["op"], value: number, peer: string): Goal => {
  return { stat: "median", op, value, times: peer };
};

/** Sums samples up. Without samples the row says so and misses its goals. */
export function measured(about: Measured, samples: readonly number[]): Row {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number | null => percentile(sorted, share);
  return {
    bench: "",
    what: about.what,
    who: about.who ?? ABFAIL,
    settings: about.settings ?? "",
    unit: about.unit,
    rounds: sorted.length,
    min: at(0),
    median: at(0.5),
    p99: at(0.99),
    max: at(1),
    goals: about.goals ?? [],
    met: null,
    ratio: null,
    note: about.note ?? (sorted.length === 0 ? "no round succeeded" : ""),
  };
}

/** A row without a figure: the program is not installed, or the bench failed. */
export function without(about: Measured, note: string): Row {
  return measured({ ...about, note }, []);
}

/** Nearest rank: the smallest sample that at least this share of all does not exceed; null without samples. */
export function percentile(sorted: readonly number[], share: number): number | null {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  return value === undefined ? null : rounded(value);
}

/** Holds rows against their goals and peers against abfail. Rows of all benches: a goal may name a peer. */
export function judge(rows: readonly Row[]): Row[] {
  return rows.map((row) => {
    const own = row.who === ABFAIL ? row : rows.find((one) => isSame(one, row) && one.who === ABFAIL);
    const comparable = row.who !== ABFAIL && own?.median != null && row.median !== null && row.median !== 0;
    const ratio = comparable ? rounded((own?.median as number) / (row.median as number)) : null;
    return { ...row, ratio, met: isMet(row, rows) };
  });
}

function isSame(a: Row, b: Row): boolean {
  return a.bench === b.bench && a.what === b.what;
}

function isMet(row: Row, rows: readonly Row[]): boolean | null {
  const judged = row.goals.map((goal) => {
    const value = row[goal.stat];
    if (value === null) return false;
    let bound = goal.value;
    if (goal.times !== undefined) {
      const peer = rows.find((one) => isSame(one, row) && one.who.startsWith(goal.times as string));
      if (peer?.median == null) return null;
      bound *= peer.median;
    }
    return goal.op === "<=" ? value <= bound : value >= bound;
  }).filter((met) => met !== null);
  return judged.length === 0 ? null : judged.every((met) => met);
}

/** Two digits after the point for what is small, none for what is large. */
function rounded(value: number): number {
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 1000 ? 1 : 0;
  return Number(value.toFixed(digits));
}
