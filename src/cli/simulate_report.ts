/** The page that `simulate --report` writes: one file, nothing fetched, readable in print and in the dark. */
import type { DrillResult } from "../sim/drill_run.ts";
import type { Lane } from "../sim/lanes.ts";
import { PROMISES } from "../sim/promise.ts";
import type { Scenario } from "../sim/scenarios.ts";
import type { Sweep } from "../sim/sweep.ts";
import { formatDuration } from "../view/duration.ts";

/** One drill of the report; `first` is the run that is drawn. */
export interface Reported {
  /** The config's file, or `built-in`. */
  readonly config: string;
  readonly scenario: Scenario;
  readonly sweep: Sweep;
  readonly first: DrillResult;
}

const WIDTH = 1000;
const LABEL = 190;
const ROW = 22;
/** Spans at most in one lane: a page stays small whatever happened. */
const MAX_SPANS = 2000;
/** Classes for what is good and what is not; other values get one of six. */
const TONES: Readonly<Record<string, string>> = {
  leader: "leader",
  follower: "idle",
  joining: "warn",
  paused: "warn",
  down: "bad",
  up: "idle",
  refuses: "bad",
  hangs: "bad",
  errors: "bad",
  "partly cut off": "warn",
  served: "idle",
  waiting: "none",
  failing: "bad",
  nothing: "none",
};

/** The whole page. */
export function reportPage(drills: readonly Reported[]): string {
  const config = drills[0]?.config ?? "";
  const rows = drills.map(({ sweep }) => {
    const broken = PROMISES.filter((name) => sweep.promises[name] > 0);
    const verdict = broken.length === 0 ? "kept" : `broken: ${broken.join(", ")}`;
    const { service, leader } = sweep.failover;
    const time = (ms: number | null): string => ms === null ? "-" : formatDuration(ms);
    const cells = [
      sweep.scenario,
      verdict,
      time(service.p50Ms),
      time(service.maxMs),
      time(leader.p50Ms),
      time(leader.maxMs),
    ];
    return `<tr class="${broken.length === 0 ? "" : "broken"}">${
      cells.map((text) => `<td>${escape(text)}</td>`).join("")
    }</tr>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>abfail drill</title><style>${STYLE}</style></head><body>
<h1>abfail drill</h1><p>Config: ${escape(config)}.</p>
<table><thead><tr><th>Scenario</th><th>Promises</th><th>Service p50</th><th>max</th><th>Leader p50</th><th>max</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table>
${drills.map(drillSection).join("\n")}
</body></html>
`;
}

function drillSection({ scenario, sweep, first }: Reported): string {
  const broken = sweep.broken.map(({ promise, detail, repeat }) =>
    `<li><strong>${promise}</strong>: ${escape(detail)}<br><code>${escape(repeat)}</code></li>`
  );
  const events = first.timeline.map(({ atMs, what, text }) =>
    `<tr class="${escape(what)}"><td>${(atMs / 1000).toFixed(3)}</td><td>${escape(what)}</td><td>${
      escape(text)
    }</td></tr>`
  );
  return `<section><h2>${escape(scenario.name)}</h2><p>${escape(scenario.about)}. Drawn: seed ${first.seed}.
Clients: ${first.calls.total} calls, ${first.calls.failed} failed, longest gap ${
    formatDuration(first.calls.longestGapMs)
  }.</p>
${broken.length === 0 ? "" : `<ul>${broken.join("\n")}</ul>`}
${picture(first)}
<details><summary>Everything that happened</summary><table class="events"><tbody>${
    events.join("\n")
  }</tbody></table></details></section>`;
}

function picture({ lanes, timeline, virtualMs }: DrillResult): string {
  const scale = (WIDTH - LABEL) / Math.max(1, virtualMs);
  const x = (ms: number): string => (LABEL + ms * scale).toFixed(1);
  const height = lanes.length * ROW + 30;
  const rows = lanes.map((lane, i) => laneRow(lane, i * ROW, x));
  const faults = timeline.filter(({ what }) => what === "fault").map(({ atMs, text }) =>
    `<line class="fault" x1="${x(atMs)}" x2="${x(atMs)}" y1="0" y2="${lanes.length * ROW}"><title>${
      escape(text)
    }</title></line>`
  );
  const everyMs = tickEvery(virtualMs);
  const ticks: string[] = [];
  for (let at = 0; at <= virtualMs; at += everyMs) {
    ticks.push(`<text class="tick" x="${x(at)}" y="${height - 12}">${at / 1000} s</text>`);
  }
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="what happened when">${rows.join("")}${
    faults.join("")
  }${ticks.join("")}</svg>`;
}

function laneRow({ name, spans }: Lane, y: number, x: (ms: number) => string): string {
  const values = [...new Set(spans.map(({ value }) => value))];
  const boxes = spans.slice(0, MAX_SPANS).map(({ fromMs, toMs, value }) => {
    const tone = TONES[value] ?? `c${values.indexOf(value) % 6}`;
    const width = Math.max(0.5, Number(x(toMs)) - Number(x(fromMs)));
    const box = `<rect class="${tone}" x="${x(fromMs)}" y="${y + 3}" width="${width.toFixed(1)}" height="${
      ROW - 6
    }"/>`;
    const word = width > 8 * value.length
      ? `<text class="value" x="${Number(x(fromMs)) + 4}" y="${y + 15}">${escape(value)}</text>`
      : "";
    return `<g><title>${
      escape(`${value}, ${(fromMs / 1000).toFixed(2)} s to ${(toMs / 1000).toFixed(2)} s`)
    }</title>${box}${word}</g>`;
  });
  return `<text class="lane" x="0" y="${y + 15}">${escape(name)}</text>${boxes.join("")}`;
}

function tickEvery(virtualMs: number): number {
  return [1000, 5000, 10_000, 30_000, 60_000, 300_000].find((ms) => virtualMs / ms <= 12) ?? 3_600_000;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(
    '"',
    "&quot;",
  );
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--faint:#6b7480;--line:#d5dae0;--idle:#dfe7ee;--leader:#2f7d4f;--warn:#d9a21b;--bad:#c43c3c}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ed;--faint:#97a1ac;--line:#3a424b;--idle:#33404c;--leader:#4fb37a;--warn:#c9971f;--bad:#d95c5c}}
body{font:14px/1.45 system-ui,sans-serif;color:var(--ink);max-width:1100px;margin:2em auto;padding:0 1em}
h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}
table{border-collapse:collapse}td,th{padding:.2em .8em .2em 0;text-align:left;border-bottom:1px solid var(--line)}
.broken td,li strong{color:var(--bad)}code{font-size:.92em}
svg{width:100%;height:auto;font:11px system-ui,sans-serif}svg text{fill:var(--ink)}svg .tick{fill:var(--faint)}
.idle{fill:var(--idle)}.leader{fill:var(--leader)}.warn{fill:var(--warn)}.bad{fill:var(--bad)}.none{fill:none;stroke:var(--line)}
.c0{fill:#6b9bd1}.c1{fill:#d19a6b}.c2{fill:#9a7fd1}.c3{fill:#6bbfb5}.c4{fill:#d17fa8}.c5{fill:#a8b35a}
.fault{stroke:var(--bad);stroke-dasharray:2 3}.events{font-size:.92em}.events .fault td{color:var(--bad)}
@media print{details{display:none}section{break-inside:avoid}rect{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;
