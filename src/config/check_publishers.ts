/** What must hold within and between publishers that act on the world. See `check_services.ts`. */
import { isWithin, parseName, sameName } from "../dns/name.ts";
import { hostKind, isLoopback } from "./address.ts";
import type { ReadService } from "./read_service.ts";
import { durationText } from "./duration.ts";
import type { Path } from "./lines.ts";
import { CLOUD_MIN_TTL_MS, type CloudPublisher } from "./publisher.ts";
import { checkMachines, type PublishedTarget } from "./check_machines.ts";
import type { Reading } from "./reading.ts";

type ReadPublisher = NonNullable<NonNullable<ReadService["publish"]>[number]>;
type ReadCloud = Extract<ReadPublisher, { type: CloudPublisher["type"] }>;
type ReadRecord = Extract<ReadPublisher, { type: "rfc2136" | "powerdns" }>;

/** A TTL above this deserves a word, ms. */
export const LONG_TTL_MS = 60_000;

/** Reports what does not fit together. `published`: names known so far. */
export function checkActing(
  publisher: ReadPublisher,
  path: Path,
  targets: readonly PublishedTarget[],
  published: Map<string, string>,
  reading: Reading,
): void {
  warnOfClearText(publisher, path, reading);
  const values = targets.map(({ value }) => value);
  switch (publisher.type) {
    case "rfc2136": {
      const { key, key_env: env, key_file: file, key_name: name } = publisher;
      const given = checkSecret({ key, key_env: env, key_file: file }, path, reading);
      if (given !== null && name === undefined && !reading.isBad([...path, "key_name"])) {
        reading.report([...path, given], "key_name is needed with it");
      }
      if (given === null && name !== undefined) {
        reading.report([...path, "key_name"], "key_file, key_env or key is needed with it");
      }
      if (given === null && name === undefined && !reading.isBad([...path, "key_name"])) {
        reading.warn(
          path,
          "updates are not signed (key_name, key_file): the server must trust our addresses",
        );
      }
      return checkRecord(publisher, path, values, published, reading);
    }
    case "powerdns": {
      const { api_key: key, api_key_env: env, api_key_file: file } = publisher;
      const given = checkSecret({ api_key: key, api_key_env: env, api_key_file: file }, path, reading);
      if (given === null && !SECRETS.some((name) => reading.isBad([...path, name]))) {
        reading.report([...path, "api_key_file"], "is missing: the key of the API", [
          'such as api_key_env = "PDNS_API_KEY", or api_key_file',
        ]);
      }
      return checkRecord(publisher, path, values, published, reading);
    }
    case "webhook": {
      const { token, token_env: env, token_file: file } = publisher;
      checkSecret({ token, token_env: env, token_file: file }, path, reading);
      return;
    }
    case "dns":
    case "exec":
      return;
    case "digitalocean-reserved-ip":
      checkToken(publisher, path, reading);
      return checkMachines(
        publisher.ip,
        publisher.droplets,
        [...path, "droplets"],
        targets,
        published,
        reading,
      );
    case "hetzner-floating-ip":
      checkToken(publisher, path, reading);
      return checkMachines(
        publisher.ip,
        publisher.servers,
        [...path, "servers"],
        targets,
        published,
        reading,
      );
    default: {
      checkToken(publisher, path, reading);
      return checkCloud(publisher, path, values, published, reading);
    }
  }
}

/** The token that every provider needs. */
function checkToken(
  publisher: Partial<Readonly<Record<"token" | "token_env" | "token_file", string>>>,
  path: Path,
  reading: Reading,
): void {
  const { token, token_env: env, token_file: file } = publisher;
  const given = checkSecret({ token, token_env: env, token_file: file }, path, reading);
  if (given !== null || ["token", "token_env", "token_file"].some((key) => reading.isBad([...path, key]))) {
    return;
  }
  reading.report([...path, "token_file"], "is missing: the token of the API", [
    'such as token_env = "DNS_TOKEN", or token_file',
  ]);
}

/** A secret that goes to another machine in the clear is allowed (a tunnel may carry it) and deserves a word. */
function warnOfClearText(publisher: ReadPublisher, path: Path, reading: Reading): void {
  const [key, url] = "api_url" in publisher
    ? ["api_url", publisher.api_url] as const
    : "url" in publisher
    ? ["url", publisher.url] as const
    : ["", undefined] as const;
  if (url === undefined || !url.startsWith("http://") || isLoopback(hostOf(url))) return;
  const secret = ["token", "token_env", "token_file", ...SECRETS].some((name) =>
    Object.entries(publisher).some(([known, value]) => known === name && value !== undefined)
  );
  if (secret) reading.warn([...path, key], "the secret goes over the network in the clear: use https://");
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, "");
}

