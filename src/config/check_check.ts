/** What must hold between the keys of `[services.check]`, and between them and the targets. */
import { parseName } from "../dns/name.ts";
import { hostKind } from "./address.ts";
import type { ReadService } from "./read_service.ts";
import { durationText } from "./duration.ts";
import type { Path } from "./lines.ts";
import type { Reading } from "./reading.ts";

type ReadCheck = NonNullable<ReadService["check"]>;

/** Checks without a usual port. */
const NEED_PORT: readonly string[] = ["tcp", "udp", "grpc"];

/** True when targets must name a port, as the check does not. */
export function needsPort(check: ReadCheck | undefined): boolean {
  return check !== undefined && check.type !== "exec" && NEED_PORT.includes(check.type) &&
    check.port === undefined;
}

/** Reports what does not fit together. */
export function checkCheck(service: ReadService, at: Path, reading: Reading): void {
  const { check } = service;
  if (check === undefined) return;
  const path = [...at, "check"];
  const { interval, fast_interval: fast } = check;
  const intervalMs = interval ?? 1000;
  if (fast !== undefined && !reading.isBad([...path, "interval"]) && fast > intervalMs) {
    reading.report(
      [...path, "fast_interval"],
      `found "${durationText(fast)}"; it must not be above interval, which is ${durationText(intervalMs)}`,
    );
  }
  if (check.type === "dns") checkExpected(check, path, reading);
  if (check.type === "https" || check.type === "tls" || check.type === "grpc") checkTls(check, path, reading);
}

const TLS_KEYS = [
  "verify",
  "ca_file",
  "server_name",
  "client_cert_file",
  "client_key_file",
  "expire_warning",
] as const;

function checkTls(
  check: Extract<ReadCheck, { type: "https" | "tls" | "grpc" }>,
  path: Path,
  reading: Reading,
): void {
  if (check.type === "grpc" && check.tls !== true && !reading.isBad([...path, "tls"])) {
    for (const key of TLS_KEYS) {
      if (check[key] !== undefined) reading.report([...path, key], "it means nothing without tls = true");
    }
    return;
  }
  if ((check.client_cert_file === undefined) !== (check.client_key_file === undefined)) {
    const [given, other] = check.client_cert_file === undefined
      ? ["client_key_file", "client_cert_file"]
      : ["client_cert_file", "client_key_file"];
    if (!reading.isBad([...path, other])) reading.report([...path, given], `${other} is needed with it`);
  }
  if (check.verify === false) reading.warn([...path, "verify"], "whoever answers counts as the target");
}

/** Values that no record of the type can have would make the check fail for ever. */
function checkExpected(check: Extract<ReadCheck, { type: "dns" }>, path: Path, reading: Reading): void {
  if (reading.isBad([...path, "record"])) return;
  const record = check.record ?? "A";
  for (const [i, value] of (check.expect ?? []).entries()) {
    const what = misfit(record, value);
    if (what === null) continue;
    const at = check.expect?.length === 1 ? [...path, "expect"] : [...path, "expect", i];
    reading.report(at, `found "${value}"; a record of type ${record} has ${what}`);
  }
}

/** What a record of the type has, where the value is not that. */
function misfit(record: string, value: string): string | null {
  switch (record) {
    case "A":
      return hostKind(value) === "ipv4" ? null : "an IPv4 address";
    case "AAAA":
      return hostKind(value) === "ipv6" ? null : "an IPv6 address";
    case "CNAME":
    case "NS":
    case "PTR":
      return parseName(value).ok ? null : "a domain name";
    default:
      return null;
  }
}
