/**
 * The status for a terminal at three in the morning. The first line is the verdict; what is wrong comes
 * next, in full; then who is alive; then each service. Words and marks carry all of the meaning: `+` up,
 * `-` down, `?` unknown, `>` in charge, `*` this node.
 */
import { nodeName } from "./node_name.ts";
import { formatAge, formatDuration } from "./duration.ts";
import { colourPaint, type Paint, plainPaint, type Tone } from "./paint.ts";
import { renderService } from "./service_text.ts";
import type { PeerStatus, ServiceStatus, Status } from "./status_type.ts";
import { type Cell, cell, type Column, renderTable } from "./table.ts";
import { printable, wrap } from "./text.ts";
import { judge, type Verdict } from "./verdict.ts";

export interface TextOptions {
  /** Columns of the terminal; taken as 40 where it is less. */
  readonly width: number;
  readonly colour: boolean;
  /** Rows that there are: where all of it takes more, services that are well take one line each. */
  readonly rows?: number;
}

const LABEL: Readonly<Record<Verdict["level"], { readonly text: string; readonly tone: Tone }>> = {
  ok: { text: "OK", tone: "good" },
  warning: { text: "WARNING", tone: "warn" },
  bad: { text: "BAD", tone: "bad" },
};

const NODE_COLUMNS: readonly Column[] = [
  { header: "node", align: "right", min: 4, rank: 0 },
  { header: "zone", align: "left", min: 4, rank: 1 },
  { header: "is", align: "left", min: 9, rank: 0 },
  { header: "address", align: "left", min: 14, rank: 5 },
  { header: "last heard", align: "left", min: 12, rank: 2 },
  { header: "rtt", align: "right", min: 8, rank: 4 },
  { header: "loss", align: "right", min: 5, rank: 3 },
  { header: "problem", align: "left", min: 10, rank: 1 },
];

/**
 * The whole status as lines, ending in a newline; services in trouble come first. No line is wider than `width`; tables
 * never wrap.
 */
export function renderStatus(status: Status, options: TextOptions): string {
  const full = statusLines(status, options, renderService);
  const fits = options.rows === undefined || full.length <= options.rows;
  return (fits ? full : statusLines(status, options, renderBriefly)).join("\n") + "\n";
}

type RenderService = (service: ServiceStatus, width: number, paint: Paint) => string[];

function statusLines(status: Status, options: TextOptions, render: RenderService): string[] {
  const width = Math.max(40, options.width);
  const paint = options.colour ? colourPaint : plainPaint;
  const services = status.services.toSorted((a, b) => urgency(a) - urgency(b))
    .map((service) => render(service, width, paint));
  // Tables stand apart, single lines together.
  const apart = services.flatMap((lines, i) =>
    lines.length === 1 && services[i - 1]?.length === 1 ? lines : ["", ...lines]
  );
  return [
    ...verdictLines(status, width, paint),
    ...status.problems.flatMap((problem) => {
      return wrap(`! ${printable(problem)}`, width, 2).map((line) => paint(line, "warn"));
    }),
    "",
    ...wrap(thisNode(status), width, 2),
    "",
    ...nodeLines(status, width, paint),
    ...apart,
    ...publishersElsewhere(status, width),
  ];
}

/** 0 = look here first. */
function urgency(service: ServiceStatus): number {
  if (service.state === "down") return 0;
  if (service.publishers.some(({ state }) => state === "failed" || state === "drift")) return 1;
  return service.state === "ok" ? 3 : 2;
}

/** One that is well says so and no more. */
function renderBriefly(service: ServiceStatus, width: number, paint: Paint): string[] {
  const lines = renderService(service, width, paint);
  return urgency(service) < 3 ? lines : lines.slice(0, 1);
}

/** `prod BAD: no leader (NO QUORUM: 1 of 3 nodes alive, 2 needed)`. */
function verdictLine(status: Status): string {
  const { level, headline, detail } = judge(status);
  return printable(`${status.cluster} ${LABEL[level].text}: ${headline} (${detail})`);
}

function verdictLines(status: Status, width: number, paint: Paint): string[] {
  const label = LABEL[judge(status).level];
  const lines = wrap(verdictLine(status), width, 2);
  return lines.map((line, index) => index === 0 ? paint(line, label.tone) : paint(line, "strong"));
}

function thisNode(status: Status): string {
  const { id, zone, role, epoch, leaseRemainingMs, uptimeMs } = status.node;
  const lease = leaseRemainingMs === null ? "no lease" : `lease for ${formatDuration(leaseRemainingMs)} more`;
  return printable(
    `Asked node ${nodeName({ id, zone })}, ${role}, ${lease}, epoch ${epoch ?? "none"}, up ${
      formatDuration(uptimeMs)
    }, ` +
      `abfail ${status.version}, at ${status.time}`,
  );
}

function nodeLines(status: Status, width: number, paint: Paint): string[] {
  const self: readonly Cell[] = [
    cell(`*${status.node.id}`, "strong"),
    cell(status.node.zone),
    cell(status.node.role, roleTone(status.node.role)),
    cell(status.node.address ?? ""),
    cell("itself"),
    cell("-"),
    cell("-"),
    cell(""),
  ];
  const rows = [
    { id: status.node.id, cells: self },
    ...status.peers.map((peer) => ({ id: peer.id, cells: peerCells(peer, status) })),
  ].toSorted((a, b) => a.id - b.id);
  return renderTable(NODE_COLUMNS, rows.map((row) => row.cells), { width, indent: 0, paint });
}

function peerCells(peer: PeerStatus, status: Status): readonly Cell[] {
  const role = status.leader?.id === peer.id ? "leader" : peer.role ?? "alive";
  return [
    cell(String(peer.id), "strong"),
    cell(peer.zone),
    peer.alive ? cell(role, roleTone(role)) : cell("SILENT", "bad"),
    cell(peer.address),
    cell(peer.lastHeardMs === null ? "never" : formatAge(peer.lastHeardMs), peer.alive ? "plain" : "bad"),
    cell(peer.rttMs === null ? "-" : formatDuration(peer.rttMs)),
    cell(peer.lossPercent === null ? "-" : `${Math.round(peer.lossPercent)} %`, lossTone(peer.lossPercent)),
    cell(peer.problem ?? "", "bad"),
  ];
}

/** Followers publish nothing: who wants to know how it goes asks the leader. */
function publishersElsewhere({ leader, services }: Status, width: number): string[] {
  const some = services.some(({ publishers }) => publishers.some(({ atLeader }) => atLeader === true));
  if (!some || leader === null) return [];
  const text = `The leader publishes: what is shown, and since when, is in the status of node ` +
    nodeName(leader);
  return ["", ...wrap(printable(text), width, 2)];
}

function lossTone(percent: number | null): Tone {
  if (percent === null || percent < 1) return "plain";
  return percent < 20 ? "warn" : "bad";
}

function roleTone(role: string): Tone {
  return role === "joining" || role === "preparing" || role === "claiming" ? "warn" : "good";
}
