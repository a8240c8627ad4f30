/** What `abfail probe` prints. */
import { unreachable } from "../base/assert.ts";
import type { Rule } from "../adapters/probes/finding.ts";
import type { CheckConfig, Payload, TargetConfig } from "../config/config.ts";
import type { ProbeOutcome } from "../health/probing.ts";
import type { Paint } from "../view/paint.ts";
import { wrap } from "../view/text.ts";
import { checkedAt } from "./check_text.ts";

/** Parts of the time, ms; null where there was no such part, or it did not end. */
export interface Timing {
  readonly dnsMs: number | null;
  readonly connectMs: number | null;
  readonly tlsMs: number | null;
  readonly firstByteMs: number | null;
  readonly totalMs: number;
}

/** One target, tried once. */
export interface Probed {
  readonly target: TargetConfig;
  readonly outcome: ProbeOutcome;
  readonly rule: Rule;
  readonly timing: Timing;
  readonly sent: string;
  readonly received: string;
}

export interface Look {
  readonly width: number;
  readonly paint: Paint;
}

/** Columns of the labels. */
const LABEL = 12;
/** Lines of each direction that are shown, and characters of one. */
const MAX_LINES = 20;

/** The lines for one target. */
export function probedText(service: string, check: CheckConfig, probed: Probed, look: Look): string[] {
  const { target, outcome, rule, timing, sent, received } = probed;
  const place = checkedAt(check, target);
  const verdict = outcome.ok ? look.paint("good", "good") : look.paint("bad", "bad");
  return [
    `${service} ${target.name}: ${verdict}, ${outcome.detail}`,
    ...field("tried", "http" in check ? place : `${check.type} ${place}`, look),
    ...field("rule", ruleText(check, rule), look),
    ...field("time", timeText(timing), look),
    ...block("sent", sent, look),
    ...block("received", received, look),
  ];
}

/** The setting that the verdict rests on, as it is written in the config, or what every probe needs. */
function ruleText(check: CheckConfig, rule: Rule): string {
  switch (rule) {
    case "connection":
      return "a connection can be made";
    case "timeout":
      return `timeout = "${check.timeoutMs}ms"`;
    case "cut-off":
      return "cut off: this says nothing about the target";
    case "file":
      return "the files that the check names can be read on this machine";
    case "handshake":
      return "the TLS handshake succeeds";
    case "verify":
      return "verify = true: the certificate is valid, trusted and for this name";
    case "protocol":
      return `the answer is proper ${PROTOCOL[check.type]}`;
    case "expect_status":
      return `expect_status = ${JSON.stringify(statuses(check))}`;
    case "expect_body":
      return `expect_body = ${JSON.stringify("http" in check ? check.http.expectBody : null)}`;
    case "follow_redirects":
      return "follow_redirects = true: five at most, to http and https URLs";
    case "http2":
      return "http2 = true: the server agrees on it";
    case "expect":
      return expectText(check);
    case "service":
      return "the health service says SERVING";
    case "command":
      return "the program ends with exit code 0";
    default:
      return unreachable(rule);
  }
}

const PROTOCOL: Readonly<Record<CheckConfig["type"], string>> = {
  http: "HTTP",
  https: "HTTP",
  tls: "TLS",
  tcp: "TCP",
  udp: "UDP",
  dns: "DNS, without an error",
  grpc: "gRPC",
  exec: "",
};

function statuses(check: CheckConfig): string[] {
  if (!("http" in check)) return [];
  return check.http.expectStatus.map(({ from, to }) => from === to ? `${from}` : `${from}-${to}`);
}

function expectText(check: CheckConfig): string {
  switch (check.type) {
    case "tcp":
    case "udp":
      return check.expect === null ? "any answer" : `expect = ${payloadText(check.expect)}`;
    case "dns":
      return check.expect.length === 0
        ? `any record of type ${check.record}`
        : `expect = ${JSON.stringify(check.expect)}`;
    default:
      return "expect";
  }
}

function payloadText(payload: Payload): string {
  if (typeof payload === "string") return JSON.stringify(payload);
  return `[${payload.map((octet) => `0x${octet.toString(16).padStart(2, "0")}`).join(", ")}]`;
}

function timeText({ dnsMs, connectMs, tlsMs, firstByteMs, totalMs }: Timing): string {
  const parts = [["DNS", dnsMs], ["connect", connectMs], ["TLS", tlsMs], [
    "first byte",
    firstByteMs,
  ]] as const;
  const known = parts.flatMap(([name, ms]) => ms === null ? [] : [`${name} ${ms.toFixed(1)}`]);
  return `${[...known, `total ${totalMs.toFixed(1)}`].join(", ")} ms`;
}

function field(label: string, text: string, look: Look): string[] {
  return wrap(text, look.width - LABEL - 2, 0).map((line, i) =>
    `  ${look.paint((i === 0 ? label : "").padEnd(LABEL), "faint")}${line}`
  );
}

/** Several lines as they are, cut where they are too long or too many. */
function block(label: string, text: string, look: Look): string[] {
  const lines = text.replace(/\n+$/, "").split("\n");
  if (text.trim() === "") return field(label, "nothing", look);
  const width = look.width - LABEL - 2;
  const shown = lines.slice(0, MAX_LINES).map((line) =>
    line.length > width ? `${line.slice(0, width - 1)}…` : line
  );
  const more = lines.length > MAX_LINES ? [`(${lines.length - MAX_LINES} more lines)`] : [];
  return [...shown, ...more].map((line, i) =>
    `  ${look.paint((i === 0 ? label : "").padEnd(LABEL), "faint")}${line}`.trimEnd()
  );
}
