/**
 * The two messages of grpc.health.v1.Health/Check, by hand: each has one field.
 *
 *     HealthCheckRequest  { string service = 1; }
 *     HealthCheckResponse { ServingStatus status = 1; }
 */

/** What a server may say of itself. */
export type Serving = "UNKNOWN" | "SERVING" | "NOT_SERVING" | "SERVICE_UNKNOWN";

const STATUS: readonly Serving[] = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
/** Of a message in a stream: one octet "compressed?", four of length. */
const PREFIX_OCTETS = 5;

/** A request with its prefix. `service` has at most 255 characters. */
export function checkRequest(service: string): Uint8Array {
  const name = new TextEncoder().encode(service);
  const message = name.length === 0
    ? new Uint8Array(0)
    : Uint8Array.of(0x0a, ...varint(name.length), ...name);
  const framed = new Uint8Array(PREFIX_OCTETS + message.length);
  new DataView(framed.buffer).setUint32(1, message.length);
  framed.set(message, PREFIX_OCTETS);
  return framed;
}

/** The status in an answer with its prefix; null when that is none. A status of 0 is not on the wire. */
export function servingStatus(framed: Uint8Array): Serving | null {
  if (framed.length < PREFIX_OCTETS || framed[0] !== 0) return null;
  const length = new DataView(framed.buffer, framed.byteOffset, framed.byteLength).getUint32(1);
  if (PREFIX_OCTETS + length !== framed.length) return null;
  let status = 0;
  let at = PREFIX_OCTETS;
  while (at < framed.length) {
    const tag = readVarint(framed, at);
    if (tag === null) return null;
    const value = readVarint(framed, tag.end);
    if (value === null) return null;
    switch (tag.value & 7) {
      case 0:
        if (tag.value >> 3 === 1) status = value.value;
        at = value.end;
        break;
      case 2:
        at = value.end + value.value;
        break;
      default:
        return null;
    }
  }
  return at === framed.length ? STATUS[status] ?? null : null;
}

function varint(value: number): number[] {
  const octets: number[] = [];
  for (; value > 0x7f; value >>>= 7) octets.push((value & 0x7f) | 0x80);
  return [...octets, value];
}

/** At most 28 bits: nothing here is larger. */
function readVarint(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } | null {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const octet = bytes[at + i];
    if (octet === undefined) return null;
    value |= (octet & 0x7f) << (7 * i);
    if (octet < 0x80) return { value, end: at + i + 1 };
  }
  return null;
}
