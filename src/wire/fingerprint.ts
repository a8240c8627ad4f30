/** Digests that datagrams carry in the clear: of the member list, and of a cluster key. */
import { createHash } from "node:crypto";
import type { NodeId } from "../base/id.ts";

/** What of a member must be the same on every node. */
export interface MemberAddress {
  readonly id: NodeId;
  readonly address: { readonly host: string; readonly port: number };
}

/**
 * 32 bits of SHA-256 over ids and addresses in the order of the ids (ELECTION.md rule 10). Priority is left
 * out: nodes that differ in it still count the same majorities.
 */
export function memberFingerprint(members: readonly MemberAddress[]): number {
  const lines = [...members].sort((a, b) => a.id - b.id).map(({ id, address }) =>
    `${id} ${address.port} ${address.host.toLowerCase().replace(/\.$/, "")}\n`
  );
  return createHash("sha256").update(`abfail members v1\n${lines.join("")}`).digest().readUInt32BE(0);
}

/** Names a cluster key without telling it: 32 hex digits. */
export function keyName(key: Uint8Array): string {
  return createHash("sha256").update("abfail key name v1\n").update(key).digest("hex").slice(0, 32);
}

/** 16 bits of a key's name, to tell which cluster key sealed a datagram; two keys may share them. */
export function keyHint(name: string): number {
  return parseInt(name.slice(0, 4), 16);
}
