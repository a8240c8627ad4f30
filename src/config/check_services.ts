/** What must hold between the keys of `[[services]]`, `[dns]` and the list of nodes. */
import { isWithin, type Name, parseName, sameName } from "../dns/name.ts";
import { hostKind } from "./address.ts";
import { checkCheck, needsPort } from "./check_check.ts";
import type { ReadDocument } from "./check_cluster.ts";
import { checkActing } from "./check_publishers.ts";
import { durationText } from "./duration.ts";
import type { Path } from "./lines.ts";
import type { Reading } from "./reading.ts";
import type { ReadService } from "./read_service.ts";
import { nearest } from "./suggest.ts";

type ReadTarget = NonNullable<NonNullable<ReadService["targets"]>[number]>;

/** A TTL above this deserves a word, ms. */
const LONG_TTL_MS = 60_000;

/** Reports what does not fit together. */
export function checkServices(read: ReadDocument, reading: Reading): void {
  const services = read.services ?? [];
  if (read.services === undefined && !reading.isBad(["services"])) {
    reading.warn(["services"], "there are none: the nodes elect a leader and do nothing else");
  }
  checkUnique(services.map((service) => service?.name), ["services"], "service", reading);
  const published = new Map<string, string>();
  for (const [i, service] of services.entries()) {
    if (service === undefined) continue;
    const at = ["services", i];
    checkTargets(service, at, reading);
    checkCheck(service, at, reading);
    checkChoices(service, at, read.cluster?.nodes?.length ?? null, reading);
    checkPublishers(service, at, read, published, reading);
  }
}

/** What a target publishes; undefined when that cannot be told. */
function publishedOf(target: ReadTarget | undefined, at: Path, reading: Reading): string | undefined {
  if (target === undefined || reading.isBad([...at, "publish"])) return undefined;
  return target.publish ?? target.address?.host;
}

function checkUnique(
  names: readonly (string | undefined)[],
  at: Path,
  what: string,
  reading: Reading,
): void {
  const known = new Set<string>();
  for (const [i, name] of names.entries()) {
    if (name === undefined) continue;
    if (known.has(name.toLowerCase())) {
      reading.report([...at, i, "name"], `there is another ${what} "${name}"`);
    }
    known.add(name.toLowerCase());
  }
}

function checkTargets(service: ReadService, at: Path, reading: Reading): void {
  const { targets = [], check } = service;
  checkUnique(targets.map((target) => target?.name), [...at, "targets"], "target", reading);
  if (targets.length === 1) {
    reading.warn([...at, "targets"], "there is only one: nothing to switch to when it is down");
  }
  const addresses = new Set<string>();
  for (const [i, target] of targets.entries()) {
    const address = target?.address;
    if (address === undefined) continue;
    const path = [...at, "targets", i, "address"];
    const lacksPort = address.port === null && needsPort(check);
    if (lacksPort && !reading.isBad([...at, "check", "port"])) {
      reading.report(path, `found "${address.host}"; a ${check?.type} check needs a port`, [
        `write port = in [services.check], or name it here: "${address.host}:5432"`,
      ]);
    }
    const text = `${address.host} ${address.port}`.toLowerCase();
    if (addresses.has(text)) reading.warn(path, "another target of this service has the same address");
    addresses.add(text);
  }
}

function checkChoices(service: ReadService, at: Path, nodes: number | null, reading: Reading): void {
  const { observers, on_all_down: fallback, targets } = service;
  if (typeof observers === "number" && nodes !== null && observers > nodes) {
    reading.report([...at, "observers"], `found ${observers}; there are only ${nodes} nodes`);
  }
  if (fallback === undefined || fallback === "keep" || fallback === "withdraw" || targets === undefined) {
    return;
  }
  const names = targets.map((target) => target?.name).filter((name) => name !== undefined);
  if (names.length < targets.length || names.includes(fallback)) return;
  const near = nearest(fallback, ["keep", "withdraw", ...names]);
  reading.report(
    [...at, "on_all_down"],
    `found "${fallback}"; allowed: "keep", "withdraw", or one of the targets: ${names.join(", ")}`,
    near === null ? [] : [`did you mean "${near}"?`],
  );
}

