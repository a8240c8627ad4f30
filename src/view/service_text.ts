/** One service of the status as text: its state, its targets, its publishers, its last switch. */
import { formatAge, formatDuration } from "./duration.ts";
import { wouldFail } from "../publish/rehearsal.ts";
import type { Paint, Tone } from "./paint.ts";
import type {
  Health,
  PublisherState,
  PublisherStatus,
  ServiceState,
  ServiceStatus,
  SwitchStatus,
  TargetStatus,
} from "./status_type.ts";
import { type Cell, cell, type Column, renderTable } from "./table.ts";
import { printable, wrap } from "./text.ts";

const TARGET_COLUMNS: readonly Column[] = [
  { header: "target", align: "left", min: 18, rank: 0 },
  { header: "health", align: "left", min: 7, rank: 0 },
  { header: "by node", align: "left", min: 8, rank: 1 },
  { header: "by hand", align: "left", min: 7, rank: 1 },
  { header: "last probe from here", align: "left", min: 10, rank: 2 },
  { header: "took", align: "right", min: 8, rank: 4 },
  { header: "when", align: "left", min: 14, rank: 3 },
];

const PUBLISHER_COLUMNS: readonly Column[] = [
  { header: "publisher", align: "left", min: 8, rank: 3 },
  { header: "name", align: "left", min: 15, rank: 0 },
  { header: "shows", align: "left", min: 11, rank: 1 },
  { header: "state", align: "left", min: 7, rank: 0 },
  { header: "fence", align: "left", min: 15, rank: 5 },
  { header: "verified", align: "left", min: 14, rank: 4 },
];

const STATE_TONE: Readonly<Record<ServiceState, Tone>> = {
  ok: "good",
  degraded: "warn",
  down: "bad",
  unknown: "warn",
};

const HEALTH: Readonly<Record<Health, Cell>> = {
  up: cell("up", "good"),
  suspect: cell("suspect", "warn"),
  down: cell("DOWN", "bad"),
  unknown: cell("unknown", "warn"),
};

const PUBLISHER: Readonly<Record<PublisherState, Cell>> = {
  ok: cell("ok", "good"),
  pending: cell("pending", "warn"),
  failed: cell("FAILED", "bad"),
  drift: cell("DRIFT", "bad"),
};

const MARK: Readonly<Record<"up" | "down" | "unknown", string>> = { up: "+", down: "-", unknown: "?" };

/** Lines of one service, none wider than `width`. */
export function renderService(service: ServiceStatus, width: number, paint: Paint): string[] {
  const table = { width, indent: 2, paint };
  const targets = service.targets.map((target) => targetCells(target, service));
  const publishers = service.publishers.map(publisherCells);
  const errors = service.publishers.flatMap(({ name, error }) =>
    error === null ? [] : [`! ${name}: ${error}`]
  );
  const rehearsals = service.publishers.flatMap(({ name, rehearsal }) =>
    rehearsal?.state === "failed" ? [`! ${name}: ${wouldFail(rehearsal.error ?? "unknown reason")}`] : []
  );
  return [
    ...wrap(printable(serviceWords(service)), width, 2).map((line, index) => {
      return index === 0 ? paint(line, STATE_TONE[service.state]) : line;
    }),
    ...renderTable(TARGET_COLUMNS, targets, table),
    ...(publishers.length === 0 ? [] : renderTable(PUBLISHER_COLUMNS, publishers, table)),
    ...service.publishers.flatMap((publisher) =>
      verifyWords(publisher).flatMap((line) => indented(line, width))
    ),
    ...[...errors, ...rehearsals].flatMap((error) =>
      indented(error, width).map((line) => paint(line, "bad"))
    ),
    ...(service.lastSwitch === null ? [] : indented(switchSentence(service.lastSwitch), width)),
  ];
}

function indented(text: string, width: number): string[] {
  return wrap(printable(text), width - 2, 2).map((line) => `  ${line}`);
}

