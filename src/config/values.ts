/** Fields that this config alone has: addresses, names, keys, ranges. */
import { err, ok, type Result } from "../base/result.ts";
import { explainName, parseName } from "../dns/name.ts";
import {
  type Address,
  formatHostPort,
  hostKind,
  isHostName,
  isUnspecified,
  parseAddress,
} from "./address.ts";
import type { HostPort } from "./config.ts";
import { type Field, fromText, keyOf, text, type TextProblem } from "./field.ts";
import { list } from "./field_table.ts";
import type { Path } from "./lines.ts";
import { foundText } from "./problem.ts";
import type { Reading } from "./reading.ts";

const LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** A name of a service or a target: it stands in URLs, metrics and logs. */
export const labelName: Field<string> = fromText("a name", "web", (value) => {
  if (LABEL.test(value)) return ok(value);
  return err({
    message: `found ${
      foundText(value)
    }; 1 to 63 letters, digits and hyphens are allowed, no hyphen at the ends`,
  });
}, { pattern: LABEL.source });

/** Where something is reached from elsewhere: a port, and no wildcard address. */
export const reachable: Field<HostPort> = fromText(
  "host and port",
  "10.0.1.10:7420",
  (value) => {
    const read = hostPort(value, 7420);
    if (!read.ok) return read;
    if (isUnspecified(read.value.host)) {
      return err({
        message: `found ${
          foundText(value)
        }; this must be the address at which the other nodes reach this one`,
        help: ["to bind all addresses, set [node] listen"],
      });
    }
    if (read.value.port === 0) {
      return err({ message: `found ${foundText(value)}; the port must be 1 to 65535` });
    }
    return read;
  },
);

/** What to bind: wildcard addresses are allowed, and port 0 (any free one). */
export function bindable(defaultPort: number): Field<HostPort> {
  return fromText("host and port", `127.0.0.1:${defaultPort}`, (value) => hostPort(value, defaultPort));
}

/** Where a target is checked: the port is optional. */
export const targetAddress: Field<Address> = fromText("an address", "10.0.1.20", (value) => {
  const read = parseAddress(value);
  if (!read.ok) return err({ message: `found ${foundText(value)}; ${read.error}` });
  if (isUnspecified(read.value.host) || read.value.port === 0) {
    return err({ message: `found ${foundText(value)}; nothing can be reached there` });
  }
  return read;
});

/** What is published: an IP address or a host name. */
export const publishedValue: Field<string> = fromText("an IP address or host name", "192.0.2.1", (value) => {
  const kind = hostKind(value);
  if (kind !== null && !isUnspecified(value)) return ok(kind === "name" ? value.replace(/\.$/, "") : value);
  const read = parseAddress(value);
  const help = read.ok && read.value.port !== null
    ? ["DNS knows no ports: leave it out"]
    : /^[a-z]+:\/\//i.test(value)
    ? ["leave out the scheme and the path"]
    : [];
  return err({
    message: `found ${foundText(value)}; an IPv4 or IPv6 address or a host name is needed`,
    help,
  });
});

/** An absolute domain name; a final dot is dropped. */
export const domainName: Field<string> = fromText("a domain name", "web.ha.example.com", (value) => {
  const name = parseName(value);
  if (!name.ok) return err({ message: `found ${foundText(value)}; ${explainName(name.error)}` });
  if (!isHostName(value)) return err({ message: `found ${foundText(value)}; this is not a host name` });
  return ok(value.replace(/\.$/, ""));
});

/** A cluster key. What was found is never shown. Reads as base64 with padding. */
export const clusterKey: Field<string> = fromText("a key", "base64 of 32 bytes", (value) => {
  const key = readKey(value);
  return key.ok ? key : err({ message: key.error, help: ["`abfail keygen` prints a fresh one"] });
}, { pattern: "^[A-Za-z0-9+/]{43}=?$" });

/** Base64 of exactly 32 bytes, in its one canonical form; the problem never shows the text. */
export function readKey(value: string): Result<string, string> {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value) || value === "") {
    return err(`this is not base64 (${value.length} characters); base64 of exactly 32 bytes is needed`);
  }
  let bytes: string;
  try {
    bytes = atob(value);
  } catch {
    return err(`this is not base64 (${value.length} characters); base64 of exactly 32 bytes is needed`);
  }
  if (bytes.length !== 32) return err(`this is base64 of ${bytes.length} bytes; exactly 32 are needed`);
  return ok(btoa(bytes));
}