/** Publishers that keep a mark beside the name. */
const FENCED: readonly string[] = ["rfc2136", "cloudflare", "route53", "google-dns"];

const SECRETS = ["api_key", "api_key_env", "api_key_file"];

/** One of three ways to give a secret, or none; returns the key that was used. */
export function checkSecret(
  ways: Readonly<Record<string, string | undefined>>,
  path: Path,
  reading: Reading,
): string | null {
  const [first, second] = Object.keys(ways).filter((name) => ways[name] !== undefined);
  if (first === undefined) return null;
  if (second !== undefined) {
    reading.report([...path, second], `there is ${first} already; only one of them is allowed`);
  }
  const [inline] = Object.keys(ways);
  if (first === inline) {
    reading.warn([...path, first], `a secret in the config itself; ${first}_file or ${first}_env is safer`);
  }
  return first;
}

function checkCloud(
  publisher: ReadCloud,
  path: Path,
  values: readonly (string | undefined)[],
  published: Map<string, string>,
  reading: Reading,
): void {
  const { domain, record, type, ttl } = publisher;
  if (ttl !== undefined && Object.hasOwn(CLOUD_MIN_TTL_MS, type)) {
    const least = CLOUD_MIN_TTL_MS[type as keyof typeof CLOUD_MIN_TTL_MS];
    // deSEC lowers its limit on request, Cloudflare for Enterprise zones
    const text = `${type} takes no TTL below ${durationText(least)}`;
    const at = [...path, "ttl"];
    const soft = type === "desec" || (type === "cloudflare" && ttl >= 30_000);
    if (ttl < least && soft) reading.warn(at, `${text}, unless your account is allowed to`);
    else if (ttl < least) reading.report(at, `found "${durationText(ttl)}"; ${text}`);
  }
  const name = record === "@" ? domain : `${record}.${domain}`;
  if (domain === undefined || record === undefined) return checkKinds(publisher, path, values, reading);
  checkRecord({ ...publisher, zone: domain, name }, path, values, published, reading, "record");
}

function checkRecord(
  publisher: Pick<ReadRecord, "ttl" | "zone" | "name" | "record_type"> & { readonly type: string },
  path: Path,
  values: readonly (string | undefined)[],
  published: Map<string, string>,
  reading: Reading,
  key = "name",
): void {
  if (publisher.ttl !== undefined && publisher.ttl > LONG_TTL_MS) {
    const text = durationText(publisher.ttl);
    reading.warn([...path, "ttl"], `clients may go to a dead target for up to ${text} after a switch`);
  }
  checkKinds(publisher, path, values, reading);
  const name = publisher.name === undefined ? null : parseName(publisher.name);
  const zone = publisher.zone === undefined ? null : parseName(publisher.zone);
  if (!name?.ok || !zone?.ok) return;
  const at = [...path, key];
  const other = published.get(`outside ${name.value.key}`);
  if (other === undefined) published.set(`outside ${name.value.key}`, reading.show(at));
  else reading.report(at, `found "${publisher.name}"; ${other} publishes this name already`);
  if (!isWithin(name.value, zone.value)) {
    reading.report(at, `found "${publisher.name}"; it is not within the zone "${publisher.zone}"`, [
      "names are written in full",
    ]);
  } else if (sameName(name.value, zone.value) && values.some((value) => kindOf(value) === "CNAME")) {
    reading.report(at, "the top of a zone can publish only IP addresses; a target publishes a host name");
  }
  if (FENCED.includes(publisher.type) && !parseName(`_abfail.${publisher.name}`).ok) {
    reading.report(at, "is too long: the record of the epoch stands at _abfail. and this name");
  }
  for (const value of values) {
    const target = value === undefined || kindOf(value) !== "CNAME" ? null : parseName(value);
    if (target?.ok && sameName(target.value, name.value)) {
      reading.report(
        at,
        `found "${publisher.name}"; a target publishes this very name: it would point at itself`,
      );
    }
  }
}

function checkKinds(
  { record_type: type }: Pick<ReadRecord, "record_type">,
  path: Path,
  values: readonly (string | undefined)[],
  reading: Reading,
): void {
  if (type === undefined) return;
  const wrong = values.find((value) => value !== undefined && kindOf(value) !== type);
  if (wrong === undefined) return;
  reading.report(
    [...path, "record_type"],
    `found "${type}"; a target publishes "${wrong}", which takes ${kindOf(wrong)}`,
  );
}

function kindOf(value: string | undefined): "A" | "AAAA" | "CNAME" | null {
  if (value === undefined) return null;
  switch (hostKind(value)) {
    case "ipv4":
      return "A";
    case "ipv6":
      return "AAAA";
    default:
      return "CNAME";
  }
}
