/** What `abfail check` prints: what the config will do, in the order in which one asks. */
import { unreachable } from "../base/assert.ts";
import { formatHostPort, hostKind } from "../config/address.ts";
import {
  ASSUMED_ROUND_TRIP_MS,
  type Budget,
  type Cases,
  failoverBudget,
  observersNeeded,
  probesPerSecond,
} from "../config/budget.ts";
import type { Change, Comparison } from "../config/compare.ts";
import type { CheckConfig, Config, ServiceConfig, TargetConfig } from "../config/config.ts";
import { MACHINES } from "../config/publisher.ts";
import { formatDuration } from "../view/duration.ts";
import type { Paint } from "../view/paint.ts";
import { cell, renderTable } from "../view/table.ts";
import { wrap } from "../view/text.ts";

/** How to lay it out. */
export interface Look {
  readonly width: number;
  readonly paint: Paint;
}

/** Columns of a label. */
const LABEL = 14;

/** The config in words. */
export function summaryText(config: Config, look: Look): string[] {
  const { cluster, services, warnings } = config;
  const counts = [count(cluster.nodes.length, "node"), count(services.length, "service")];
  if (warnings.length > 0) counts.push(count(warnings.length, "warning"));
  return [
    `${look.paint(`${config.file} is right`, "good")}: cluster ${cluster.name}, ${counts.join(", ")}`,
    "",
    ...clusterText(config, look),
    ...services.flatMap((service) => ["", ...serviceText(config, service, look)]),
    ...(warnings.length === 0 ? [] : ["", look.paint("Warnings", "warn")]),
    ...warnings.flatMap((warning) => bullet(warning, look)),
  ];
}

/** What changes and whether the step is safe. */
export function comparisonText(against: string, comparison: Comparison, look: Look): string[] {
  const { changes, refusals, notes, reloadable } = comparison;
  if (changes.length === 0) return [`Nothing changes from ${against}.`];
  const lines = [look.paint(`From ${against} to this one`, "strong")];
  for (const change of changes) lines.push(...wrap(changeText(change), look.width - 2, 2).map(indent));
  for (const refusal of refusals) {
    lines.push("", look.paint("NOT SAFE", "bad"), ...bullet(refusal, look));
  }
  if (refusals.length > 0) return lines;
  const how = reloadable
    ? "Safe. A reload takes it up, without losing the lease: send each node SIGHUP."
    : "Safe, if the nodes are restarted one at a time: wait until `abfail status` shows each one alive again.";
  return [...lines, "", look.paint(how, "good"), ...notes.flatMap((note) => bullet(note, look))];
}

function clusterText(config: Config, look: Look): string[] {
  const { cluster, election, api, dns } = config;
  const columns = [
    { header: "NODE", align: "right", min: 4, rank: 0 },
    { header: "ADDRESS", align: "left", min: 12, rank: 0 },
    { header: "ZONE", align: "left", min: 4, rank: 1 },
    { header: "PRIORITY", align: "right", min: 4, rank: 2 },
  ] as const;
  const byAuthority = cluster.nodes.toSorted((a, b) => b.priority - a.priority || a.id - b.id);
  const rows = byAuthority.map(({ id, address, zone, priority }) => [
    cell(String(id)),
    cell(formatHostPort(address)),
    cell(zone),
    cell(priority === 0 ? "" : String(priority)),
  ]);
  const n = cluster.nodes.length;
  const losses = n - Math.floor(n / 2) - 1;
  const back = election.preempt
    ? `node ${byAuthority[0]?.id} leads when it can, after ${
      formatDuration(election.preemptDelayMs)
    } of being steady`
    : "whoever leads goes on leading (preempt = false)";
  const commands = api.tokenFile !== null && api.socket !== null
    ? "commands with the token or over the socket"
    : api.tokenFile !== null
    ? "commands with the token"
    : api.socket !== null
    ? `commands over ${api.socket}`
    : "no commands (switch, drain ...): they need token_file or socket";
  return [
    ...renderTable(columns, rows, { ...look, indent: 2 }),
    ...field(
      "quorum",
      `${Math.floor(n / 2) + 1} of ${n}; survives the loss of ${losses === 0 ? "none" : losses}`,
      look,
    ),
    ...field(
      "election",
      `heartbeat ${formatDuration(election.heartbeatMs)}, lease ${formatDuration(election.leaseMs)}; ${back}`,
      look,
    ),
    ...field("api", `${formatHostPort(api.listen)}; ${commands}`, look),
    ...(dns === null
      ? []
      : field("dns", `zone ${dns.zones.join(", ")} on ${dns.listen.map(formatHostPort).join(", ")}`, look)),
  ];
}

