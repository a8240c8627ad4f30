/**
 * What others than the publisher's own API say: each authoritative name server, and resolvers (PRODUCT.md, `verify`).
 * Asked once what was written has been read back, and then now and then; how long each took is its lag. Nothing waits
 * for it, and nothing is written because of it: a name server that lags is for people to look at.
 *
 *     confirmed ---> [ ask ] -- all agree -----------------------------> every minute
 *                       ^          | some do not
 *                       +-- 0.5 s, 1 s, 2 s .. 30 s;  for longer than its grace: told once, a problem until it agrees
 */
import { assert } from "../base/assert.ts";
import type { MonoMs } from "../base/time.ts";
import type { Reconciler } from "./reconciler.ts";

/** What one place says. */
export interface VerifyAnswer {
  /** What it is called, such as `ns1.example.com` or `resolver 1.1.1.1`. */
  readonly server: string;
  /** It may remember an old answer for its TTL. */
  readonly isResolver: boolean;
  /** Null = nothing; undefined = it did not say. */
  readonly shows: string | null | undefined;
  /** Why it did not say; null when it did. */
  readonly problem: string | null;
  /** How long before the end of the round it answered, ms: one that is silent must not make the others look slow. */
  readonly ageMs: number;
}

/** One place, as it was last heard. */
export interface VerifyEntry extends VerifyAnswer {
  readonly agrees: boolean;
  /** What it is to show was published then; or it ceased to agree then. */
  readonly since: MonoMs;
  /** How long it took to agree, ms, to the next question; null while it does not, or where nothing was changed. */
  readonly lagMs: number | null;
  /** `pending`: it does not agree (yet), within its grace. `lagging`, `silent`: for longer. */
  readonly state: "ok" | "pending" | "lagging" | "silent";
}

/** The places of one publisher. */
export interface Verifier {
  readonly ttlMs: number;
  /** What all are to show; undefined while that is not settled. */
  expected: string | null | undefined;
  /** When it was published, as far as this node knows. */
  since: MonoMs;
  /** This node changed what is shown: then there is a lag to be measured. */
  changed: boolean;
  entries: readonly VerifyEntry[];
  nextAt: MonoMs;
  /** Rounds in a row in which not all agreed. */
  rounds: number;
  asking: { readonly number: number; readonly until: MonoMs } | null;
  numbers: number;
  /** It has been told that some place does not agree. */
  told: boolean;
  /** All have shown what was published last. */
  seen: boolean;
}

/** One round to be asked. */
export interface VerifyDue {
  readonly number: number;
  readonly timeoutMs: number;
}

/** What a round has to tell: `worse` is a problem, `better` its end; `seen`: all show what was published last. */
export interface VerifyTold {
  readonly event: "worse" | "better" | "seen" | null;
  readonly detail: string;
}

/** One round takes so long at most, ms. */
const TIMEOUT_MS = 4000;
/** Without any answer by then a round is lost, ms. */
const LOST_MS = 8000;
/** Between two rounds, ms: while not all agree, from the first on, doubling; once they do. */
const AGAIN_MS = { first: 500, most: 30_000, calm: 60_000 } as const;
/** So long an authoritative server may lag without a word, ms; a resolver for its TTL more. */
export const GRACE_MS = 60_000;
/** Places that are kept. */
const PLACES_MAX = 32;

const QUIET: VerifyTold = { event: null, detail: "" };

/** The places of a publisher that has some. */
export function createVerifier(ttlMs: number): Verifier {
  return {
    ttlMs,
    expected: undefined,
    since: -Infinity,
    changed: false,
    entries: [],
    nextAt: Infinity,
    rounds: 0,
    asking: null,
    numbers: 0,
    told: false,
    seen: false,
  };
}

/** Follows what the publisher itself has confirmed. While that is not settled, nobody is asked. */
export function followPublisher(v: Verifier, r: Reconciler, now: MonoMs): void {
  const settled = r.leading !== null && r.confirmed && r.desired !== null;
  if (!settled) {
    v.nextAt = Infinity;
    if (r.leading === null) forget(v);
    return;
  }
  const value = r.desired?.value ?? null;
  if (v.expected === value) {
    if (v.nextAt === Infinity) v.nextAt = now;
    return;
  }
  v.changed = r.lastChangeAt !== null && now - r.lastChangeAt < LOST_MS;
  v.expected = value;
  v.since = v.changed ? r.lastChangeAt ?? now : now;
  v.rounds = 0;
  v.seen = false;
  v.nextAt = now;
  v.asking = null; // an answer under way is about the value before
  const { since } = v;
  v.entries = v.entries.map((entry) => ({ ...entry, since, agrees: false, lagMs: null, state: "pending" }));
}