function checkPublishers(
  service: ReadService,
  at: Path,
  read: ReadDocument,
  published: Map<string, string>,
  reading: Reading,
): void {
  const publishers = service.publish ?? [];
  if (publishers.length === 0 && !reading.isBad([...at, "publish"])) {
    reading.warn(
      at,
      "nothing is published ([[services.publish]]): only the API tells which target is active",
    );
  }
  const targets = (service.targets ?? []).map((target, i) => ({
    name: target?.name,
    value: publishedOf(target, [...at, "targets", i], reading),
  }));
  const values = targets.map(({ value }) => value);
  let hasDns = false;
  for (const [i, publisher] of publishers.entries()) {
    const path = [...at, "publish", i];
    if (publisher !== undefined) checkActing(publisher, path, targets, published, reading);
    if (publisher?.type !== "dns") continue;
    hasDns = true;
    if (read.dns === undefined && !reading.isBad(["dns"])) {
      reading.report([...path, "type"], 'a "dns" publisher needs the embedded DNS server: a [dns] section', [
        'such as [dns]  zone = "ha.example.com"  nameservers = ["ns1.ha.example.com"]',
      ]);
    }
    if (publisher.ttl !== undefined && publisher.ttl > LONG_TTL_MS) {
      reading.warn(
        [...path, "ttl"],
        `clients may go to a dead target for up to ${durationText(publisher.ttl)} after a switch`,
      );
    }
    const name = publisher.name === undefined ? null : parseName(publisher.name);
    if (name?.ok) checkName(name.value, publisher.name ?? "", [...path, "name"], read, published, reading);
    if (name?.ok) checkRecords(name.value, service, values, at, read, reading);
  }
  const kinds = new Set(values.filter((value) => value !== undefined).map(hostKind));
  if (hasDns && kinds.size > 1) {
    const records = [...kinds].map((kind) => kind === "ipv4" ? "A" : kind === "ipv6" ? "AAAA" : "CNAME");
    reading.warn(
      [...at, "targets"],
      `they publish different kinds of records (${
        records.join(", ")
      }): clients that know one kind lose the name`,
    );
  }
}

/** The name: within the zone, not a name server's, nobody else's. */
function checkName(
  name: Name,
  text: string,
  at: Path,
  read: ReadDocument,
  published: Map<string, string>,
  reading: Reading,
): void {
  const shown = reading.show(at);
  const other = published.get(name.key);
  if (other !== undefined) reading.report(at, `found "${text}"; ${other} publishes this name already`);
  else published.set(name.key, shown);
  const zones = read.dns?.zone ?? [];
  if (zones.length > 0 && !reading.isBad(["dns", "zone"]) && !zones.some((zone) => isBelow(name, zone))) {
    const first = text.split(".")[0] ?? "web";
    const them = zones.map((zone) => `"${zone}"`).join(", ");
    const where = zones.length === 1 ? `the zone ${them}` : `any of the zones ${them}`;
    reading.report(at, `found "${text}"; it is not within ${where}`, [`such as "${first}.${zones[0]}"`]);
  }
  for (const server of read.dns?.nameservers ?? []) {
    const known = parseName(server);
    if (known.ok && sameName(known.value, name)) {
      reading.report(at, `found "${text}"; this is a name server's name`);
    }
  }
}

function isBelow(name: Name, zone: string): boolean {
  const origin = parseName(zone);
  return origin.ok && isWithin(name, origin.value);
}

/** What would be published under the name: no CNAME at the top of the zone, none to itself. */
function checkRecords(
  name: Name,
  service: ReadService,
  values: readonly (string | undefined)[],
  at: Path,
  read: ReadDocument,
  reading: Reading,
): void {
  const isTop = read.dns?.zone?.some((zone) => {
    const origin = parseName(zone);
    return origin.ok && sameName(origin.value, name);
  });
  for (const [i, value] of values.entries()) {
    if (value === undefined || hostKind(value) !== "name") continue;
    const key = service.targets?.[i]?.publish === undefined ? "address" : "publish";
    const path = [...at, "targets", i, key];
    if (isTop) {
      reading.report(
        path,
        `found "${value}", a host name (CNAME); the top of the zone can publish only IP addresses`,
      );
    }
    const target = parseName(value);
    if (target.ok && sameName(target.value, name)) {
      reading.report(path, `found "${value}", the very name that is published: it would point at itself`);
    }
  }
}
