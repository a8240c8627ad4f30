/**
 * What each kind of publisher needs beside a name and a zone, as `abfail init` asks for it: one table for the options,
 * the questions and what is said when something is missing. Credentials are never asked for: only where they are.
 */
import { err, ok, type Result } from "../base/result.ts";
import { hostKind, parseAddress } from "../config/address.ts";
import { MACHINES } from "../config/publisher.ts";
import type { DetailKey, InitPublisher } from "./options.ts";

/** One thing to ask for. */
export interface Detail {
  readonly key: DetailKey;
  /** Its option. */
  readonly flag: string;
  /** The question. */
  readonly question: string;
  /** What is said to be an example still when it was not given. */
  readonly label: string;
  readonly example: string;
  /** True where Enter may take the example: it is right on many machines. */
  readonly isLikely: boolean;
  readonly read: (text: string) => Result<string, string>;
}

/** Where each node has the credential. */
export type SecretPlace =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "env"; readonly variable: string };

/** What one kind of publisher takes. */
export interface PublisherNeeds {
  /** It keeps a record: a name and a zone are asked for. */
  readonly hasRecord: boolean;
  readonly details: readonly Detail[];
  /** What it calls the machines behind the targets; null where it moves none. */
  readonly machine: string | null;
  /** What its credential is, and where it is likely to be. Null: it takes none. */
  readonly secret: { readonly what: string; readonly file: string; readonly isNeeded: boolean } | null;
}

const token = (file: string): PublisherNeeds["secret"] => {
  return { what: "the API's token", file, isNeeded: true };
};
const record = (
  secret: PublisherNeeds["secret"],
  details: readonly Detail[] = [],
): PublisherNeeds => ({ hasRecord: true, details, machine: null, secret });

/** Where the token of a DNS provider's API is. */
const TOKEN_FILE = "/etc/abfail/dns.token";

const SERVER: Detail = {
  key: "server",
  flag: "--server",
  question: "Name server that takes the updates",
  label: "the name server",
  example: "192.0.2.53",
  isLikely: false,
  read: readServer,
};
const API_URL: Detail = {
  key: "apiUrl",
  flag: "--api-url",
  question: "Web address of the PowerDNS API",
  label: "the address of the API",
  example: "http://127.0.0.1:8081",
  isLikely: true,
  read: readUrl,
};

/** What each takes. */
export const PUBLISHER_NEEDS: Readonly<Record<InitPublisher, PublisherNeeds>> = {
  dns: record(null),
  rfc2136: record({ what: "the TSIG key", file: "/etc/abfail/tsig.key", isNeeded: true }, [SERVER]),
  powerdns: record({ what: "the API's key", file: "/etc/abfail/powerdns.key", isNeeded: true }, [API_URL]),
  "digitalocean-dns": record(token(TOKEN_FILE)),
  cloudflare: record(token(TOKEN_FILE)),
  route53: record({ what: "the secret access key", file: "/etc/abfail/aws.secret", isNeeded: true }, [
    id("zoneId", "--zone-id", "Id of the hosted zone", "the id of the hosted zone", "Z0123456789ABC"),
    id(
      ...["accessKeyId", "--access-key-id", "Id of the access key", "the id of the access key"] as const,
      "AKIAIOSFODNN7EXAMPLE",
    ),
  ]),
  "google-dns": record(
    { what: "the JSON key of a service account", file: "/etc/abfail/google.json", isNeeded: true },
    [
      id("project", "--project", "Project at Google Cloud", "the project", "my-project"),
      id("managedZone", "--managed-zone", "Name of the managed zone", "the managed zone", "example-com"),
    ],
  ),
  "hetzner-dns": record(token(TOKEN_FILE)),
  desec: record(token(TOKEN_FILE)),
  gandi: record(token(TOKEN_FILE)),
  "digitalocean-reserved-ip": moving("digitalocean-reserved-ip", "Reserved IP", ["ipv4"]),
  "hetzner-floating-ip": moving("hetzner-floating-ip", "Floating IP", ["ipv4", "ipv6"]),
  webhook: {
    hasRecord: false,
    machine: null,
    secret: { what: "the token", file: "/etc/abfail/webhook.token", isNeeded: false },
    details: [{
      key: "url",
      flag: "--url",
      question: "Where to POST what is to be published",
      label: "the URL",
      example: "https://hooks.example.com/publish",
      isLikely: false,
      read: readUrl,
    }],
  },
  exec: {
    hasRecord: false,
    machine: null,
    secret: null,
    details: [{
      key: "command",
      flag: "--command",
      question: "Program and arguments that make it so",
      label: "the program",
      example: "/usr/local/bin/move-address",
      isLikely: false,
      read: readCommand,
    }],
  },
};