function serviceText(config: Config, service: ServiceConfig, look: Look): string[] {
  const { check, targets, publish, name } = service;
  const n = config.cluster.nodes.length;
  const needed = observersNeeded(config, service);
  const who = service.observers === "leader"
    ? "the leader sees it"
    : needed === 1
    ? "any node sees it"
    : `${needed} of ${n} nodes see it`;
  const columns = [
    { header: "TARGET", align: "left", min: 6, rank: 0 },
    { header: "CHECKED AT", align: "left", min: 12, rank: 0 },
    { header: "PUBLISHED", align: "left", min: 12, rank: 0 },
  ] as const;
  const rows = targets.map((target) => [
    cell(target.name),
    cell(checkedAt(check, target)),
    cell(publishedText(service, target)),
  ]);
  const per = probesPerSecond(config, service);
  return [
    look.paint(`Service ${name}`, "strong"),
    ...renderTable(columns, rows, { ...look, indent: 2 }),
    ...field("published as", publish.map(publisherText).join("; ") || "nothing: only the API tells", look),
    ...field(
      "check",
      `${check.type} every ${formatDuration(check.intervalMs)}, ${
        formatDuration(check.fastIntervalMs)
      } when in doubt, ` +
        `timeout ${formatDuration(check.timeoutMs)}`,
      look,
    ),
    ...field(
      "down",
      `after ${count(check.fall, "bad probe")} in a row, once ${who}; up after ${
        count(check.rise, "good one")
      }`,
      look,
    ),
    ...field("probes", `${rate(per)} a second to each target, from all nodes together`, look),
    ...field("failback", failbackText(service), look),
    ...field("all down", allDownText(service), look),
    "",
    ...budgetText(config, failoverBudget(config, service), look),
  ];
}

function budgetText(config: Config, budget: Budget, look: Look): string[] {
  const columns = [
    { header: "FAILOVER TAKES", align: "left", min: 10, rank: 0 },
    { header: "BEST", align: "right", min: 6, rank: 0 },
    { header: "TYPICAL", align: "right", min: 6, rank: 0 },
    { header: "WORST", align: "right", min: 6, rank: 0 },
    { header: "", align: "left", min: 10, rank: 1 },
  ] as const;
  const row = (name: string, cases: Cases, what: string, isTotal = false): ReturnType<typeof cell>[] => [
    cell(name, isTotal ? "strong" : "plain"),
    ...[cases.best, cases.typical, cases.worst].map((ms) => cell(brief(ms), isTotal ? "strong" : "plain")),
    cell(what, "faint"),
  ];
  const rows = [
    row("detect", budget.detect, "worst: it hangs, each probe waits for its timeout"),
    row("decide", budget.decide, "worst: the leader is lost with it"),
    row("publish", budget.publish, budget.slowest ?? "nothing is published"),
    row("ttl", budget.ttl, "what resolvers still remember"),
    row("total", budget.total, "", true),
  ];
  const trip = ASSUMED_ROUND_TRIP_MS[config.election.timing];
  const assumed = `between nodes a round trip of ${formatDuration(trip.typical)} is assumed, ` +
    `${formatDuration(trip.worst)} at worst (timing = "${config.election.timing}")`;
  const advice = budget.shorten === null ? [] : field(
    "shorten it",
    `${budget.shorten.path} from ${budget.shorten.from} to ${budget.shorten.to} takes ` +
      `${brief(budget.shorten.savesMs)} off the worst case, more than any other setting`,
    look,
  );
  return [
    ...renderTable(columns, rows, { ...look, indent: 2 }),
    ...field("assumed", assumed, look),
    ...advice,
  ];
}