/** One good status or a range of them: 200, "200", "200-299". */
export const statusRange: Field<{ readonly from: number; readonly to: number }> = {
  schema: {
    anyOf: [{ type: "integer", minimum: 100, maximum: 599 }, {
      type: "string",
      pattern: "^[0-9]{3}(-[0-9]{3})?$",
    }],
  },
  read(
    value: unknown,
    path: Path,
    reading: Reading,
  ): { readonly from: number; readonly to: number } | undefined {
    const match = /^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$/.exec(String(value));
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? match?.[1]);
    if (match !== null && from <= to) return { from, to };
    reading.report(path, `found ${foundText(value)}; a status or a range of them is needed`, [
      'such as 204, "200-299"',
    ]);
    return undefined;
  },
};

/** A regular expression. Reads as its text: an expression object has state. */
export const pattern: Field<string> = fromText("a regular expression", "ok", (value) => {
  try {
    new RegExp(value);
    return ok(value);
  } catch (problem) {
    const reason = String(problem instanceof Error ? problem.message : problem).replace(/^.*?\/: /, "");
    return err({ message: `found ${foundText(value)}; this is not a regular expression: ${reason}` });
  }
}, { format: "regex" });

/** Path and query of a request. */
export const urlPath: Field<string> = fromText("a path", "/healthz", (value) => {
  if (/^\/[\x21-\x7e]*$/.test(value)) return ok(value);
  const help = value.startsWith("/") ? [] : [`did you mean "/${value}"?`];
  return err({ message: `found ${foundText(value)}; a path begins with / and has no spaces`, help });
}, { pattern: "^/" });

/** A web address. */
export const webUrl: Field<string> = fromText("a URL", "https://hooks.example.com/x", (value) => {
  const isWeb = /^https?:\/\/[^/]/.test(value) && URL.canParse(value);
  // A webhook's address is often its password: it is not repeated.
  return isWeb ? ok(value) : err({ message: "this is not a URL that begins with https:// or http://" });
}, { format: "uri" });

/** A request method. */
export const method: Field<string> = fromText("a method", "GET", (value) => {
  if (/^[A-Z]{1,20}$/.test(value)) return ok(value);
  const upper = value.toUpperCase();
  const help = /^[A-Z]{1,20}$/.test(upper) ? [`did you mean "${upper}"?`] : [];
  return err({ message: `found ${foundText(value)}; a method in capital letters is needed`, help });
});

/** Request headers. Values may be secrets and are never shown. */
export const headers: Field<Readonly<Record<string, string>>> = {
  schema: { type: "object", additionalProperties: { type: "string" } },
  read(value, path, reading): Readonly<Record<string, string>> | undefined {
    if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Date) {
      reading.report(path, `found ${foundText(value)}; a table is needed`, [
        'such as headers = { "X-Probe" = "abfail" }',
      ]);
      return undefined;
    }
    const read: Record<string, string> = {};
    for (const [name, content] of Object.entries(value)) {
      const at = [...path, name];
      if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) reading.report(at, "this is not a name of a header");
      else if (name.toLowerCase() === "host") {
        reading.report(at, "this header has a key of its own", ["write host = "]);
      } else if (typeof content !== "string") reading.report(at, "a text in quotes is needed");
      else if (/[^\x20-\x7e\t]/.test(content)) {
        reading.report(at, "only printable ASCII is allowed in a header");
      } else read[name] = content;
    }
    return read;
  },
};

/** A file's or folder's path; relative ones start at the config's own folder. */
export const filePath = (example: string): Field<string> => text("a path", example);

const words = list(text("a word", "/usr/local/bin/move", { min: 0, anyCharacters: true }), {
  min: 1,
  max: 256,
  what: "words (the program, then its arguments)",
});

/** A program and its arguments; the program is not empty. No shell reads them. */
export const command: Field<readonly string[]> = {
  schema: words.schema,
  read(value, path, reading): readonly string[] | undefined {
    if (typeof value === "string") {
      const split = JSON.stringify(value.trim().split(/\s+/)).replaceAll('","', '", "');
      const help = [`write ${keyOf(path)}${split}; no shell reads it`];
      reading.report(
        path,
        `found ${foundText(value)}; a list of words (the program, then its arguments) is needed`,
        help,
      );
      return undefined;
    }
    const read = words.read(value, path, reading);
    if (read !== undefined && read[0]?.trim() === "") {
      reading.report(path, "the program (the first word) is empty");
    }
    return read;
  },
};

/** Which opinions count: a word, or how many. */
export const OBSERVER_WORDS = ["majority", "leader", "all", "any"] as const;

function hostPort(value: string, defaultPort: number): Result<HostPort, TextProblem> {
  const read = parseAddress(value);
  if (!read.ok) return err({ message: `found ${foundText(value)}; ${read.error}` });
  const { host, port } = read.value;
  if (port !== null) return ok({ host, port });
  const written = formatHostPort({ host, port: defaultPort });
  return err({
    message: `found ${foundText(value)}; a port is needed`,
    help: [`did you mean "${written}"?`],
  });
}
