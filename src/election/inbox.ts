/** States that do not fit one datagram: pulled in numbered parts, complete or not at all (rule 7). */
import type { NodeId } from "../base/id.ts";
import type { Entry, EntryRef, Message } from "./messages.ts";
import type { ElectionState, Inbox, Peer } from "./state.ts";
import { delta } from "./detector.ts";
import { digestOf } from "./entry.ts";
import { sameEntry, type Turn } from "./turn.ts";

/** Largest state: 16 MiB; a longer one is refused before any memory is set aside. */
export const MAX_STATE_BYTES = 16 * 1024 * 1024;
/** Parts asked for in one datagram. */
const PARTS_AT_ONCE = 64;
/** Parts on their way at once: a socket's default receive buffer was seen to keep about 90 of this size. */
const PARTS_IN_FLIGHT = 64;
/** Without any part for so many leases what has come is dropped. */
const SILENT_LEASES = 10;

/** Starts to pull a state from a node, unless that is under way. */
export function pull(turn: Turn, ref: EntryRef, from: NodeId): void {
  const { state, now } = turn;
  if (ref.size > MAX_STATE_BYTES) return;
  if (state.inbox !== null && sameEntry(state.inbox.ref, ref)) {
    state.inbox.from = from;
    return;
  }
  const count = Math.max(1, Math.ceil(ref.size / state.settings.room.partBytes));
  state.inbox = {
    ref,
    from,
    parts: new Array<Uint8Array | null>(count).fill(null),
    missing: count,
    nextAt: now,
    heardAt: now,
  };
  ask(turn, state.inbox);
}

/** Asks again for what is missing. */
export function tickInbox(turn: Turn): void {
  const inbox = turn.state.inbox;
  if (inbox === null || inbox.missing === 0 || turn.now < inbox.nextAt) return;
  if (turn.now - inbox.heardAt > SILENT_LEASES * turn.state.settings.leaseMs) {
    turn.state.inbox = null; // whoever still needs it starts anew
    return;
  }
  ask(turn, inbox);
}

function ask(turn: Turn, inbox: Inbox): void {
  let asked = 0;
  let part = 0;
  while (part < inbox.parts.length && asked < PARTS_IN_FLIGHT) {
    if (inbox.parts[part] !== null) {
      part++;
      continue;
    }
    let count = 0;
    while (count < PARTS_AT_ONCE && part + count < inbox.parts.length && inbox.parts[part + count] === null) {
      count++;
    }
    turn.send(inbox.from, { kind: "fetch", ballot: inbox.ref.ballot, index: inbox.ref.index, part, count });
    part += count;
    asked += count;
  }
  inbox.nextAt = turn.now + delta(turn.state);
}

/** Sends the parts that a peer asks for, where this node still has that entry. */
export function onFetch(turn: Turn, peer: Peer, fetch: Extract<Message, { kind: "fetch" }>): void {
  const entry = turn.state.accepted;
  if (
    entry === null || entry.index !== fetch.index || !sameEntry({ ...entry, ballot: fetch.ballot }, entry)
  ) return;
  const { partBytes } = turn.state.settings.room;
  const end = Math.min(fetch.part + Math.min(fetch.count, PARTS_AT_ONCE), Math.ceil(entry.size / partBytes));
  const { ballot, index, digest, size } = entry;
  for (let part = fetch.part; part < end; part++) {
    const bytes = entry.state.subarray(part * partBytes, (part + 1) * partBytes);
    turn.send(peer.member.id, { kind: "chunk", entry: { ballot, index, digest, size }, part, bytes });
  }
}

/** Takes one part. Returns true when it was the last one missing. */
export function onChunk(turn: Turn, chunk: Extract<Message, { kind: "chunk" }>): boolean {
  const inbox = turn.state.inbox;
  if (inbox === null || !sameEntry(inbox.ref, chunk.entry)) return false;
  if (chunk.part >= inbox.parts.length || inbox.parts[chunk.part] !== null) return false;
  inbox.parts[chunk.part] = chunk.bytes;
  inbox.missing--;
  inbox.heardAt = turn.now;
  if (inbox.missing > 0 && wave(inbox)) ask(turn, inbox);
  return inbox.missing === 0;
}

/** True when all parts asked for so far have come and more are wanted. */
function wave(inbox: Inbox): boolean {
  const have = inbox.parts.length - inbox.missing;
  return have % PARTS_IN_FLIGHT === 0;
}

/** The entry that was pulled, when it is complete and right; it leaves the inbox. */
export function takeAssembled(turn: Turn, ref: EntryRef): Entry | null {
  const state: ElectionState = turn.state;
  const inbox = state.inbox;
  if (inbox === null || inbox.missing > 0 || !sameEntry(inbox.ref, ref)) return null;
  state.inbox = null;
  const bytes = new Uint8Array(ref.size);
  let at = 0;
  for (const part of inbox.parts) {
    if (part === null || at + part.length > bytes.length) return null;
    bytes.set(part, at);
    at += part.length;
  }
  return at === bytes.length && digestOf(bytes) === ref.digest ? { ...ref, state: bytes } : null;
}
