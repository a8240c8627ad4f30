/** Values that only `[services.check]` has: what is sent and looked for, environments, names to ask for. */
import { err, ok } from "../base/result.ts";
import { explainName, parseName } from "../dns/name.ts";
import type { Payload } from "./config.ts";
import { type Field, fromText, integer, text } from "./field.ts";
import { list } from "./field_table.ts";
import { foundText } from "./problem.ts";
import { pattern } from "./values.ts";

/** Octets of what is sent at most: what one datagram takes everywhere. */
const MAX_OCTETS = 4096;

const number = integer(0, 255);
/** A text in its place may be a password, which is not shown. */
const octet: Field<number> = {
  schema: number.schema,
  read(value, path, reading): number | undefined {
    if (typeof value !== "string") return number.read(value, path, reading);
    reading.report(path, "found a text; a whole number from 0 to 255 is needed");
    return undefined;
  },
};

const octets = list(octet, { min: 1, max: MAX_OCTETS, what: "bytes" });

/** A text, or a list of bytes: `"PING\r\n"`, `[0x00, 0xff]`. `words` reads the text. */
function payload(words: Field<string>): Field<Payload> {
  return {
    schema: { anyOf: [words.schema, octets.schema] },
    read: (value, path, reading): Payload | undefined =>
      Array.isArray(value) ? octets.read(value, path, reading) : words.read(value, path, reading),
  };
}

/** What to send. */
export const sendPayload: Field<Payload> = payload(text("a text", "PING\r\n", { anyCharacters: true }));

/** What the answer must contain: a regular expression, or bytes in a row. */
export const expectPayload: Field<Payload> = payload(pattern);

/** A domain name to ask for: also the root, and names that are no host names. */
export const queryName: Field<string> = fromText("a domain name", "web.example.com", (value) => {
  const name = parseName(value);
  return name.ok ? ok(value) : err({ message: `found ${foundText(value)}; ${explainName(name.error)}` });
});

/** Variables of a program. Values may be secrets and are never shown. */
export const environment: Field<Readonly<Record<string, string>>> = {
  schema: { type: "object", additionalProperties: { type: "string" } },
  read(value, path, reading): Readonly<Record<string, string>> | undefined {
    if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Date) {
      reading.report(path, `found ${foundText(value)}; a table is needed`, [
        'such as env = { PGHOST = "db1" }',
      ]);
      return undefined;
    }
    const read: Record<string, string> = {};
    for (const [name, content] of Object.entries(value)) {
      const at = [...path, name];
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) reading.report(at, "this is not a name of a variable");
      else if (/^ABFAIL_/i.test(name)) {
        reading.report(at, "names that begin with ABFAIL_ are set by abfail itself");
      } else if (typeof content !== "string") reading.report(at, "a text in quotes is needed");
      else if (content.includes("\0")) reading.report(at, "the character NUL is not allowed in a variable");
      else read[name] = content;
    }
    return read;
  },
};
