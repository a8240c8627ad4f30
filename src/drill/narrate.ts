/** What nodes log, in the words of a spectator. */
import type { LogLine } from "./node_process.ts";

/** How long the same news from another node is no news, ms. */
const SAME_MS = 1500;

export class Narrator {
  readonly #told = new Map<string, number>();

  /** One line for people; null when this is nothing to tell, or was just told by another node. */
  tell(id: number, line: LogLine): string | null {
    const text = wordsFor(id, line);
    if (text === null) return null;
    const before = this.#told.get(text) ?? -Infinity;
    this.#told.set(text, line.at);
    return line.at - before < SAME_MS ? null : text;
  }
}

function wordsFor(id: number, line: LogLine): string | null {
  switch (line.name) {
    case "joined":
      return `node ${id} takes part in votes`;
    case "lease":
      return `node ${id} leads, epoch ${line.epoch}`;
    case "released":
      return `node ${id} lets the lease go to ${successor(line)}`;
    case "lease-lost":
      return `node ${id} has lost the lease`;
    case "switch":
      return `${line.text.replace(/\.$/, "")}`;
    case "":
      return `node ${id}: ${line.text}`;
    default:
      return line.level === "error" ? `node ${id}: ${line.text}` : null;
  }
}

function successor({ data }: LogLine): string {
  return data.successor === null || data.successor === undefined ? "whoever asks" : `node ${data.successor}`;
}