function forget(v: Verifier): void {
  v.expected = undefined;
  v.entries = [];
  v.asking = null;
  v.told = false;
}

/** When `verifyDue` is to be asked; Infinity while there is nothing to ask. */
export function nextVerifyAt(v: Verifier): MonoMs {
  return v.nextAt === Infinity ? Infinity : v.asking?.until ?? v.nextAt;
}

/** The round to begin now, if there is one. */
export function verifyDue(v: Verifier, now: MonoMs): VerifyDue | null {
  if (now < nextVerifyAt(v)) return null;
  const number = ++v.numbers;
  v.asking = { number, until: now + LOST_MS };
  return { number, timeoutMs: TIMEOUT_MS };
}

/** What came of a round. Answers to any other but the one under way say nothing. */
export function verified(
  v: Verifier,
  number: number,
  answers: readonly VerifyAnswer[],
  now: MonoMs,
): VerifyTold {
  if (v.asking?.number !== number) return QUIET;
  v.asking = null;
  const { expected } = v;
  assert(expected !== undefined, "nobody is asked before there is an answer to expect");
  const before = new Map(v.entries.map((entry) => [entry.server, entry]));
  v.entries = answers.slice(0, PLACES_MAX).map((answer) => judge(v, answer, before.get(answer.server), now));
  const agree = v.entries.every(({ agrees }) => agrees);
  v.rounds = agree ? 0 : v.rounds + 1;
  v.nextAt = now + (agree ? AGAIN_MS.calm : Math.min(AGAIN_MS.most, AGAIN_MS.first * 2 ** (v.rounds - 1)));
  return tell(v, expected, now);
}

function judge(
  v: Verifier,
  answer: VerifyAnswer,
  before: VerifyEntry | undefined,
  now: MonoMs,
): VerifyEntry {
  const agrees = answer.problem === null && answer.shows === v.expected;
  if (agrees) {
    const known = before?.agrees === true;
    const since = before?.since ?? v.since;
    const measured = v.changed || before !== undefined;
    const lagMs = known ? before.lagMs : measured ? Math.max(0, now - answer.ageMs - since) : null;
    return { ...answer, agrees, since, lagMs, state: "ok" };
  }
  const since = before === undefined ? v.since : before.agrees ? now : before.since;
  const grace = GRACE_MS + (answer.isResolver ? v.ttlMs : 0);
  const late = now - since >= grace ? answer.problem === null ? "lagging" : "silent" : "pending";
  return { ...answer, agrees, since, lagMs: null, state: late };
}

function tell(v: Verifier, expected: string | null, now: MonoMs): VerifyTold {
  const bad = v.entries.filter(({ state }) => state === "lagging" || state === "silent");
  if (bad.length > 0 && !v.told) {
    v.told = true;
    return { event: "worse", detail: bad.map((entry) => verifyProblem(entry, expected, now)).join("; ") };
  }
  if (bad.length === 0 && v.told && v.entries.every(({ agrees }) => agrees)) {
    v.told = false;
    v.seen = true;
    return { event: "better", detail: `all that are asked show ${expected ?? "nothing"} again` };
  }
  if (!v.seen && v.entries.length > 0 && v.entries.every(({ agrees }) => agrees)) {
    v.seen = true;
    if (!v.changed) return QUIET;
    const slowest = Math.round(Math.max(...v.entries.map(({ lagMs }) => lagMs ?? 0)));
    const all = v.entries.length === 1 ? v.entries[0]?.server : `all ${v.entries.length} that are asked`;
    return {
      event: "seen",
      detail: `${all} show${v.entries.length === 1 ? "s" : ""} ${expected ?? "nothing"} after ${slowest} ms`,
    };
  }
  return QUIET;
}

/** What is wrong at one place, one sentence without a full stop. */
function verifyProblem(entry: VerifyEntry, expected: string | null, now: MonoMs): string {
  const { server, shows, problem, since } = entry;
  const forS = `for ${Math.round((now - since) / 1000)} s`;
  if (problem !== null) return `${server} does not tell ${forS}: ${problem}`;
  return `${server} shows ${shows ?? "nothing"} instead of ${expected ?? "nothing"} ${forS}`;
}
