/** Frames of HTTP/2 (RFC 9113, section 4), as far as one request needs them. */

export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** Flags; ACK and END_STREAM share a bit. */
export const FLAG = { ACK: 0x1, END_STREAM: 0x1, END_HEADERS: 0x4, PADDED: 0x8, PRIORITY: 0x20 } as const;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Uint8Array;
}

/** What a client says first. */
export const PREFACE: Uint8Array = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

const HEAD_OCTETS = 9;
/** The largest payload that we take, octets; nobody may send more unless told so. */
const MAX_PAYLOAD = 16_384;

/** A frame as it travels. */
export function writeFrame(type: number, flags: number, stream: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD_OCTETS + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, payload.length << 8 | type);
  view.setUint8(4, flags);
  view.setUint32(5, stream);
  bytes.set(payload, HEAD_OCTETS);
  return bytes;
}

/** Settings: pairs of identifier and value. */
export function settings(pairs: readonly (readonly [number, number])[]): Uint8Array {
  const bytes = new Uint8Array(6 * pairs.length);
  const view = new DataView(bytes.buffer);
  for (const [i, [id, value]] of pairs.entries()) {
    view.setUint16(6 * i, id);
    view.setUint32(6 * i + 2, value);
  }
  return bytes;
}

/** 32 bits, as windows and error codes have them. */
export function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** Cuts what comes into frames. */
export class FrameReader {
  #bytes = new Uint8Array(0);

  /** The frames that are complete now; null when this is not HTTP/2. */
  push(chunk: Uint8Array): readonly Frame[] | null {
    const joined = new Uint8Array(this.#bytes.length + chunk.length);
    joined.set(this.#bytes);
    joined.set(chunk, this.#bytes.length);
    const view = new DataView(joined.buffer);
    const frames: Frame[] = [];
    let at = 0;
    while (joined.length - at >= HEAD_OCTETS) {
      const length = view.getUint32(at) >>> 8;
      if (length > MAX_PAYLOAD) return null;
      const end = at + HEAD_OCTETS + length;
      if (end > joined.length) break;
      frames.push({
        type: view.getUint8(at + 3),
        flags: view.getUint8(at + 4),
        stream: view.getUint32(at + 5) & 0x7fff_ffff,
        payload: joined.slice(at + HEAD_OCTETS, end),
      });
      at = end;
    }
    this.#bytes = joined.slice(at);
    return frames;
  }
}

/** The payload of HEADERS or DATA without padding and priority; null when it is broken. */
export function content(frame: Frame): Uint8Array | null {
  const { payload, flags, type } = frame;
  const isPadded = (flags & FLAG.PADDED) !== 0;
  const padding = isPadded ? payload[0] ?? 0 : 0;
  const priority = type === FRAME.HEADERS && (flags & FLAG.PRIORITY) !== 0 ? 5 : 0;
  const start = (isPadded ? 1 : 0) + priority;
  return start + padding > payload.length ? null : payload.subarray(start, payload.length - padding);
}
