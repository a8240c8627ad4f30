import type { Ballot } from "./ballot.ts";
import type { Entry } from "./messages.ts";

/** FNV-1a, 32 bits (Fowler, Noll, Vo): tells states apart by accident, not by malice; datagrams are sealed. */
export function digestOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash >>> 0;
}

/** Names `state` as decision `index` of `ballot`. */
export function makeEntry(ballot: Ballot, index: number, state: Uint8Array): Entry {
  return { ballot, index, digest: digestOf(state), size: state.length, state };
}
