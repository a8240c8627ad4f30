/**
 * On which line each key of a TOML document stands. The TOML reader tells values, not places; this scanner
 * walks the same text and notes the places. It is meant for text that the reader took; on any other it ends
 * all the same, with places that mean less.
 */

/** Keys and, for elements of lists, their index. */
export type Path = readonly (string | number)[];

/** Where keys, tables and elements stand. */
export interface LineMap {
  /** 1-based line of that path, or of the nearest one around it that has a place; null for the document itself. */
  lineOf(path: Path): number | null;
}

/** Walks the text once. */
export function mapLines(text: string): LineMap {
  const scanner = new Scanner(text);
  scanner.run();
  const { places } = scanner;
  return {
    lineOf: (path: Path): number | null => {
      for (let length = path.length; length > 0; length--) {
        const line = places.get(placeKey(path.slice(0, length)));
        if (line !== undefined) return line;
      }
      return null;
    },
  };
}

function placeKey(path: Path): string {
  return JSON.stringify(path);
}

/** How deep values and dotted keys may nest; what is deeper gets the place of what is around it. */
const MAX_DEPTH = 64;

class Scanner {
  readonly places = new Map<string, number>();
  readonly #text: string;
  /** How often each `[[list]]` came. */
  readonly #counts = new Map<string, number>();
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  run(): void {
    let table: Path = [];
    while (true) {
      this.#skipBlank();
      if (this.#at >= this.#text.length) return;
      if (this.#peek() === "[") table = this.#header();
      else this.#pair(table, 0);
      this.#skipRestOfLine();
    }
  }

  /** `[a.b]` or `[[a.b]]`: the path of the table that it opens. */
  #header(): Path {
    const line = this.#line;
    this.#step();
    const isList = this.#peek() === "[";
    if (isList) this.#step();
    const keys = this.#dottedKey();
    let path: (string | number)[] = [];
    for (const [i, key] of keys.entries()) {
      path = [...path, key];
      const count = this.#counts.get(placeKey(path));
      if (i === keys.length - 1 && isList) {
        const index = count ?? 0;
        this.#counts.set(placeKey(path), index + 1);
        this.#note(path, line);
        path = [...path, index];
      } else if (count !== undefined) {
        path = [...path, count - 1];
      }
    }
    this.#note(path, line);
    return path;
  }

  /** `key = value` within `table`. */
  #pair(table: Path, depth: number): void {
    const before = this.#at;
    const line = this.#line;
    const keys = this.#dottedKey();
    let path = table;
    for (const key of keys) {
      path = [...path, key];
      this.#note(path, line);
    }
    this.#skipSpaces();
    if (this.#peek() === "=") {
      this.#step();
      this.#value(path, depth);
    }
    if (this.#at === before) this.#step();
  }

  #value(path: Path, depth: number): void {
    this.#skipSpaces();
    const next = this.#peek();
    if (next === '"' || next === "'") this.#string();
    else if (next === "[" && depth < MAX_DEPTH) this.#list(path, depth + 1);
    else if (next === "{" && depth < MAX_DEPTH) this.#inlineTable(path, depth + 1);
    else this.#scalar();
  }

  #list(path: Path, depth: number): void {
    this.#step();
    for (let index = 0;;) {
      this.#skipBlank();
      const next = this.#peek();
      if (next === "" || next === "]") break;
      if (next === ",") {
        index++;
        this.#step();
        continue;
      }
      const before = this.#at;
      this.#note([...path, index], this.#line);
      this.#value([...path, index], depth);
      if (this.#at === before) this.#step();
    }
    this.#step();
  }

  #inlineTable(path: Path, depth: number): void {
    this.#step();
    while (true) {
      this.#skipBlank();
      const next = this.#peek();
      if (next === "" || next === "}") break;
      if (next === ",") this.#step();
      else this.#pair(path, depth);
    }
    this.#step();
  }

  /** Any of the four kinds of strings; its raw text without the quotes. */
  #string(): string {
    const quote = this.#peek();
    const long = quote.repeat(3);
    const mark = this.#text.startsWith(long, this.#at) ? long : quote;
    this.#step(mark.length);
    const from = this.#at;
    while (this.#at < this.#text.length && !this.#text.startsWith(mark, this.#at)) {
      if (mark.length === 1 && this.#peek() === "\n") break;
      this.#step(quote === '"' && this.#peek() === "\\" ? 2 : 1);
    }
    const raw = this.#text.slice(from, this.#at);
    this.#step(mark.length);
    // Up to two quotes may stand before the three that end a long string.
    while (mark.length === 3 && this.#peek() === quote) this.#step();
    return raw;
  }

  #dottedKey(): string[] {
    const keys: string[] = [];
    while (true) {
      keys.length = Math.min(keys.length, MAX_DEPTH);
      this.#skipSpaces();
      const next = this.#peek();
      if (next === '"') keys.push(unescape(this.#string()));
      else if (next === "'") keys.push(this.#string());
      else {
        const bare = /^[A-Za-z0-9_-]+/.exec(this.#text.slice(this.#at, this.#at + 256))?.[0];
        if (bare === undefined) return keys;
        keys.push(bare);
        this.#step(bare.length);
      }
      this.#skipSpaces();
      if (this.#peek() !== ".") return keys;
      this.#step();
    }
  }

  #scalar(): void {
    while (this.#at < this.#text.length && !/[,\]}\n#]/.test(this.#peek())) this.#step();
  }

  #note(path: Path, line: number): void {
    const key = placeKey(path);
    if (!this.places.has(key)) this.places.set(key, line);
  }

  #peek(): string {
    return this.#text[this.#at] ?? "";
  }

  #step(count = 1): void {
    for (let i = 0; i < count && this.#at < this.#text.length; i++) {
      if (this.#text[this.#at] === "\n") this.#line++;
      this.#at++;
    }
  }

  #skipSpaces(): void {
    while (this.#peek() === " " || this.#peek() === "\t") this.#step();
  }

  /** Spaces, line ends and comments. */
  #skipBlank(): void {
    while (this.#at < this.#text.length) {
      const next = this.#peek();
      if (next === "#") this.#skipRestOfLine();
      else if (next === " " || next === "\t" || next === "\r" || next === "\n") this.#step();
      else return;
    }
  }

  #skipRestOfLine(): void {
    while (this.#at < this.#text.length && this.#peek() !== "\n") this.#step();
  }
}

/** Escapes of a quoted key, as far as JSON has the same ones. */
function unescape(raw: string): string {
  try {
    return String(JSON.parse(`"${raw}"`));
  } catch {
    return raw;
  }
}
