/**
 * What a node remembers over restarts, as bytes (ELECTION.md rule 8):
 *
 *     "abfail state 1\n" | SHA-256 of the rest (32) | cluster name | node id | highest, released, accepted
 *
 * The digest is against torn writes and failing disks, not against people: whoever may write here is trusted.
 */
import { createHash } from "node:crypto";
import type { NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import { MAX_STATE_BYTES } from "../election/inbox.ts";
import type { Entry } from "../election/messages.ts";
import type { Durable } from "../node/events.ts";
import { ByteReader } from "../wire/byte_reader.ts";
import { ByteWriter } from "../wire/byte_writer.ts";
import { ballot, count, nodeId, optionalBallot, stateProblem } from "../wire/fields.ts";
import { bytes, nullable, record, text, u32, whole } from "../wire/shape.ts";

/** Whose memory a file holds. */
export interface StateOwner {
  readonly clusterName: string;
  readonly self: NodeId;
}

const MAGIC = new TextEncoder().encode("abfail state 1\n");
const DIGEST_OCTETS = 32;
/** A longer file cannot be ours. */
export const MAX_FILE_OCTETS = MAX_STATE_BYTES + 4096;

const entry = record<Entry>({
  ballot,
  index: count,
  digest: u32,
  size: whole(0, MAX_STATE_BYTES),
  state: bytes,
}, (value) => stateProblem(value, value.state));

const durable = record<Durable>({
  highest: optionalBallot,
  released: optionalBallot,
  accepted: nullable(entry),
});

/** The file's content. */
export function encodeState(owner: StateOwner, memory: Durable): Uint8Array {
  const body = new ByteWriter();
  text.write(body, owner.clusterName);
  nodeId.write(body, owner.self);
  durable.write(body, memory);
  const out = new ByteWriter();
  out.raw(MAGIC);
  out.raw(digestOf(body.finish()));
  out.raw(body.finish());
  return out.finish();
}

/** Reads a file's content; the error is one phrase. */
export function decodeState(owner: StateOwner, file: Uint8Array): Result<Durable, string> {
  if (!same(file.subarray(0, MAGIC.length), MAGIC)) return err("it does not begin like a state file");
  const body = file.subarray(MAGIC.length + DIGEST_OCTETS);
  if (!same(file.subarray(MAGIC.length, MAGIC.length + DIGEST_OCTETS), digestOf(body))) {
    return err("its checksum does not fit");
  }
  const from = new ByteReader(body);
  const clusterName = text.read(from);
  const id = nodeId.read(from);
  const memory = durable.read(from);
  from.end();
  if (from.problem !== null) return err(from.problem);
  if (clusterName !== owner.clusterName) {
    const isShown = /^[\x20-\x7e]{1,64}$/.test(clusterName);
    return err(isShown ? `it is of cluster ${JSON.stringify(clusterName)}` : "it is of another cluster");
  }
  if (id !== owner.self) return err(`it is of node ${id}`);
  return ok(memory);
}

function digestOf(body: Uint8Array): Uint8Array {
  return createHash("sha256").update(body).digest();
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, at) => octet === b[at]);
}
