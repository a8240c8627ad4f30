/**
 * Datagrams as bytes, before sealing. Compact and exact: an ordinary claim, grant or hello of three nodes
 * takes less than 150 octets. All lengths and ranges are checked; nothing may follow the message.
 *
 *     packet   sender (varint) | incarnation (8) | body          sealed ones carry these two in the clear
 *     body     flags (1) | [to (8)] | stamp (f64) | [echo: stamp (f64), held (µs)] | count | heard | digest (4)
 *              | [report] | kind (1) | the message's fields (message_shape.ts)
 */
import type { Incarnation, NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Packet } from "../node/events.ts";
import { ByteReader } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";
import { incarnation, nodeId } from "./fields.ts";
import { readPreamble, writePreamble } from "./header.ts";
import { message } from "./message_shape.ts";

/** A packet with its sender. Throws on values outside their documented ranges: a bug of the caller. */
export function encodePacket(packet: Packet): Uint8Array {
  const out = new ByteWriter();
  nodeId.write(out, packet.header.from);
  incarnation.write(out, packet.header.incarnation);
  writeBody(out, packet);
  return out.finish();
}

/** Reads any bytes; the error is one phrase. Never throws. */
export function decodePacket(bytes: Uint8Array): Result<Packet, string> {
  const from = new ByteReader(bytes);
  return readBody(from, nodeId.read(from), incarnation.read(from));
}

/** A packet without its sender, for the sealed part of a datagram. */
export function encodeBody(packet: Packet): Uint8Array {
  const out = new ByteWriter();
  writeBody(out, packet);
  return out.finish();
}

/** Reads what `encodeBody` wrote, or any other bytes. */
export function decodeBody(bytes: Uint8Array, sender: NodeId, life: Incarnation): Result<Packet, string> {
  return readBody(new ByteReader(bytes), sender, life);
}

function writeBody(out: ByteWriter, packet: Packet): void {
  writePreamble(out, packet);
  message.write(out, packet.message);
}

function readBody(from: ByteReader, sender: NodeId, life: Incarnation): Result<Packet, string> {
  const { header, report, configDigest } = readPreamble(from, sender, life);
  const packet: Packet = { header, message: message.read(from), report, configDigest };
  from.end();
  return from.problem === null ? ok(packet) : err(from.problem);
}
