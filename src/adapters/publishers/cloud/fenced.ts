/**
 * A record set with a fence beside it: a TXT record `_abfail.NAME` that holds the epoch of the last write and a count.
 * Every write replaces exactly the mark that it has read, in one atomic change with the record itself. Whoever wrote
 * in between has replaced the mark, so the provider refuses the late write of an older epoch (providers.md, 10).
 *
 * Why a count: two writes of one epoch, of which the first comes late, must not look alike.
 */
import type { PublishResult } from "../../../publish/action.ts";
import type { Publisher } from "../publisher.ts";
import { CloudFailure } from "./failure.ts";
import {
  isSame,
  performSafely,
  type RecordOptions,
  type RecordSet,
  type RecordStore,
  shown,
  showOf,
  type Wanted,
} from "./record.ts";

/** Seconds that resolvers may remember a mark; nobody asks for it. */
export const MARK_TTL_S = 60;

/** What a mark says. */
export interface Mark {
  readonly term: number;
  readonly node: number;
  readonly count: number;
}

/** One atomic change. */
export interface Swap<Found extends RecordSet, Marked extends RecordSet> {
  /** The mark as it was read, to be replaced only if it is still that; null = it must not exist. */
  readonly mark: Marked | null;
  /** The text of the new mark, without quotes. */
  readonly newMark: string;
  readonly present: Found | null;
  readonly wanted: Wanted;
  /** The record is right already: only the mark is replaced. */
  readonly same: boolean;
}

/** A store whose provider can change several record sets at once. */
export interface FencedStore<Found extends RecordSet, Marked extends RecordSet>
  extends Omit<RecordStore<Found>, "change"> {
  /** The mark, texts without quotes. */
  readMark(signal: AbortSignal): Promise<Marked | null>;
  /** Throws a CloudFailure with a 4xx status when the mark is another one by now. */
  swap(swap: Swap<Found, Marked>, signal: AbortSignal): Promise<void>;
}

/** A publisher on such a store. */
export function createFencedPublisher<Found extends RecordSet, Marked extends RecordSet>(
  store: FencedStore<Found, Marked>,
  options: RecordOptions,
): Publisher {
  let seen: { readonly shows: string | null; readonly atMs: number } | null = null;
  return {
    canRead: true,
    perform: (action, timeoutMs, signal): Promise<PublishResult> =>
      performSafely(timeoutMs, signal, async (deadline) => {
        if (action.kind === "read") {
          if (seen !== null && store.http.budget.maySkipLook(seen.atMs)) return shown(seen.shows);
          const shows = showOf(await store.read(deadline), options.values);
          seen = { shows, atMs: options.wallMs() };
          return shown(shows);
        }
        seen = null;
        const wanted = { value: action.value, ttlS: options.ttlS, epoch: action.epoch };
        return await writeFenced(store, wanted, deadline);
      }),
  };
}

async function writeFenced<Found extends RecordSet, Marked extends RecordSet>(
  store: FencedStore<Found, Marked>,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<PublishResult> {
  const own = readEpoch(wanted.epoch);
  // the mark first: whatever changes after this look makes the swap fail
  const mark = await store.readMark(signal);
  const known = newestMark(mark);
  if (known !== null && isNewer(known, own)) throw superseded(known);
  const present = await store.read(signal);
  const same = isSame(present, wanted);
  if (same && known !== null && !isNewer(own, known)) return { kind: "ok", shows: undefined };
  const newMark = formatMark({ ...own, count: (known?.count ?? 0) + 1 });
  try {
    await store.swap({ mark, newMark, present, wanted, same }, signal);
  } catch (error) {
    if (!(error instanceof CloudFailure) || !isRefusal(error)) throw error;
    const now = await store.readMark(signal);
    const found = newestMark(now);
    if (found !== null && isNewer(found, own)) throw superseded(found);
    if (now?.values.join() === mark?.values.join()) throw error;
    throw new CloudFailure("refused: another write came in between", {
      status: error.status,
      code: error.code,
    });
  }
  return { kind: "ok", shows: undefined };
}

function isRefusal(failure: CloudFailure): boolean {
  const { status } = failure;
  return status !== null && status >= 400 && status < 500 && ![401, 403, 429].includes(status);
}

function superseded(by: Mark): CloudFailure {
  return new CloudFailure(`refused: the newer epoch ${by.term}.${by.node} has written`, {
    code: "superseded",
  });
}

/** The epoch `TERM.NODE` of an action. */
export function readEpoch(text: string): Pick<Mark, "term" | "node"> {
  const [term, node] = text.split(".").map(Number);
  return { term: term ?? 0, node: node ?? 0 };
}

/** `a` is of a later epoch than `b`: by term, then by node. */
export function isNewer(a: Pick<Mark, "term" | "node">, b: Pick<Mark, "term" | "node">): boolean {
  return a.term !== b.term ? a.term > b.term : a.node > b.node;
}

/** A mark as the text of its TXT record. */
export function formatMark(mark: Mark): string {
  return `abfail epoch=${mark.term}.${mark.node} n=${mark.count}`;
}

/** The newest of the marks that were found; throws a CloudFailure for a text that is none. */
function newestMark(found: RecordSet | null): Mark | null {
  let newest: Mark | null = null;
  for (const text of found?.values ?? []) {
    const parts = /^abfail epoch=(\d{1,16})\.(\d{1,5}) n=(\d{1,15})$/.exec(text);
    if (parts === null) {
      throw new CloudFailure("the TXT record _abfail.… holds something that is not an epoch");
    }
    const mark = { term: Number(parts[1]), node: Number(parts[2]), count: Number(parts[3]) };
    if (newest === null || isNewer(mark, newest) || (!isNewer(newest, mark) && mark.count > newest.count)) {
      newest = mark;
    }
  }
  return newest;
}

/** A TXT value without its quotes. */
export function unquote(text: string): string {
  return text.replace(/^"(.*)"$/s, "$1");
}

/** The name of the mark of a name. */
export function markName(name: string): string {
  return `_abfail.${name}`;
}
