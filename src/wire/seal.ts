/**
 * Sealing and opening of datagrams: who sent it, that nobody changed it, that it is for this node, and that it
 * has not been here before. AES-256-GCM, synchronous (some microseconds each way). What it cannot tell: how
 * old a datagram is (the election looks at `stamp`, `echo` and `to`).
 *
 * Cheap refusals come first, in the order of `Rejection`; junk costs one cipher at most, a few hundred times a second,
 * and changes nothing.
 */
import type { Incarnation, NodeId } from "../base/id.ts";
import { assert } from "../base/assert.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { MonoMs } from "../base/time.ts";
import type { Packet } from "../node/events.ts";
import {
  type ClearHeader,
  HEADER_OCTETS,
  type HeaderProblem,
  peekSender,
  readClearHeader,
  TAG_OCTETS,
  writeClearHeader,
} from "./clear_header.ts";
import { decodeBody, encodeBody } from "./codec.ts";
import { Doubt } from "./doubt.ts";
import { keyHint, keyName, type MemberAddress, memberFingerprint } from "./fingerprint.ts";
import { deriveLifeKey, type LifeKey, openFrom, sealInto } from "./life_key.ts";
import { type Life, Lives, type Source } from "./lives.ts";

/** What both directions need to know. */
export interface WireOptions {
  /** 32 bytes each; the first seals, all open. At least one. */
  readonly keys: readonly Uint8Array[];
  readonly clusterName: string;
  readonly members: readonly MemberAddress[];
  readonly self: NodeId;
  /** Of this process; drawn anew at each start, or nonces would repeat. */
  readonly incarnation: Incarnation;
}

/**
 * Why a datagram was not opened. `from` is certain where the comment says "verified"; elsewhere it is what the
 * datagram claims, yet a member's id in all but `unknown-sender`: junk cannot fill tables kept by `from`.
 */
export type Rejection =
  | HeaderProblem
  /** This very process sent it: something reflects datagrams. */
  | { readonly kind: "own"; readonly from: NodeId }
  /** Sent to another node's address, which leads here: a wrong address in the member list, or a forgery. */
  | { readonly kind: "misdirected"; readonly from: NodeId; readonly to: NodeId }
  /** Not a member of our list, nor proven to be one of another list. */
  | { readonly kind: "unknown-sender"; readonly from: NodeId }
  /** Its sequence number was taken, or is older than the window. */
  | { readonly kind: "replay"; readonly from: NodeId }
  /** Sealed with a cluster key that is not among ours. */
  | { readonly kind: "unknown-key"; readonly from: NodeId }
  /** Changed on the way, another cluster's name, or a forgery. */
  | { readonly kind: "bad-tag"; readonly from: NodeId }
  /** Not judged: it comes from elsewhere than its sender, and too many such were junk of late (doubt.ts). */
  | { readonly kind: "flood"; readonly from: NodeId }
  /** Verified: the sender's member list is another one (rule 10). */
  | { readonly kind: "other-members"; readonly from: NodeId; readonly fingerprint: number }
  /** Verified: another process runs under this node's id (rule 9). */
  | { readonly kind: "twin"; readonly from: NodeId }
  /** Verified, but a new life of a sender has to hear this node first (lives.ts). */
  | { readonly kind: "unproven"; readonly from: NodeId }
  /** Verified, but not a packet that this release knows. */
  | { readonly kind: "malformed"; readonly from: NodeId; readonly detail: string };

/** Seals this process's datagrams. */
export interface Sealer {
  /** A datagram for one receiver: SEAL_OCTETS longer than the encoded body. */
  seal(to: NodeId, packet: Packet): Uint8Array;
  /** Other keys from now on; the numbering goes on, so never make a second sealer for one incarnation. */
  rekey(keys: readonly Uint8Array[]): void;
}

/** Opens what others send, or says why not. */
export interface Opener {
  /** Reads any bytes; never throws. `source`: where they come from, as far as that is known. */
  open(bytes: Uint8Array, now: MonoMs, source?: Source | null): Result<Packet, Rejection>;
  /** Other keys from now on; replay windows stay. */
  rekey(keys: readonly Uint8Array[]): void;
}

/** Senders outside the member list whose keys are held: nodes with a newer list. */
const MAX_STRANGERS = 8;

/** Makes the one sealer of this process. */
export function createSealer(options: WireOptions): Sealer {
  const { clusterName, self, incarnation } = options;
  const name = new TextEncoder().encode(clusterName);
  const fingerprint = memberFingerprint(options.members);
  let sequence = 0;
  let sealing = sealingKey(options.keys);

  function sealingKey(keys: readonly Uint8Array[]): { hint: number; key: LifeKey } {
    const [first] = ringOf(keys);
    assert(first !== undefined, "a cluster key to seal with");
    return { hint: first.hint, key: deriveLifeKey(first.key, clusterName, self, incarnation) };
  }

  return {
    seal: (to, packet) => {
      assert(packet.header.from === self && packet.header.incarnation === incarnation, "a packet of ours");
      const body = encodeBody(packet);
      const out = new Uint8Array(HEADER_OCTETS + body.length + TAG_OCTETS);
      sequence += 1;
      writeClearHeader(out, { keyHint: sealing.hint, from: self, to, incarnation, sequence, fingerprint });
      sealInto(out, body, sealing.key, name, sequence);
      return out;
    },
    rekey: (keys) => {
      sealing = sealingKey(keys);
    },
  };
}

