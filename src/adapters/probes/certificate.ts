/** What is wrong with a server's certificate, in words. */
import type { PeerCertificate } from "node:tls";

/** The part of a certificate that is talked about. */
export type Certificate = Pick<
  PeerCertificate,
  "valid_from" | "valid_to" | "subject" | "issuer" | "subjectaltname"
>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Names listed at most. */
const MAX_NAMES = 3;

/** Why a certificate was refused. `name` is who was to be reached, `code` what the TLS library says. */
export function certificateProblem(
  certificate: Certificate | null,
  name: string,
  code: string,
  wallMs: number,
): string {
  if (certificate === null || certificate.valid_to === undefined) {
    return `the certificate is refused (${code})`;
  }
  const endedMs = wallMs - Date.parse(certificate.valid_to);
  if (endedMs > 0) return `certificate expired ${certificateSpan(endedMs)} ago`;
  const beginsMs = Date.parse(certificate.valid_from) - wallMs;
  if (beginsMs > 0) return `certificate is not valid for another ${certificateSpan(beginsMs)}`;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `certificate is for ${namesOf(certificate)}, not ${name}`;
  }
  const issuer = commonName(certificate.issuer);
  if (issuer === commonName(certificate.subject) && code !== "") {
    return "certificate is self-signed, not trusted here";
  }
  return `certificate is from ${issuer}, which is not trusted here`;
}

/** A word of warning when a certificate ends within `beforeMs`; null when it does not. */
export function certificateWarning(
  certificate: Certificate | null,
  beforeMs: number | null,
  wallMs: number,
): string | null {
  if (certificate === null || certificate.valid_to === undefined || beforeMs === null) return null;
  const leftMs = Date.parse(certificate.valid_to) - wallMs;
  if (!(leftMs < beforeMs)) return null;
  return leftMs > 0
    ? `certificate ends in ${certificateSpan(leftMs)}`
    : `certificate expired ${certificateSpan(-leftMs)} ago`;
}

function namesOf(certificate: Certificate): string {
  const names = (certificate.subjectaltname ?? "").split(", ")
    .map((entry) => entry.replace(/^(DNS|IP Address):/, "")).filter((entry) => entry !== "");
  if (names.length === 0) return "no name at all";
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : "";
  return names.slice(0, MAX_NAMES).join(", ") + more;
}

function commonName(subject: PeerCertificate["subject"] | undefined): string {
  const name: unknown = subject?.CN ?? subject?.O;
  return typeof name === "string" ? name : Array.isArray(name) ? String(name[0]) : "an unnamed authority";
}

/** `5 days`, `3 hours`, `1 minute`. */
export function certificateSpan(ms: number): string {
  const [count, unit] = ms >= DAY_MS
    ? [Math.floor(ms / DAY_MS), "day"]
    : ms >= HOUR_MS
    ? [Math.floor(ms / HOUR_MS), "hour"]
    : [Math.max(1, Math.floor(ms / 60_000)), "minute"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
