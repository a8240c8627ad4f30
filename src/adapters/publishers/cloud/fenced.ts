/**
 * A record set with a fence beside it: a TXT record `_abfail.NAME` with the mark of the last write (publish/epoch.ts).
 * Every write replaces exactly the mark that it has read, in one atomic change with the record itself. Whoever wrote
 * in between has replaced the mark, so the provider refuses the late write of an earlier epoch (providers.md, 10).
 * After a write without an answer nobody knows whether it was done: until its mark is seen or replaced, a look says
 * `unclaimed`, and the next write shuts it out.
 */
import { formatMark, judgeMark, parseMark } from "../../../publish/epoch.ts";
import type { PublishResult } from "../../../publish/action.ts";
import type { Publisher } from "../publisher.ts";
import { CloudFailure } from "./failure.ts";
import { createPacedPublisher, UNREHEARSED } from "./paced.ts";
import {
  isSame,
  normalise,
  type RecordOptions,
  type RecordSet,
  type RecordStore,
  showOf,
  type Wanted,
  wish,
} from "./record.ts";

/** Seconds that resolvers may remember a mark; nobody asks for it. */
export const MARK_TTL_S = 60;
/** Refusals in one action after which it is left for the next: someone else writes all the time. */
const MAX_TRIES = 3;

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
  const fenced = new Fenced(store);
  return createPacedPublisher(store.http, options.world, {
    look: ({ epoch }, deadline) => fenced.look(epoch ?? null, deadline),
    write: (action, deadline) => fenced.write(wish(action, options), deadline),
  });
}

class Fenced<Found extends RecordSet, Marked extends RecordSet> {
  readonly #store: FencedStore<Found, Marked>;
  /** The mark of a write whose answer never came; null when there is none. */
  #lost: string | null = null;
  /** The last write that was numbered. */
  #used = { epoch: "", write: 0 };

  constructor(store: FencedStore<Found, Marked>) {
    this.#store = store;
  }

  async look(epoch: string | null, signal: AbortSignal): Promise<PublishResult> {
    const found = epoch === null ? null : await this.#store.readMark(signal);
    const text = this.#textOf(found);
    const shows = showOf(await this.#store.read(signal));
    if (epoch === null) return { kind: "ok", shows };
    if (text === this.#lost) this.#lost = null; // it was done after all
    const mark = parseMark(text ?? "");
    const verdict = judgeMark(mark, epoch);
    if (mark !== null && verdict === "later") return { kind: "fenced", epoch: mark.epoch };
    return { kind: "ok", shows, unclaimed: verdict !== "ours" || this.#lost !== null || isSeveral(found) };
  }

  async write(wanted: Wanted, signal: AbortSignal): Promise<PublishResult> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      // the mark first: whatever changes after this look makes the swap fail
      const mark = await this.#store.readMark(signal);
      const text = this.#textOf(mark);
      if (text === this.#lost) this.#lost = null;
      const there = parseMark(text ?? "");
      const verdict = judgeMark(there, wanted.epoch);
      if (there !== null && verdict === "later") return { kind: "fenced", epoch: there.epoch };
      const present = await this.#store.read(signal);
      const same = isSame(present, wanted);
      if (wanted.rehearsal && showOf(present) !== normalise(wanted.value ?? "")) return UNREHEARSED;
      const isDone = same && verdict === "ours" && this.#lost === null && !isSeveral(mark);
      if (isDone && !wanted.rehearsal) {
        return { kind: "ok", shows: undefined };
      }
      const write = this.#number(wanted.epoch, verdict === "ours" ? there?.write ?? 0 : 0);
      const newMark = formatMark({ epoch: wanted.epoch, write, target: wanted.target });
      if (await this.#try({ mark, newMark, present, wanted, same }, text, signal)) {
        if (mark !== null || !isSeveral(await this.#store.readMark(signal))) {
          return { kind: "ok", shows: undefined };
        }
      }
    }
    throw new CloudFailure(
      "its mark changed under our hands again and again: does another cluster publish this name?",
    );
  }

  /** False: refused, because the mark is another one by now. */
  async #try(swap: Swap<Found, Marked>, text: string | null, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#store.swap(swap, signal);
      this.#lost = null;
      return true;
    } catch (error) {
      if (!(error instanceof CloudFailure)) throw error;
      const { status } = error;
      if (status === null || status < 300 || status >= 500) {
        this.#lost = swap.newMark;
        throw new CloudFailure(`${error.message}; whether it was done is not known`, error);
      }
      if (status < 400 || [401, 403, 429].includes(status)) throw error;
      if (this.#textOf(await this.#store.readMark(signal)) === text) throw error; // it is not about the mark
      return false;
    }
  }

  /** The next number of a write: above what stands there, and never one that a lost write may still bear. */
  #number(epoch: string, there: number): number {
    const used = this.#used.epoch === epoch ? this.#used.write : 0;
    this.#used = { epoch, write: Math.max(there, used) + 1 };
    return this.#used.write;
  }

  #textOf(mark: RecordSet | null): string | null {
    let newest: string | null = null;
    for (const text of mark?.values ?? []) {
      const { epoch } = parseMark(text) ?? { epoch: null };
      if (epoch === null) throw foreign();
      if (newest === null || judgeMark(parseMark(newest), epoch) !== "later") newest = text;
    }
    return newest;
  }
}

/** Two first writes at once, where the provider could not refuse the second: the next write takes both marks away. */
function isSeveral(mark: RecordSet | null): boolean {
  return mark !== null && mark.values.length > 1;
}

function foreign(): CloudFailure {
  return new CloudFailure("the TXT record at _abfail.<name> is not this program's: remove it");
}

/** A TXT value without its quotes. */
export function unquote(text: string): string {
  return text.replace(/^"(.*)"$/s, "$1");
}

/** The name of the mark of a name. */
export function markName(name: string): string {
  return `_abfail.${name}`;
}
