/** A B A B: rounds of abfail and its peers in turn, so that whatever else the machine does meets all alike. */
import type { Ask } from "./frame.ts";
import { within } from "./keep.ts";
import { ABFAIL, type Goal, measured, type Row, without } from "./row.ts";

/** Figures of one round, by the measure's key; a measure may be missing from a round. */
export type Round = Readonly<Record<string, number>>;

/** Something that is measured round by round. */
export interface Contestant extends AsyncDisposable {
  round(index: number): Promise<Round>;
}

export interface Subject {
  readonly who: string;
  readonly settings: string;
  /** Why it cannot be measured here, such as `not installed`; null when it can. */
  readonly absent: string | null;
  /** Opened before its first round, and anew after a round that failed. */
  readonly open: () => Promise<Contestant>;
}

export interface Measure {
  readonly key: string;
  readonly what: string;
  readonly unit: string;
  /** abfail's goals. */
  readonly goals?: readonly Goal[];
}

/** A round may take so long, with the opening before it, ms. */
const ROUND_LIMIT_MS = 90_000;
/** After so many failures in a row a subject is given up. */
const MAX_FAILURES = 3;

interface Lane {
  readonly subject: Subject;
  readonly samples: Map<string, number[]>;
  open: Contestant | null;
  failures: number;
  inARow: number;
  last: string;
}

/** Rounds in turn; one row a measure and subject. The first subject is abfail; the others run with `--vs` only. */
export async function alternate(
  ask: Ask,
  measures: readonly Measure[],
  subjects: readonly Subject[],
): Promise<Row[]> {
  const lanes: Lane[] = subjects.filter(({ who }) => ask.vs || who === ABFAIL).map((subject) => {
    return { subject, samples: new Map(), open: null, failures: 0, inARow: 0, last: "" };
  });
  try {
    for (let round = 0; round < ask.rounds; round++) {
      for (const lane of lanes) await runRound(lane, round, ask.say);
    }
  } finally {
    for (const lane of lanes) await closeQuietly(lane);
  }
  return measures.flatMap((measure, i) => lanes.flatMap((lane) => rowOf(measure, i === 0, lane)));
}

async function runRound(lane: Lane, round: number, say: (text: string) => void): Promise<void> {
  const { subject, samples } = lane;
  if (subject.absent !== null || lane.inARow >= MAX_FAILURES) return;
  try {
    const figures = await within(
      ROUND_LIMIT_MS,
      (async (): Promise<Round> => {
        lane.open ??= await subject.open();
        return await lane.open.round(round);
      })(),
    );
    lane.inARow = 0;
    for (const [key, value] of Object.entries(figures)) {
      const list = samples.get(key);
      if (list === undefined) samples.set(key, [value]);
      else list.push(value);
    }
  } catch (problem) {
    lane.failures++;
    lane.inARow++;
    lane.last = (problem instanceof Error ? problem.message : String(problem)).split("\n")[0] as string;
    say(`${subject.who}, round ${round + 1}: ${problem instanceof Error ? problem.stack : problem}`);
    await closeQuietly(lane);
    lane.open = null;
  }
}

/** What cannot be taken down now is tried again at the end: see `keep.ts`. */
async function closeQuietly(lane: Lane): Promise<void> {
  try {
    await lane.open?.[Symbol.asyncDispose]();
  } catch (problem) {
    lane.last ||= String(problem);
  }
}

function rowOf(measure: Measure, first: boolean, lane: Lane): Row[] {
  const { subject, failures, last } = lane;
  const { who, settings } = subject;
  const goals = who === ABFAIL ? measure.goals : [];
  const about = { what: measure.what, unit: measure.unit, who, settings, goals };
  const isOwn = who === ABFAIL;
  if (subject.absent !== null) return isOwn || first ? [without(about, subject.absent)] : [];
  const samples = lane.samples.get(measure.key);
  if (samples === undefined) {
    // A peer that has no such figure has no row; one that failed says so once.
    if (!isOwn && (lane.samples.size > 0 || !first)) return [];
    return [without(about, `FAILED: ${last || "no figure"}`)];
  }
  return [measured({ ...about, note: failures === 0 ? "" : `${failures} failed: ${last}` }, samples)];
}