/** Makes the one opener of this process. */
export function createOpener(options: WireOptions): Opener {
  const { clusterName, self, incarnation } = options;
  const name = new TextEncoder().encode(clusterName);
  const fingerprint = memberFingerprint(options.members);
  const memberIds = new Set(options.members.map((member) => member.id));
  const members = new Lives(memberIds.size);
  const strangers = new Lives(MAX_STRANGERS);
  const doubt = new Doubt();
  let ring = ringOf(options.keys);

  /** What the clear header alone already rules out. */
  function refuse(header: ClearHeader, lives: Lives, life: Life | null): Rejection | null {
    const { from, to } = header;
    if (from === self && header.incarnation === incarnation) return { kind: "own", from };
    const isMember = memberIds.has(from);
    // an id that is not in our list is news only from a node with another list
    if (!isMember && (to !== self || header.fingerprint === fingerprint)) {
      return { kind: "unknown-sender", from };
    }
    if (to !== self) return { kind: "misdirected", from, to };
    const taken = life?.window.taken(header.sequence) ?? header.sequence < 1;
    if (taken || lives.isClosed(from, header.incarnation)) return { kind: "replay", from };
    if (!ring.some((entry) => entry.hint === header.keyHint)) {
      return isMember ? { kind: "unknown-key", from } : { kind: "unknown-sender", from };
    }
    return null;
  }

  /** Verifies with each cluster key that the hint fits, and takes note of the sequence number. */
  function unseal(
    bytes: Uint8Array,
    header: ClearHeader,
    lives: Lives,
    known: Life | null,
    now: MonoMs,
  ): { life: Life; body: Uint8Array } | null {
    for (const { hint, key, id } of ring) {
      if (hint !== header.keyHint) continue;
      const lifeKey = known?.keys.get(id) ?? deriveLifeKey(key, clusterName, header.from, header.incarnation);
      const body = openFrom(bytes, lifeKey, name, header.sequence);
      if (body === null) continue;
      const life = known ?? lives.admit(header.from, header.incarnation, now);
      life.keys.set(id, lifeKey);
      life.usedAt = now;
      life.window.take(header.sequence);
      return { life, body };
    }
    return null;
  }

  return {
    open: (bytes, now, source = null) => {
      const sender = peekSender(bytes);
      const isDoubtful = memberIds.has(sender) && !members.isAt(sender, source);
      // before anything is made of it: under a flood, what is made is what memory grows by
      if (isDoubtful && doubt.isSpent(now)) return err({ kind: "flood", from: sender });
      const header = readClearHeader(bytes);
      if ("kind" in header) return err(header);
      const { from } = header;
      const lives = memberIds.has(from) ? members : strangers;
      const known = lives.find(from, header.incarnation);
      const refusal = refuse(header, lives, known);
      if (refusal !== null) return err(refusal);
      if (lives === strangers && source !== null && doubt.isSpent(now)) return err({ kind: "flood", from });
      const opened = unseal(bytes, header, lives, known, now);
      if (opened === null) {
        if (isDoubtful || (lives === strangers && source !== null)) doubt.spend();
        return err({ kind: memberIds.has(from) ? "bad-tag" : "unknown-sender", from });
      }
      if (header.fingerprint !== fingerprint) {
        return err({ kind: "other-members", from, fingerprint: header.fingerprint });
      }
      if (from === self) return err({ kind: "twin", from });
      const packet = decodeBody(opened.body, from, header.incarnation);
      if (!packet.ok) return err({ kind: "malformed", from, detail: packet.error });
      if (packet.value.header.to === incarnation) lives.prove(from, opened.life);
      // recordings of an earlier life must not move it
      if (opened.life.proven) lives.setPlace(from, source);
      if (!opened.life.proven && lives.hasProven(from)) return err({ kind: "unproven", from });
      return ok(packet.value);
    },
    rekey: (keys) => {
      ring = ringOf(keys);
      const wanted = new Set(ring.map((entry) => entry.id));
      for (const lives of [members, strangers]) lives.keepKeys((id) => wanted.has(id));
    },
  };
}

interface RingEntry {
  readonly key: Uint8Array;
  readonly hint: number;
  readonly id: string;
}

function ringOf(keys: readonly Uint8Array[]): readonly RingEntry[] {
  return keys.map((key) => {
    assert(key.length === 32, "a cluster key of 32 bytes");
    const id = keyName(key);
    return { key, hint: keyHint(id), id };
  });
}