/** Of several publishers, those that take an option. */
export function takersOf(key: DetailKey): readonly string[] {
  return Object.entries(PUBLISHER_NEEDS).flatMap(([type, { details }]) =>
    details.some((one) => one.key === key) ? [type] : []
  );
}

/** The option of a detail. */
export function flagOf(key: DetailKey): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A file, or `env:NAME`: where the credential is. */
export function readSecretPlace(text: string): Result<SecretPlace, string> {
  if (!text.startsWith("env:")) return readSecretFile(text);
  return readSecretVariable(text.slice(4));
}

/** The path of a file. */
export function readSecretFile(text: string): Result<SecretPlace, string> {
  if (/^(?:\.{0,2}\/|[^/]*\.)[^\p{Cc}]{1,1000}$/u.test(text)) return ok({ kind: "file", path: text });
  // Someone may have given the secret itself: it is not repeated.
  return err(
    "this is no path of a file, such as /etc/abfail/dns.token; the secret itself stands in the file",
  );
}

/** The name of a variable of the environment. */
export function readSecretVariable(text: string): Result<SecretPlace, string> {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(text)) return ok({ kind: "env", variable: text });
  return err(
    "this is not the name of a variable, such as DNS_TOKEN; the secret itself stands in the variable",
  );
}

/** `TARGET=NUMBER`. */
export function readMachine(
  text: string,
): Result<{ readonly target: string; readonly number: number }, string> {
  const [, target = "", digits = ""] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  if (target === "") return err(`${quote(text)}: it is written TARGET=NUMBER, such as nyc1=3164444`);
  const number = readMachineNumber(digits);
  return number.ok ? ok({ target, number: number.value }) : number;
}

/** A provider's number of a machine. */
export function readMachineNumber(text: string): Result<number, string> {
  const number = /^[1-9][0-9]{0,15}$/.test(text) ? Number(text) : 0;
  if (number > 0 && Number.isSafeInteger(number)) return ok(number);
  return err(`${quote(text)} is no machine's number at the provider, such as 3164444`);
}

/** The words of a program: as typed, without quotes; no shell reads them. */
export function commandWords(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

/** A name server: `host` or `host:port`. */
function readServer(text: string): Result<string, string> {
  const address = parseAddress(text);
  return address.ok ? ok(text) : err(`${address.error}; it is a host or host:port`);
}

function readCommand(text: string): Result<string, string> {
  if (text.trim() === "" || /\p{Cc}/u.test(text)) {
    return err("a program is needed, such as /usr/local/bin/move-address");
  }
  if (/["'`$|&;<>\\]/.test(text)) {
    return err(`${quote(text)}: no shell reads it: plain words, or write the list into the file`);
  }
  return ok(text.trim());
}

function readUrl(text: string): Result<string, string> {
  // It may hold a password: it is not repeated.
  if (!/^https?:\/\/[^/\p{Cc}\s][^\p{Cc}\s]*$/u.test(text) || !URL.canParse(text)) {
    return err("this is not a URL that begins with https:// or http://");
  }
  const { username, password } = new URL(text);
  if (username === "" && password === "") return ok(text);
  return err(
    "there is a name or password in the URL: a credential stands in a file of its own (--token-file)",
  );
}

function id(key: DetailKey, flag: string, question: string, label: string, example: string): Detail {
  const read = (text: string): Result<string, string> => {
    if (/^[A-Za-z0-9._:-]{1,128}$/.test(text)) return ok(text);
    return err(`${quote(text)}: letters, digits, dots, colons and hyphens, such as ${example}`);
  };
  return { key, flag, question, label, example, isLikely: false, read };
}

function moving(
  type: keyof typeof MACHINES,
  question: string,
  kinds: readonly ("ipv4" | "ipv6")[],
): PublisherNeeds {
  const read = (text: string): Result<string, string> => {
    if (kinds.some((kind) => hostKind(text) === kind)) return ok(text);
    const needed = kinds.length > 1 ? "IPv4 or IPv6 address" : "IPv4 address";
    return err(`${quote(text)} is no ${needed}, such as 203.0.113.9`);
  };
  const ip: Detail = {
    key: "ip",
    flag: "--ip",
    question: `${question}, the address that moves`,
    label: "the address that moves",
    example: "203.0.113.9",
    isLikely: false,
    read,
  };
  const { machine } = MACHINES[type];
  return { hasRecord: false, details: [ip], machine, secret: token("/etc/abfail/cloud.token") };
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
