/** Whether the nodes run with the same config, and which keys differ (PRODUCT.md, How it behaves). */
import type { NodeId } from "../base/id.ts";
import { flatDigests } from "../config/digest.ts";
import type { NodeMessage } from "./events.ts";
import type { NodeState, PeerSlot } from "./state.ts";
import type { NodeTurn } from "./turn.ts";

/** Pairs of digests in one datagram. */
const PAIRS = 96;
/** How often a node whose config differs is asked which keys, ms. */
const ASK_EVERY_MS = 5000;
/** Keys named at most. */
const MAX_NAMED = 8;

/** Takes note of the digest in a datagram. Asks for the keys when it differs. */
export function noteDigest(turn: NodeTurn, from: NodeId, peer: PeerSlot, digest: number): void {
  const { state, now } = turn;
  if (peer.configDigest !== digest) {
    peer.configDigest = digest;
    peer.differs = [];
    peer.compare = { parts: new Map(), nextAskAt: now };
    if (digest === state.configDigest) return;
    turn.log("warning", "config", `Node ${from} runs with another config than this node.`, {
      data: { node: from },
    });
  }
  if (digest === state.configDigest || now < peer.compare.nextAskAt) return;
  if (peer.differs.length > 0) return; // named already, and neither config has changed since
  peer.compare.nextAskAt = now + ASK_EVERY_MS;
  turn.sendNode(from, { kind: "config-ask", part: peer.compare.parts.size });
}

/** Tells one part of this node's digests. */
export function onConfigAsk(turn: NodeTurn, from: NodeId, part: number): void {
  const all = flatDigests(turn.state.config);
  const parts = Math.max(1, Math.ceil(all.length / PAIRS));
  if (part >= parts) return;
  const pairs = all.slice(part * PAIRS, (part + 1) * PAIRS).map((d) =>
    [d.pathDigest, d.valueDigest] as const
  );
  turn.sendNode(from, { kind: "config-tell", part, parts, pairs });
}

/** Takes one part; asks for the next, or names the keys that differ. */
export function onConfigTell(
  turn: NodeTurn,
  from: NodeId,
  peer: PeerSlot,
  tell: Extract<NodeMessage, { kind: "config-tell" }>,
): void {
  const { state } = turn;
  if (tell.part >= tell.parts) return;
  peer.compare.parts.set(tell.part, tell.pairs);
  for (let part = 0; part < tell.parts; part++) {
    if (peer.compare.parts.has(part)) continue;
    turn.sendNode(from, { kind: "config-ask", part });
    return;
  }
  peer.differs = differingKeys(state, [...peer.compare.parts.values()].flat());
  peer.compare.parts.clear();
  turn.log("warning", "config", `Node ${from}'s config differs in: ${peer.differs.join(", ")}.`, {
    data: { node: from },
  });
}

function differingKeys(state: NodeState, theirs: readonly (readonly [number, number])[]): string[] {
  const known = new Map(theirs);
  const keys: string[] = [];
  for (const { path, pathDigest, valueDigest } of flatDigests(state.config)) {
    if (known.get(pathDigest) !== valueDigest) keys.push(path);
    known.delete(pathDigest);
  }
  const named = keys.slice(0, MAX_NAMED);
  if (keys.length > MAX_NAMED) named.push(`and ${keys.length - MAX_NAMED} more`);
  if (known.size > 0) named.push(`${known.size} key(s) that this node's config lacks`);
  return named;
}
