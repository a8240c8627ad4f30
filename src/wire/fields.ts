/** Shapes of what many messages carry: ids, ballots, names of accepted states. */
import type { Incarnation, NodeId } from "../base/id.ts";
import type { Ballot } from "../election/ballot.ts";
import { MAX_STATE_BYTES } from "../election/inbox.ts";
import type { EntryRef, Refusal } from "../election/messages.ts";
import { assert } from "../base/assert.ts";
import { list, nullable, record, type Shape, u32, whole, word } from "./shape.ts";

/** Terms, sequence numbers, indexes: below 2^53. */
export const count: Shape<number> = whole(0, Number.MAX_SAFE_INTEGER);

/** 1..65535. */
export const nodeId: Shape<NodeId> = whole(1, 0xffff);

/** Eight octets. */
export const incarnation: Shape<Incarnation> = {
  write: (out, value) => {
    assert(/^[0-9a-f]{16}$/.test(value), `an incarnation of 16 hex digits, not ${value}`);
    out.u32(parseInt(value.slice(0, 8), 16));
    out.u32(parseInt(value.slice(8), 16));
  },
  read: (from) => hex32(from.u32()) + hex32(from.u32()),
};

export const ballot: Shape<Ballot> = record<Ballot>({ term: count, node: nodeId, incarnation });

export const entryRef: Shape<EntryRef> = record<EntryRef>({
  ballot,
  index: count,
  digest: u32,
  size: whole(0, MAX_STATE_BYTES),
});

/** A member in one of its lives. */
export const life: Shape<{ readonly id: NodeId; readonly incarnation: Incarnation }> = record({
  id: nodeId,
  incarnation,
});

/** Octets of the shortest `life`. */
export const LIFE_OCTETS = 9;

export const lives: Shape<readonly { readonly id: NodeId; readonly incarnation: Incarnation }[]> = list(
  life,
  LIFE_OCTETS,
);

export const refusal: Shape<Refusal> = word<Refusal>([
  "promised",
  "stale",
  "released",
  "joining",
  "config",
  "outranked",
  "successor",
]);

export const optionalBallot: Shape<Ballot | null> = nullable(ballot);
export const optionalEntryRef: Shape<EntryRef | null> = nullable(entryRef);
export const optionalNode: Shape<NodeId | null> = nullable(nodeId);

/** The bytes of a state belong to the entry beside them: what is wrong, or null. */
export function stateProblem(ref: EntryRef | null, state: Uint8Array | null): string | null {
  if (state === null) return null;
  if (ref === null) return "a state without an entry";
  return state.length === ref.size ? null : `a state of ${state.length} octets where ${ref.size} belong`;
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, "0");
}
