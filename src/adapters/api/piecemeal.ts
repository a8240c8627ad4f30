/**
 * A large text as an answer that is made while it is read. The node does other things between two pieces: what takes
 * 200 ms in one go would make every probe and heartbeat of that time late. A turn of the loop between them is not enough
 * (tried): with thousands of targets the loop is half busy, and a text that takes all the rest of it leaves no room to
 * catch up; probes were 100 ms late until its end. So there are pauses: 10 MB take a second.
 */

/** Characters that are made in one go: less than a millisecond's work. */
export const PIECE_CHARS = 32 * 1024;
/** Time for others between two pieces, ms: several times what one takes. */
const PAUSE_MS = 2;

const encoder = new TextEncoder();

/** The text whole where it is no longer than one piece; else as a stream. */
export function piecemeal(pieces: Iterable<string>): string | ReadableStream<Uint8Array> {
  const rest = pieces[Symbol.iterator]();
  const first = take(rest);
  if (first.isLast) return first.text;
  let waiting = first.text;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return new ReadableStream<Uint8Array>({
    pull: async (controller): Promise<void> => {
      controller.enqueue(encoder.encode(waiting));
      await new Promise<void>((resolve) => timer = setTimeout(resolve, PAUSE_MS));
      const { text, isLast } = take(rest);
      if (!isLast) {
        waiting = text;
        return;
      }
      if (text !== "") controller.enqueue(encoder.encode(text));
      controller.close();
    },
    cancel: (): void => {
      clearTimeout(timer);
      rest.return?.();
    },
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
