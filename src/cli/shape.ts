/**
 * Takes what a server sent for what it should be: words, numbers and lists of bounded length, and nothing else.
 * What is missing or of another type becomes the neutral value of its shape, and is named: another version may
 * tell less, and a server that is no node may send anything.
 */

/** What a value should be. */
export type Shape =
  | { readonly kind: "text"; readonly most: number }
  | { readonly kind: "number" | "flag" | "scalar" }
  /** One of these; the first stands for any other. */
  | { readonly kind: "word"; readonly words: readonly string[] }
  | { readonly kind: "nullable" | "optional"; readonly of: Shape }
  | { readonly kind: "list" | "map"; readonly of: Shape; readonly most: number }
  | { readonly kind: "fields"; readonly fields: Readonly<Record<string, Shape>> };

/** Longest name, characters. */
const NAME_LENGTH = 300;
/** Longest sentence, characters. */
const SENTENCE_LENGTH = 2000;
/** Entries of a list or a table. */
const ENTRIES = 2000;

export const name: Shape = { kind: "text", most: NAME_LENGTH };
export const sentence: Shape = { kind: "text", most: SENTENCE_LENGTH };
export const number: Shape = { kind: "number" };
/** A sentence, a number, true, false or null. */
export const scalar: Shape = { kind: "scalar" };
export const flag: Shape = { kind: "flag" };
export const words = (...all: readonly string[]): Shape => ({ kind: "word", words: all });
export const nullable = (of: Shape): Shape => ({ kind: "nullable", of });
export const optional = (of: Shape): Shape => ({ kind: "optional", of });
export const listOf = (of: Shape): Shape => ({ kind: "list", of, most: ENTRIES });
export const mapOf = (of: Shape): Shape => ({ kind: "map", of, most: ENTRIES });
export const fields = (all: Readonly<Record<string, Shape>>): Shape => ({ kind: "fields", fields: all });

/** A value of that shape. `wrong` is told the path of each value that was missing or of another type. */
export function shaped(value: unknown, shape: Shape, wrong: (path: string) => void, path = ""): unknown {
  const instead = (neutral: unknown): unknown => {
    wrong(path);
    return neutral;
  };
  switch (shape.kind) {
    case "text":
      return typeof value === "string" ? cut(value, shape.most) : instead("?");
    case "number":
      return typeof value === "number" && Number.isFinite(value) ? value : instead(0);
    case "flag":
      return typeof value === "boolean" ? value : instead(false);
    case "scalar":
      if (typeof value === "string") return cut(value, SENTENCE_LENGTH);
      return value === null || typeof value === "number" || typeof value === "boolean"
        ? value
        : instead(null);
    case "word":
      return typeof value === "string" && shape.words.includes(value) ? value : instead(shape.words[0]);
    case "nullable":
      return value === null || value === undefined ? null : within(value, shape.of, wrong, path, null);
    case "optional":
      return value === undefined ? undefined : within(value, shape.of, wrong, path, undefined);
    case "list":
      if (!Array.isArray(value)) return instead([]);
      if (value.length > shape.most) wrong(path);
      return value.slice(0, shape.most).map((item, i) => shaped(item, shape.of, wrong, `${path}[${i}]`));
    case "map": {
      if (!isTable(value)) return instead({});
      const entries = Object.entries(value).slice(0, shape.most);
      return Object.fromEntries(
        entries.map(([key, item]) => [cut(key, NAME_LENGTH), shaped(item, shape.of, wrong, `${path}.*`)]),
      );
    }
    case "fields": {
      const table = isTable(value) ? value : {};
      if (!isTable(value)) wrong(path);
      const told = isTable(value) ? wrong : () => {};
      const made = Object.entries(shape.fields).map(([key, of]) => {
        return [key, shaped(table[key], of, told, path === "" ? key : `${path}.${key}`)] as const;
      });
      return Object.fromEntries(made.filter(([, item]) => item !== undefined));
    }
  }
}

/** What may be left out: of another type it is as if it had been. */
function within(
  value: unknown,
  shape: Shape,
  wrong: (path: string) => void,
  path: string,
  neutral: null | undefined,
): unknown {
  const container = shape.kind === "fields" || shape.kind === "map" ? isTable(value) : true;
  let fits = container;
  const made = container
    ? shaped(value, shape, (at) => {
      if (at === path) fits = false;
      else wrong(at);
    }, path)
    : neutral;
  if (fits) return made;
  wrong(path);
  return neutral;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** At most so long; what was cut ends in `…`. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
