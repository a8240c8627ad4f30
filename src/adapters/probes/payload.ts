/** What checks send and look for: texts and bytes. */
import type { Payload } from "../../config/config.ts";

/** The bytes of what is to be sent. */
export function bytesOf(payload: Payload): Uint8Array {
  return typeof payload === "string" ? new TextEncoder().encode(payload) : Uint8Array.from(payload);
}

/** Tells whether an answer is what is expected. */
export type Matcher = (answer: Uint8Array) => boolean;

/**
 * Bytes must be there in a row. A regular expression is tried on the answer as text (UTF-8) and as bytes, one
 * character each: there `\xff` is the byte 255.
 */
export function matcherOf(expected: Payload): Matcher {
  if (typeof expected !== "string") {
    const wanted = latin1(Uint8Array.from(expected));
    return (answer) => latin1(answer).includes(wanted);
  }
  const pattern = new RegExp(expected);
  return (answer) => pattern.test(new TextDecoder().decode(answer)) || pattern.test(latin1(answer));
}

const CHUNK = 8192;

/** One character a byte. (`TextDecoder("latin1")` is windows-1252.) */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return text;
}