/** One sentence on the last switch: from, to, why, when, and where its time went. */
export function switchSentence(last: SwitchStatus): string {
  const from = last.from ?? "nothing";
  const to = last.to ?? "nothing";
  const parts = [
    last.detectMs === null ? null : `detect ${formatDuration(last.detectMs)}`,
    last.decideMs === null ? null : `decide ${formatDuration(last.decideMs)}`,
    last.publishMs === null ? null : `publish ${formatDuration(last.publishMs)}`,
  ].filter((part) => part !== null);
  const total = (last.detectMs ?? 0) + (last.decideMs ?? 0) + (last.publishMs ?? 0);
  const times = parts.length === 0 ? "" : `; ${parts.join(" + ")}`;
  const sum = parts.length < 2 ? "" : ` = ${formatDuration(total)}`;
  return `Last switch ${formatAge(last.atMs)}: ${from} -> ${to}, ${last.reason}${times}${sum}`;
}

/** Each node's opinion in its shortest form: `1+ 2+ 3-`. */
export function opinionMarks(opinions: TargetStatus["opinions"]): string {
  return Object.entries(opinions)
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([node, opinion]) => node + MARK[opinion])
    .join(" ");
}

function serviceWords(service: ServiceStatus): string {
  const since = service.activeSinceMs === null ? "" : ` for ${formatDuration(service.activeSinceMs)}`;
  const active = service.active === null ? "nothing published" : `${service.active} in charge${since}`;
  const pinned = service.pinned === null ? "" : `, pinned to ${service.pinned} by hand`;
  const state = service.state === "ok" ? "ok" : service.state.toUpperCase();
  return `${service.name} ${state}: ${active}${pinned}`;
}

function targetCells(target: TargetStatus, service: ServiceStatus): readonly Cell[] {
  const active = target.name === service.active;
  const byHand = [
    target.drained ? "drained" : "",
    target.name === service.pinned ? "pinned" : "",
  ].filter((word) => word !== "").join(" ");
  const probe = target.lastProbe;
  return [
    cell(`${active ? ">" : " "} ${target.name}`, active ? "strong" : "plain"),
    HEALTH[target.health],
    cell(opinionMarks(target.opinions)),
    cell(byHand, "warn"),
    probe === null ? cell("none yet", "faint") : cell(probe.detail, probe.ok ? "plain" : "bad"),
    cell(probe === null ? "" : formatDuration(probe.latencyMs)),
    cell(probe === null ? "" : formatAge(probe.ageMs)),
  ];
}

/** `web.example.com: shown by ns1 (0.1 s), ns2 (1.2 s); not yet by resolver 1.1.1.1 (12 s)`. */
function verifyWords({ name, verify = [] }: PublisherStatus): string[] {
  if (verify.length === 0) return [];
  const words = (agrees: boolean): string =>
    verify.filter((one) => one.agrees === agrees)
      .map(({ server, lagMs, error }) => {
        const why = [lagMs === null ? "" : formatDuration(lagMs), error ?? ""].filter((word) => word !== "");
        return why.length === 0 ? server : `${server} (${why.join(", ")})`;
      }).join(", ");
  const parts = [["shown by", words(true)], ["not by", words(false)]].filter(([, list]) => list !== "");
  return [`${name}: ${parts.map((part) => part.join(" ")).join("; ")}`];
}

function publisherCells(publisher: PublisherStatus): readonly Cell[] {
  return [
    cell(publisher.type),
    cell(publisher.name),
    cell(publisher.shows ?? "-"),
    stateCell(publisher),
    cell(publisher.fence, "faint"),
    cell(verifiedWords(publisher)),
  ];
}

function stateCell({ state, atLeader }: PublisherStatus): Cell {
  return atLeader === true && state === "ok" ? cell("ok, says leader", "faint") : PUBLISHER[state];
}

function verifiedWords({ atLeader, verifiedMs }: PublisherStatus): string {
  if (atLeader === true) return "-";
  return verifiedMs === null ? "never" : formatAge(verifiedMs);
}
