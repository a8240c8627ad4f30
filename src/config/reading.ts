import type { LineMap, Path } from "./lines.ts";
import type { ConfigProblem } from "./problem.ts";

/** Problems that are told of one document; nobody reads more, and a slip repeated by a program makes thousands. */
export const MAX_PROBLEMS = 200;

/** One pass over one document: where things stand and what was found wrong. Problems are collected, never thrown. */
export class Reading {
  readonly problems: ConfigProblem[] = [];
  /** Problems beyond those that are told. */
  untold = 0;
  /** Allowed, but worth a word. */
  readonly warnings: string[] = [];
  readonly file: string;
  readonly #document: unknown;
  readonly #lines: LineMap;
  readonly #bad = new Set<string>();

  readonly #homes: ReadonlyMap<string, readonly string[]>;

  /** `homes`: in which sections each key is at home (`homes.ts`). */
  constructor(
    file: string,
    document: unknown,
    lines: LineMap,
    homes: ReadonlyMap<string, readonly string[]> = new Map(),
  ) {
    this.file = file;
    this.#homes = homes;
    this.#document = document;
    this.#lines = lines;
  }

  /** Notes a problem at a path. */
  report(path: Path, message: string, help: readonly string[] = []): void {
    this.#bad.add(JSON.stringify(path));
    if (this.problems.length >= MAX_PROBLEMS) {
      this.untold++;
      return;
    }
    const line = this.#lines.lineOf(path);
    this.problems.push({ file: this.file, line, column: null, path: this.show(path), message, help });
  }

  /** True when what is reported from now on is only counted: no need to find words for it. */
  get isFull(): boolean {
    return this.problems.length >= MAX_PROBLEMS;
  }

  /** True when something was reported at this very path: no second complaint should build on it. */
  isBad(path: Path): boolean {
    return this.#bad.has(JSON.stringify(path));
  }

  /** Sections that know a key; none where there are too many to say. */
  homesOf(key: string): readonly string[] {
    const homes = this.#homes.get(key) ?? [];
    return homes.length <= 2 ? homes : [];
  }

  /** Notes something that is allowed but deserves a word: one sentence, no full stop. */
  warn(path: Path, sentence: string): void {
    const line = this.#lines.lineOf(path);
    this.warnings.push(`${this.show(path)}${line === null ? "" : ` (line ${line})`}: ${sentence}`);
  }

  /**
   * A path for people. Elements of lists are called by their name (`services.web`) or id (`cluster.nodes.2`),
   * where they have one that no other element has; else by their place, from 0 (`services[1]`).
   */
  show(path: Path): string {
    let shown = "";
    let value: unknown = this.#document;
    for (const part of path) {
      if (typeof part === "number") {
        const name = elementName(value, part);
        shown += name === null ? `[${part}]` : `.${name}`;
      } else {
        const key = /^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part);
        shown += shown === "" ? key : `.${key}`;
      }
      value = child(value, part);
    }
    return shown;
  }
}

function elementName(list: unknown, index: number): string | null {
  if (!Array.isArray(list)) return null;
  const name = nameOf(list[index]);
  return name !== null && list.filter((element) => nameOf(element) === name).length === 1 ? name : null;
}

function nameOf(element: unknown): string | null {
  const name = child(element, "name");
  // Publishers have a type, and names with dots in them.
  if (typeof name === "string") return /^[A-Za-z0-9_-]{1,63}$/.test(name) ? name : null;
  const id = child(element, "id");
  return typeof id === "number" ? String(id) : null;
}

function child(value: unknown, part: string | number): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
  return (value as Record<string | number, unknown>)[part];
}
