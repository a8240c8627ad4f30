/**
 * A large text as an answer that is made while it is read. The node does other things between two pieces: what takes
 * 200 ms in one go would make every probe and heartbeat of that time late.
 */
import { otherTurn } from "../turn.ts";

/** Characters that are made in one go: less than a millisecond's work. */
export const PIECE_CHARS = 32 * 1024;

const encoder = new TextEncoder();

/** The text whole where it is no longer than one piece; else as a stream. */
export function piecemeal(pieces: Iterable<string>): string | ReadableStream<Uint8Array> {
  const rest = pieces[Symbol.iterator]();
  const first = take(rest);
  if (first.isLast) return first.text;
  let waiting = first.text;
  return new ReadableStream<Uint8Array>({
    pull: async (controller): Promise<void> => {
      controller.enqueue(encoder.encode(waiting));
      await otherTurn();
      const { text, isLast } = take(rest);
      if (!isLast) {
        waiting = text;
        return;
      }
      if (text !== "") controller.enqueue(encoder.encode(text));
      controller.close();
    },
    cancel: (): void => void rest.return?.(),
  }, { highWaterMark: 0 });
}

function take(rest: Iterator<string>): { readonly text: string; readonly isLast: boolean } {
  let text = "";
  while (text.length < PIECE_CHARS) {
    const next = rest.next();
    if (next.done === true) return { text, isLast: true };
    text += next.value;
  }
  return { text, isLast: false };
}