/** Where and how a target is tried, in a few words. */
export function checkedAt(check: CheckConfig, target: TargetConfig): string {
  const port = target.port ?? check.port;
  const place = port === null ? target.address : formatHostPort({ host: target.address, port });
  switch (check.type) {
    case "http":
    case "https":
      return `${check.type}://${place}${check.http.path}`;
    case "dns":
      return `${place}, ${check.query} ${check.record}`;
    case "grpc":
      return check.service === "" ? place : `${place}, ${check.service}`;
    case "exec":
      return check.command.join(" ");
    case "tls":
    case "tcp":
    case "udp":
      return place;
    default:
      return unreachable(check);
  }
}

/** The record of a target; where nothing but an address moves, the machine that it moves to. */
function publishedText({ publish }: ServiceConfig, { name, publish: value }: TargetConfig): string {
  const machines = publish.flatMap((one) =>
    "machines" in one ? [`${MACHINES[one.type].machine} ${one.machines[name] ?? "(none)"}`] : []
  );
  if (publish.length > 0 && machines.length === publish.length) return machines.join(", ");
  return [`${recordType(value)} ${value}`, ...machines].join(", ");
}

function recordType(value: string): string {
  const kind = hostKind(value);
  return kind === "ipv4" ? "A" : kind === "ipv6" ? "AAAA" : "CNAME";
}

function publisherText(publisher: ServiceConfig["publish"][number]): string {
  const { type, name } = publisher;
  if (type === "dns") return `${name} (dns, ttl ${formatDuration(publisher.ttlMs)})`;
  const ttl = "ttlMs" in publisher ? `, ttl ${formatDuration(publisher.ttlMs)}` : "";
  const program = type === "exec" ? ` ${publisher.command[0]}` : "";
  return `${name} (${type}${program}${ttl}, up to ${formatDuration(publisher.timeoutMs)})`;
}

function failbackText({ failback, failbackDelayMs, targets }: ServiceConfig): string {
  if (targets.length < 2) return "nothing to go back to";
  return failback === "manual"
    ? "by hand"
    : `by itself, once a better target has been healthy for ${formatDuration(failbackDelayMs)}`;
}

function allDownText({ onAllDown }: ServiceConfig): string {
  switch (onAllDown.kind) {
    case "keep":
      return "the last answer stays";
    case "withdraw":
      return "nothing is published";
    case "fallback":
      return `target ${onAllDown.target}`;
  }
}

/** `  label         text`, wrapped. */
function field(label: string, text: string, look: Look): string[] {
  return wrap(text, look.width - LABEL - 2, 0).map((line, i) =>
    `  ${(i === 0 ? label : "").padEnd(LABEL)}${line}`
  );
}

function bullet(text: string, look: Look): string[] {
  return wrap(`- ${text}`, look.width - 2, 2).map(indent);
}

function indent(line: string): string {
  return `  ${line}`;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}

function rate(perSecond: number): string {
  return perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toFixed(1).replace(/\.0$/, "");
}

/** `formatDuration` with tenths of a second below a minute: a budget is no stopwatch. */
function brief(ms: number): string {
  return ms === 0 ? "0" : formatDuration(ms < 10 ? Math.ceil(ms) : ms);
}

function changeText({ path, kind, from, to }: Change): string {
  const shown = (value: string | null): string => value?.replaceAll(/secret [0-9a-f]{8}/g, "[secret]") ?? "";
  switch (kind) {
    case "new":
      return to === null ? `${path}: new` : `${path}: new, ${shown(to)}`;
    case "gone":
      return from === null ? `${path}: gone` : `${path}: gone, was ${shown(from)}`;
    case "changed":
      return shown(from) === shown(to) ? `${path}: changed` : `${path}: ${shown(from)} -> ${shown(to)}`;
  }
}
