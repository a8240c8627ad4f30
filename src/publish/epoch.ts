/** The epoch as it stands in the world, where a far side can compare it (ELECTION.md, What a write ... must also do). */

/** A tenure, as the world sees it: `term.node`. */
export interface Epoch {
  readonly term: number;
  readonly node: number;
}

/**
 * The highest term that is believed. Terms begin near the wall clock in ms (2^41 in our days) and must stay below 2^53
 * for ever: a higher one was made up, and following it would leave no room.
 */
const TERM_MAX = 2 ** 48;

/** Reads `term.node`; null for anything else. */
export function parseEpoch(text: string): Epoch | null {
  const match = /^([0-9]{1,15})\.([0-9]{1,5})$/.exec(text);
  if (match === null || Number(match[1]) > TERM_MAX) return null;
  return { term: Number(match[1]), node: Number(match[2]) };
}

/** Negative when `a` is the earlier one, 0 when they are the same. */
export function compareEpochs(a: Epoch, b: Epoch): number {
  return a.term !== b.term ? a.term - b.term : a.node - b.node;
}

/** What a fence record says: whose write was the last, which of its writes it was, and what it published. */
export interface FenceMark {
  /** `term.node`. */
  readonly epoch: string;
  /** Counts the writes of one epoch, from 1: a late write never finds what it expects. */
  readonly write: number;
  readonly target: string | null;
}

/** The one text of a mark: servers compare it octet by octet. At most 255 octets. */
export function formatMark({ epoch, write, target }: FenceMark): string {
  return `epoch=${epoch} write=${write}${target === null ? "" : ` target=${target}`}`;
}

/** Reads a mark; null for a text that no node wrote. */
export function parseMark(text: string): FenceMark | null {
  const match = /^epoch=(\S+) write=([0-9]{1,10})(?: target=(\S+))?$/.exec(text);
  const epoch = match?.[1] ?? "";
  if (match === null || parseEpoch(epoch) === null) return null;
  return { epoch, write: Number(match[2]), target: match[3] ?? null };
}

/** Whether a mark stands in the way of a write under `epoch`, is ours, or can be replaced. */
export function judgeMark(mark: FenceMark | null, epoch: string): "later" | "ours" | "earlier" {
  if (mark === null) return "earlier";
  const theirs = parseEpoch(mark.epoch);
  const ours = parseEpoch(epoch);
  if (theirs === null || ours === null) return "earlier";
  const order = compareEpochs(theirs, ours);
  return order > 0 ? "later" : order === 0 ? "ours" : "earlier";
}
