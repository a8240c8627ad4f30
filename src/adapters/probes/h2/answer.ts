/** What comes back on one HTTP/2 connection with one request, frame by frame. A computation: it sends nothing itself. */
import { content, FLAG, FRAME, type Frame, FrameReader, writeFrame } from "./frame.ts";
import { HeaderReader, type HeaderTable } from "./hpack.ts";

/** The stream of the one request. */
export const STREAM = 1;
/** Frames of one answer at most: each costs us something, be it empty, and some cost us an answer of ours. */
const MAX_FRAMES = 1024;
/** Octets of one block of headers at most. */
const MAX_HEADERS = 64 * 1024;

/** An answer as far as it has come. */
export interface Answer {
  readonly status: number;
  readonly headers: HeaderTable;
  /** Empty while there are none. */
  readonly trailers: HeaderTable;
  readonly body: Uint8Array;
  /** Its end has come, or `maxBody`. */
  readonly complete: boolean;
}

/** What there is to do. */
export type Step =
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  | { readonly kind: "headers" | "trailers"; readonly headers: HeaderTable }
  | { readonly kind: "body"; readonly bytes: Uint8Array }
  /** Nothing more is wanted, or nothing more will come. */
  | { readonly kind: "end" }
  /** Broken: what of the answer came before counts. */
  | { readonly kind: "broken"; readonly detail: string };

/** Reads one answer. */
export class AnswerReader {
  readonly #maxBody: number;
  readonly #frames = new FrameReader();
  readonly #headers = new HeaderReader();
  #sawSettings = false;
  #count = 0;
  /** A block of headers that goes on in the next frame. */
  #block: { readonly bytes: Uint8Array; readonly endStream: boolean } | null = null;
  #answer: Answer | null = null;

  /** `maxBody`: bytes of the body that are wanted; 0 = the answer ends with its headers. */
  constructor(maxBody: number) {
    this.#maxBody = maxBody;
  }

  /** Null while no headers have come. */
  get answer(): Answer | null {
    return this.#answer;
  }

  /** The steps that new bytes call for, in their order. */
  push(chunk: Uint8Array): readonly Step[] {
    const frames = this.#frames.push(chunk);
    if (frames === null) return [broken(this.#sawSettings ? "a frame is too large" : NOT_HTTP2)];
    const steps: Step[] = [];
    for (const frame of frames) {
      if (++this.#count > MAX_FRAMES) return [...steps, broken("the answer comes in too many frames")];
      // The first frame of a server is SETTINGS (RFC 9113, section 3.4).
      if (!this.#sawSettings && frame.type !== FRAME.SETTINGS) return [...steps, broken(NOT_HTTP2)];
      this.#sawSettings = true;
      steps.push(...this.#take(frame));
    }
    return steps;
  }

  #take(frame: Frame): readonly Step[] {
    const { type, flags, stream, payload } = frame;
    if (this.#block !== null && type !== FRAME.CONTINUATION) return [broken("a block of headers breaks off")];
    switch (type) {
      case FRAME.SETTINGS:
        if ((flags & FLAG.ACK) !== 0) return [];
        return [{ kind: "send", bytes: writeFrame(FRAME.SETTINGS, FLAG.ACK, 0, new Uint8Array(0)) }];
      case FRAME.PING:
        if ((flags & FLAG.ACK) !== 0) return [];
        return [{ kind: "send", bytes: writeFrame(FRAME.PING, FLAG.ACK, 0, payload) }];
      case FRAME.GOAWAY:
        return this.#goAway(payload);
      case FRAME.RST_STREAM:
        return stream === STREAM ? [broken(`the server breaks off (error ${codeAt(payload, 0)})`)] : [];
      case FRAME.HEADERS: {
        const bytes = content(frame);
        if (bytes === null) return [broken("a frame is broken")];
        return stream === STREAM ? this.#onBlock(bytes, flags, (flags & FLAG.END_STREAM) !== 0) : [];
      }
      case FRAME.CONTINUATION: {
        if (this.#block === null) return [broken("a frame is out of place")];
        const { bytes, endStream } = this.#block;
        if (bytes.length + payload.length > MAX_HEADERS) return [broken("the headers are too large")];
        const joined = new Uint8Array(bytes.length + payload.length);
        joined.set(bytes);
        joined.set(payload, bytes.length);
        return this.#onBlock(joined, flags, endStream);
      }
      case FRAME.DATA:
        return stream === STREAM ? this.#onData(frame) : [];
      default:
        return [];
    }
  }

  #onBlock(bytes: Uint8Array, flags: number, endStream: boolean): readonly Step[] {
    if ((flags & FLAG.END_HEADERS) === 0) {
      this.#block = { bytes, endStream };
      return [];
    }
    this.#block = null;
    const headers = this.#headers.read(bytes);
    if (headers === null) return [broken("the headers are broken")];
    const end: Step[] = endStream ? [{ kind: "end" }] : [];
    if (this.#answer !== null) {
      this.#answer = { ...this.#answer, trailers: headers, complete: endStream };
      return [{ kind: "trailers", headers }, ...end];
    }
    const status = Number(headers[":status"]);
    if (!(status >= 100 && status <= 599)) return [broken("there is no status")];
    if (status < 200) return []; // informational: the answer is still to come
    const isAll = endStream || this.#maxBody === 0;
    this.#answer = { status, headers, trailers: {}, body: new Uint8Array(0), complete: isAll };
    return [{ kind: "headers", headers }, ...(isAll ? [{ kind: "end" } as const] : [])];
  }

  #onData(frame: Frame): readonly Step[] {
    const bytes = content(frame);
    const answer = this.#answer;
    if (bytes === null || answer === null) return [broken("a frame is broken")];
    const kept = bytes.subarray(0, this.#maxBody - answer.body.length);
    const body = new Uint8Array(answer.body.length + kept.length);
    body.set(answer.body);
    body.set(kept, answer.body.length);
    const complete = (frame.flags & FLAG.END_STREAM) !== 0 || body.length === this.#maxBody;
    this.#answer = { ...answer, body, complete };
    return [{ kind: "body", bytes: kept }, ...(complete ? [{ kind: "end" } as const] : [])];
  }

  /** A server that ends the connection in good order still answers what it has taken. */
  #goAway(payload: Uint8Array): readonly Step[] {
    const lastStream = codeAt(payload, 0) & 0x7fff_ffff;
    const code = codeAt(payload, 4);
    if (code === 0 && lastStream >= STREAM) return [];
    return [broken(`the server turns the connection away (error ${code})`)];
  }
}

const NOT_HTTP2 = "the answer is not HTTP/2";

function broken(detail: string): Step {
  return { kind: "broken", detail };
}

function codeAt(payload: Uint8Array, at: number): number {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return payload.length < at + 4 ? 0 : view.getUint32(at);
}
