import { fnv1a } from "../base/fnv.ts";
import type { Ballot } from "./ballot.ts";
import type { Entry } from "./messages.ts";

/** Tells states apart by accident, not by malice; datagrams are sealed. */
export const digestOf: (bytes: Uint8Array) => number = fnv1a;

/** Names `state` as decision `index` of `ballot`. */
export function makeEntry(ballot: Ballot, index: number, state: Uint8Array): Entry {
  return { ballot, index, digest: digestOf(state), size: state.length, state };
}
