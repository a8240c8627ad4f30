/** The part of a datagram before its message. Who sent it is in the clear header (seal.ts), once. */
import type { Incarnation, NodeId } from "../base/id.ts";
import type { Header, Heard } from "../election/messages.ts";
import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { duration, exact, list, record, type Shape, whole } from "./shape.ts";
import { incarnation, LIFE_OCTETS } from "./fields.ts";

/** The octet that says which of the optional things follow. */
const JOINING = 1;
const TO = 2;
const ECHO = 4;
const REPORT = 8;

/** The id twice, plus one for a twin. */
const heardOne: Shape<Heard> = {
  write: (out, heard) => {
    idAndTwin.write(out, 2 * heard.id + (heard.twin ? 1 : 0));
    incarnation.write(out, heard.incarnation);
  },
  read: (from) => {
    const both = idAndTwin.read(from);
    return { id: both >> 1, incarnation: incarnation.read(from), twin: both % 2 === 1 };
  },
};
const idAndTwin = whole(2, 2 * 0xffff + 1);
const heard = list(heardOne, LIFE_OCTETS);
const echo = record<NonNullable<Header["echo"]>>({ stamp: exact, heldMs: duration });
const counter = whole(0, 0xffff_ffff);

/** Everything of a packet beside its sender and its message. */
export interface Preamble {
  readonly header: Header;
  readonly report: Uint8Array | null;
  readonly configDigest: number;
}

/** Writes header, report and config digest. */
export function writePreamble(out: ByteWriter, { header, report, configDigest }: Preamble): void {
  out.u8(
    (header.joining ? JOINING : 0) | (header.to !== null ? TO : 0) | (header.echo !== null ? ECHO : 0) |
      (report !== null ? REPORT : 0),
  );
  if (header.to !== null) incarnation.write(out, header.to);
  out.f64(header.stamp);
  if (header.echo !== null) echo.write(out, header.echo);
  counter.write(out, header.count);
  heard.write(out, header.heard);
  out.u32(configDigest);
  if (report !== null) out.bytes(report);
}

/** Reads what `writePreamble` wrote; the sender comes from the clear header. */
export function readPreamble(from: ByteReader, sender: NodeId, life: Incarnation): Preamble {
  const flags = from.u8();
  if (flags > (JOINING | TO | ECHO | REPORT)) from.fail(`unknown flags ${flags}`);
  const header: Header = {
    from: sender,
    incarnation: life,
    to: flags & TO ? incarnation.read(from) : null,
    stamp: from.f64(),
    echo: flags & ECHO ? echo.read(from) : null,
    count: counter.read(from),
    heard: heard.read(from),
    joining: (flags & JOINING) !== 0,
  };
  const configDigest = from.u32();
  return { header, report: flags & REPORT ? from.bytes() : null, configDigest };
}
