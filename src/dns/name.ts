/**
 * Domain names (RFC 1035 section 3.1): labels of octets, compared without regard to ASCII case and label by
 * label. A name that exists as a `Name` is within the limits; `parseName` and `nameFromLabels` are the only
 * ways to make one.
 */
import { err, ok, type Result } from "../base/result.ts";

/** Longest label, octets (RFC 1035 section 2.3.4). */
export const LABEL_OCTETS_MAX = 63;
/** Longest name on the wire with its length octets and the root, octets (RFC 1035 section 2.3.4). */
export const NAME_OCTETS_MAX = 255;

/** An absolute domain name, within the limits. The letter case of its octets is kept. */
export interface Name {
  /** From the leftmost to the one below the root; none for the root itself. */
  readonly labels: readonly Uint8Array[];
  /**
   * The name as it goes over the wire without the root, ASCII letters in lower case, one character an octet: equal
   * for equal names and no others. For maps and comparison, not for people.
   */
  readonly key: string;
}

/** Why a text or a list of labels is not a name. */
export type NameProblem =
  | { readonly kind: "empty" }
  | { readonly kind: "empty-label" }
  | { readonly kind: "label-too-long"; readonly octets: number }
  | { readonly kind: "name-too-long"; readonly octets: number }
  /** `\` at the end, or `\DDD` above 255 or with fewer than three digits. */
  | { readonly kind: "bad-escape"; readonly at: number }
  /** Not printable ASCII: international names are written in their `xn--` form. */
  | { readonly kind: "bad-character"; readonly at: number };

/** The root, `.`. */
export const ROOT: Name = { labels: [], key: "" };

/**
 * Reads a name as people write it. A final dot is optional: every name is absolute. `\.` is a dot inside a
 * label, `\DDD` the octet with that decimal value, `\x` any other character as it is (RFC 1035 section 5.1).
 */
export function parseName(text: string): Result<Name, NameProblem> {
  if (text === "") return err({ kind: "empty" });
  if (text === ".") return ok(ROOT);
  const labels: Uint8Array[] = [];
  let label: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0x20 || code > 0x7e) return err({ kind: "bad-character", at: i });
    if (code === DOT) {
      labels.push(Uint8Array.from(label));
      label = [];
    } else if (code === BACKSLASH) {
      const escape = readEscape(text, i + 1);
      if (escape === null) return err({ kind: "bad-escape", at: i });
      label.push(escape.octet);
      i += escape.length;
    } else {
      label.push(code);
    }
  }
  // After a final dot nothing is pending; a text that ends in an escaped dot does have a label here.
  if (label.length > 0) labels.push(Uint8Array.from(label));
  return nameFromLabels(labels);
}

/** Checks the limits. The labels are not copied: do not change them afterwards. */
export function nameFromLabels(labels: readonly Uint8Array[]): Result<Name, NameProblem> {
  let octets = 1;
  for (const label of labels) {
    if (label.length === 0) return err({ kind: "empty-label" });
    if (label.length > LABEL_OCTETS_MAX) return err({ kind: "label-too-long", octets: label.length });
    octets += 1 + label.length;
  }
  if (octets > NAME_OCTETS_MAX) return err({ kind: "name-too-long", octets });
  return ok({ labels, key: keyOf(labels, octets - 1) });
}

/** In one piece: letter by letter it takes four times as long, and names are most of a message. */
function keyOf(labels: readonly Uint8Array[], octets: number): string {
  const codes = new Array<number>(octets);
  let at = 0;
  for (const label of labels) {
    codes[at++] = label.length;
    for (let i = 0; i < label.length; i++) codes[at++] = lowerOctet(label[i]!);
  }
  return String.fromCharCode(...codes);
}

/** The name for people, no final dot, `.` for the root. `parseName` reads it back. */
export function formatName(name: Name): string {
  if (name.labels.length === 0) return ".";
  return name.labels.map(formatLabel).join(".");
}

/** One sentence for people. */
export function explainName(problem: NameProblem): string {
  switch (problem.kind) {
    case "empty":
      return "the name is empty";
    case "empty-label":
      return "the name has an empty label (two dots in a row, or a dot at the start)";
    case "label-too-long":
      return `a label of the name has ${problem.octets} octets, ${LABEL_OCTETS_MAX} are allowed`;
    case "name-too-long":
      return `the name takes ${problem.octets} octets, ${NAME_OCTETS_MAX} are allowed`;
    case "bad-escape":
      return `the escape at character ${problem.at + 1} is neither \\DDD (000 to 255) nor \\ and a character`;
    case "bad-character":
      return `character ${
        problem.at + 1
      } is not printable ASCII; write international names in their xn-- form`;
  }
}

/** Equal without regard to letter case. */
export function sameName(a: Name, b: Name): boolean {
  return a.key === b.key;
}

/** True when `name` is `parent` or lies below it, label by label: `ab.example` is not below `b.example`. */
export function isWithin(name: Name, parent: Name): boolean {
  const extra = name.labels.length - parent.labels.length;
  return extra >= 0 && keyOfSuffix(name, extra) === parent.key;
}

/** The name without its leftmost label; null for the root. */
export function parentOf(name: Name): Name | null {
  if (name.labels.length === 0) return null;
  return { labels: name.labels.slice(1), key: keyOfSuffix(name, 1) };
}

/** The `key` of the name that is left when `skip` labels are taken off on the left. */
export function keyOfSuffix(name: Name, skip: number): string {
  let at = 0;
  for (let i = 0; i < skip; i++) at += 1 + (name.labels[i]?.length ?? 0);
  return name.key.slice(at);
}

/** ASCII upper-case letters to lower case, all other octets as they are (RFC 4343). */
export function lowerOctet(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
}

const DOT = 0x2e;
const BACKSLASH = 0x5c;

function readEscape(text: string, at: number): { octet: number; length: number } | null {
  const first = text.charCodeAt(at);
  if (Number.isNaN(first) || first <= 0x20 || first > 0x7e) return null;
  if (first < 0x30 || first > 0x39) return { octet: first, length: 1 };
  const digits = text.slice(at, at + 3);
  if (!/^[0-9]{3}$/.test(digits) || Number(digits) > 255) return null;
  return { octet: Number(digits), length: 3 };
}

function formatLabel(label: Uint8Array): string {
  let text = "";
  for (const octet of label) {
    if (octet <= 0x20 || octet > 0x7e) text += `\\${String(octet).padStart(3, "0")}`;
    else if (octet === DOT || octet === BACKSLASH) text += `\\${String.fromCharCode(octet)}`;
    else text += String.fromCharCode(octet);
  }
  return text;
}
