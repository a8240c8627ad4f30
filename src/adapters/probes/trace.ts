/** What one probe did, for people who ask (`abfail probe`). A running node traces nothing. */

/** How far a probe has come. */
export type Mark =
  /** A new connection begins: what was marked before was another one's. */
  | "started"
  /** The host name was looked up; absent for IP addresses. */
  | "resolved"
  /** The TCP connection stands. */
  | "connected"
  /** The TLS handshake is over. */
  | "secured"
  /** The first byte of an answer has come. */
  | "answered";

/** Told while a probe runs. Nothing of it may throw. */
export interface Trace {
  mark(mark: Mark): void;
  /** Bytes, or text without secrets. */
  sent(what: string | Uint8Array): void;
  received(what: string | Uint8Array): void;
}

/** Bytes of each direction that are kept. */
const MAX_KEPT = 2048;

/** Collects what is told. Times are ms since it was made. */
export class Recording implements Trace {
  /** Those of the last connection, where there were several. */
  readonly marks: Partial<Record<Mark, number>> = {};
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #sent: (string | Uint8Array)[] = [];
  readonly #received: (string | Uint8Array)[] = [];

  /** `now`: monotonic, ms. */
  constructor(now: () => number) {
    this.#now = now;
    this.#startedAt = now();
  }

  mark(mark: Mark): void {
    if (mark === "started") { for (const known of Object.keys(this.marks)) delete this.marks[known as Mark]; }
    this.marks[mark] = this.#now() - this.#startedAt;
  }

  sent(what: string | Uint8Array): void {
    keep(this.#sent, what);
  }

  received(what: string | Uint8Array): void {
    keep(this.#received, what);
  }

  /** The beginning of what was sent, for people: text, or bytes as `\xff`. */
  get sentText(): string {
    return this.#sent.map(readable).join("");
  }

  /** The beginning of what came back. */
  get receivedText(): string {
    return this.#received.map(readable).join("");
  }
}

function keep(list: (string | Uint8Array)[], what: string | Uint8Array): void {
  const left = MAX_KEPT - list.reduce((sum, part) => sum + part.length, 0);
  if (left > 0 && what.length > 0) list.push(what.slice(0, left));
}

/** Text as it is; bytes as text where they are text, else byte by byte. Lines stay, other control characters do not. */
export function readable(what: string | Uint8Array): string {
  if (typeof what === "string") return escapeControls(what);
  try {
    return escapeControls(new TextDecoder("utf-8", { fatal: true }).decode(what));
  } catch {
    return Array.from(
      what,
      (octet) => octet >= 0x20 && octet < 0x7f && octet !== 0x5c ? String.fromCharCode(octet) : hex(octet),
    ).join("");
  }
}

function escapeControls(text: string): string {
  return text.replaceAll(/\r(?=\n)/g, "").replaceAll(
    /[^\P{C}\n\t]/gu,
    (character) => Array.from(new TextEncoder().encode(character), hex).join(""),
  );
}

function hex(octet: number): string {
  return `\\x${octet.toString(16).padStart(2, "0")}`;
}
